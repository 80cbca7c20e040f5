"""Where the shot that contains a time begins and ends."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.chroma import luma01
from vidcolor_utils.errors import InputError
from vidcolor_utils.steady import Linker, small_gray, working_size
from vidcolor_utils.times import time_text
from vidcolor_utils.video_io import VideoInfo, VideoReader

WINDOW_S = 10.0  # how far before the time the search for a cut begins; then four times as far, and so on


class Span(NamedTuple):
    """A part of a film in seconds; `end` is exclusive."""

    start: float
    end: float

    def holds(self, seconds: float) -> bool:
        """Tell whether a time lies in it."""
        return self.start <= seconds < self.end


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
    height, width = working_size(luma.shape)
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    return small_gray(luma01(small, bit_depth=info.bit_depth, full_range=info.full_range))
