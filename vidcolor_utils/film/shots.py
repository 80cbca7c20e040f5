"""Where the shot that contains a time begins and ends."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.links import SIDE, Cuts, small_gray
from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import check_end
from vidcolor_utils.video.formats import SAME_S
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

WINDOW_S = 10.0  # how far before the time the search for a cut begins; then four times as far, and so on


def shot_around(path: str | Path, seconds: float, known: Iterable[Span] = ()) -> Span:
    """Find the shot that is shown at a time; only the film around it is decoded.

    Args:
        path: of the film.
        seconds: the time.
        known: shots that were found before: the one that holds the time, or where one ends, another begins.

    Returns:
        Its span; -inf and inf where the film begins and ends with it.

    Raises:
        FileNotFoundError, InputError: as `VideoReader` does, and if the film ends before that time.
    """
    known = list(known)
    if (found := next((shot for shot in known if shot.holds(seconds)), None)) is not None:
        return found
    first = max([0.0, *(shot.end for shot in known if shot.end is not None and shot.end <= seconds)])
    window = WINDOW_S
    with VideoReader(path) as reader:
        while found is None:
            begin = max(first, seconds - window)
            found = _search(reader, begin, seconds, (first or -inf) if begin == first else None)
            window *= 4
    return found


def outside(seconds: float) -> str:
    """Say, of what belongs to a time, that the part which is coloured has nothing of that time's shot."""
    return f"the shot at {time_text(seconds)} is not in the part to colorize"


def _search(reader: VideoReader, begin: float, seconds: float, start: float | None) -> Span | None:
    """Look for the cuts around a time from `begin` on, a shot's known `start` or not; None if it begins before."""
    begins_shot = Cuts()
    for frame in reader.frames_from(begin):
        cut = begins_shot(gray_of(frame.luma, reader.info))
        if frame.seconds > seconds + SAME_S:
            if start is None:
                return None
            if cut:
                return Span(start, frame.seconds)
        start = frame.seconds if cut else start
    check_end(reader, seconds)
    return None if start is None else Span(start, inf)


def gray_of(luma: np.ndarray, info: VideoInfo) -> np.ndarray:
    """Shrink luma (H, W) as stored in a film to what cuts are found on, see `links.small_gray`."""
    return small_gray(info.luma01(shrunk(luma, SIDE)))
