"""What the page says of films and of work that goes on, for people."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from vidcolor_utils.system.progress import Progress
from vidcolor_utils.video.description import VideoInfo

TELL_S = 0.25  # how often the page hears of progress


def in_words(info: VideoInfo) -> str:
    """Say what a film is: size, length, rate, sound."""
    parts = [f"{info.width} x {info.height} pixels"]
    if info.duration_s:
        parts.append(duration_text(info.duration_s) if info.duration_s >= 1 else f"{info.duration_s:.2g} s")
    parts += [f"{float(info.rate):.4g} frames a second", "with sound" if info.sound else "without sound"]
    return ", ".join(parts)


def progress_text(done: int, total: int | None, elapsed_s: float) -> tuple[float, str]:
    """Tell how far a work is.

    Args:
        done: frames done, at least 1; the clock started when the first was.
        total: frames in all, if known.
        elapsed_s: seconds on the clock.

    Returns:
        Share done in [0, 1], 0 if nobody knows; and words, with the time that remains once it can be told.

    Example:
        >>> progress_text(26, 101, 5.0)
        (0.257..., 'frame 26 of 101, about 15 s left')
    """
    if total is None:
        return 0.0, f"frame {done}"
    total = max(done, total)
    words = f"frame {done} of {total}"
    if done > 1 and elapsed_s > 0:
        words += f", about {duration_text(elapsed_s / (done - 1) * (total - done))} left"
    return done / total, words


def duration_text(seconds: float) -> str:
    """Write a duration for people: 40 s, 3 min, 1 h 5 min.

    Example:
        >>> duration_text(3900)
        '1 h 5 min'
    """
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Stopped(Exception):
    """The visitor wants no more of it."""


def telling(tell: Callable[[float, str], None], stop: Event) -> Progress:
    """Give a progress callback that tells now and then how far the work is; see `progress_text`.

    Args:
        tell: called with the share that is done, in [0, 1], and the same in words.
        stop: once it is set, the next call raises `Stopped`.
    """
    first: float | None = None  # when the first frame was done: loading is not part of the rate
    last = 0.0

    def progress(done: int, total: int | None) -> None:
        nonlocal first, last
        if stop.is_set():
            raise Stopped
        now = time.monotonic()
        first = first or now
        if now - last >= TELL_S:
            last = now
            tell(*progress_text(done, total, now - first))

    return progress
