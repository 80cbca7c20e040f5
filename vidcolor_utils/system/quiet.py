"""Hold back the chatter of native code: Keras's backends, ONNX Runtime, what reads and writes pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STDERR = 2


class _Silence:
    """File descriptor 2 sent to nowhere while anybody is inside, in whatever threads."""

    def __init__(self) -> None:
        self._lock, self._inside, self._kept = Lock(), 0, -1

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                sys.stderr.flush()
                self._kept = os.dup(STDERR)
                with open(os.devnull, "w") as nowhere:
                    os.dup2(nowhere.fileno(), STDERR)
            self._inside += 1  # last: who could not go in does not leave

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                os.dup2(self._kept, STDERR)
                os.close(self._kept)


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
