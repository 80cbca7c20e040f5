"""Keep how the system shares the processor between this process and others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

THREADS = Path("/proc/self/task")  # a folder for each thread, on Linux


@contextmanager
def ordinary_scheduling() -> Iterator[None]:
    """Undo it if a library makes this process or its new threads real-time ones, which nothing else may interrupt.

    SVT-AV1 does so where it may, that is for root, in a container for one: the thread that opens it and all its
    own would run before everything else on the machine, and the former for as long as the process lives.
    """
    if not THREADS.exists():
        yield
        return
    before = {thread.name for thread in THREADS.iterdir() if _is_real_time(thread.name)}
    try:
        yield
    finally:
        for thread in THREADS.iterdir():
            if thread.name not in before and _is_real_time(thread.name):
                with suppress(OSError):  # it has ended
                    os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def _is_real_time(thread: str) -> bool:
    try:
        return os.sched_getscheduler(int(thread)) in (os.SCHED_FIFO, os.SCHED_RR)
    except OSError:  # it has ended
        return False
