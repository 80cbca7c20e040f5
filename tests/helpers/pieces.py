"""Pieces of work for other processes, which import no more than this for them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from vidcolor_utils.system.spread import in_worker


def process_of(item: int) -> tuple[int, int]:
    return item, os.getpid()


def is_worker(item: int) -> bool:
    return in_worker()


def die_at(item: int, folder: Path, deaths: int) -> tuple[int, int]:
    """Take so many processes down with item 2; return how often an item was begun, too."""
    begun = len(list(folder.glob(f"{item}-*")))
    (folder / f"{item}-{begun}").touch()
    if item == 2 and begun < deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return item, begun + 1


def write_slowly(item: int, folder: Path) -> int:
    """Be at work for long on item 1; item 0 is done as soon as that has begun."""
    half = folder / "half"
    try:
        if item:
            half.touch()
            time.sleep(60)
        while not half.exists():
            time.sleep(0.02)
        return os.getpid()
    finally:
        if item:
            half.unlink()


def read_beyond(item: int, folder: Path) -> None:
    """Fail as reading beyond the end of a file does; each try leaves a file."""
    (folder / f"{item}-{time.monotonic_ns()}").touch()
    raise EOFError("cut short")


class Stubborn(Exception):
    """One that cannot be made again from what it was sent as."""

    def __init__(self, one: str, two: str):
        super().__init__(f"{one} and {two}")


def stumble(_: int) -> None:
    raise Stubborn("this", "that")
