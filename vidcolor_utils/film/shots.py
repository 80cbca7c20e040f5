"""Where the shot that contains a time begins and ends."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.links import SIDE, Linker, small_gray
from vidcolor_utils.pictures.chroma import luma01
from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

WINDOW_S = 10.0  # how far before the time the search for a cut begins; then four times as far, and so on


def shot_around(path: str | Path, seconds: float) -> Span:
    """Find the shot that is shown at a time; only the film around it is decoded.

    Returns:
        Its span; -inf and inf where the film begins and ends with it.

    Raises:
        FileNotFoundError, InputError: as `VideoReader` does, and if the film ends before that time.
    """
    window = WINDOW_S
    with VideoReader(path) as reader:
        while (found := _search(reader, max(0.0, seconds - window), seconds)) is None:
            window *= 4
    return found


def _search(reader: VideoReader, begin: float, seconds: float) -> Span | None:
    """Look for the cuts around a time from `begin` on; None if the shot begins before."""
    linker, shown = Linker(), -inf
    start: float | None = -inf if begin == 0 else None
    for index, frame in enumerate(reader.frames_from(begin)):
        cut = linker(_gray(frame.luma, reader.info))[0] is None and index > 0
        if frame.seconds > seconds + 1e-6:
            if start is None:
                return None
            if cut:
                return Span(start, frame.seconds)
        start, shown = frame.seconds if cut else start, frame.seconds
    last_s = shown + float(1 / reader.info.rate)
    if seconds >= last_s:
        raise InputError(f"{reader.path}: ends at {time_text(last_s)}, before {time_text(seconds)}")
    return None if start is None else Span(start, inf)


def _gray(luma: np.ndarray, info: VideoInfo) -> np.ndarray:
    return small_gray(luma01(shrunk(luma, SIDE), bit_depth=info.bit_depth, full_range=info.full_range))
