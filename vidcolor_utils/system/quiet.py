"""Hold back the chatter of native code: Keras's backends, ONNX Runtime, what reads and writes pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STDERR, CLOSED = 2, -1


class _Silence:
    """File descriptor 2 sent to nowhere while anybody is inside, in whatever threads."""

    def __init__(self) -> None:
        self._lock, self._inside, self._kept = Lock(), 0, CLOSED

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._kept = _held_back()
            self._inside += 1  # last: who could not go in does not leave

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._kept != CLOSED:
                os.dup2(self._kept, STDERR)
                os.close(self._kept)


def _held_back() -> int:
    """Send file descriptor 2 to nowhere; returns a copy of it, `CLOSED` where it leads nowhere already."""
    try:
        kept = os.dup(STDERR)
    except OSError:
        return CLOSED
    if sys.stderr is not None:
        sys.stderr.flush()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), STDERR)
    return kept


_SILENCE = _Silence()


@contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Send file descriptor 2 to nowhere inside the block; Python exceptions still get out.

    Several threads may be inside: the last one out brings it back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _SILENCE.enter()
    try:
        yield
    finally:
        _SILENCE.leave()
