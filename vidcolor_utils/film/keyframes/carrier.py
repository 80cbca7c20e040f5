"""Key frames laid over a film: its frames in gray, in which colours are carried, and what reached each of them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.film.color_video import FINE_SIDE, find_area
from vidcolor_utils.film.keyframes.album import key_colors
from vidcolor_utils.film.keyframes.propagate import Frame, Reached, reach
from vidcolor_utils.film.painting import small_luma
from vidcolor_utils.film.shots import shot_around
from vidcolor_utils.pictures.active_area import Area
from vidcolor_utils.pictures.chroma import shown_luma
from vidcolor_utils.pictures.color import to_uint8
from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.formats import SAME_S, LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

SIDE = 240  # short side at which key frames' colours are carried, in pixels


class Key(NamedTuple):
    """A key frame of a film."""

    seconds: float
    ab: np.ndarray  # float16 (h, w, C), its colours
    shot: Span


class Timed(NamedTuple):
    """What reached the frame shown at a time."""

    seconds: float
    reached: Reached


class GrayFilm:
    """The frames of a film as colours are carried in them: upright, without black bars, small.

    Args:
        path: of the film.
    """

    def __init__(self, path: Path):
        self.path = path

    @cached_property
    def area(self) -> Area:
        """What lies between black bars, of frames as large as `shape`."""
        with VideoReader(self.path) as reader:
            return find_area(reader, _size(reader.info), _size(reader.info))

    def shape(self, reader: VideoReader) -> tuple[int, int]:
        """Height and width of upright frames from which the area is cut."""
        return reader.info.orientation.upright(np.empty(_size(reader.info))).shape[:2]

    def gray(self, frame: LumaFrame, reader: VideoReader) -> np.ndarray:
        """Make a frame so, uint8 (h, w)."""
        small = shown_luma(small_luma(frame.luma, reader.info, _size(reader.info)), reader.colors.transfer)
        return to_uint8(shrunk(self.area.cut(small), SIDE))

    def key_colors(self, frame: LumaFrame, rgb: np.ndarray, reader: VideoReader) -> np.ndarray | None:
        """Lay the chroma of a picture, black bars included, over the frame that it is of; see `album`."""
        area = self.area.resized(self.shape(reader), rgb.shape[:2])
        return key_colors(self.gray(frame, reader), np.ascontiguousarray(area.cut(rgb)))

    def place(self, x: float, y: float, gray: np.ndarray, reader: VideoReader) -> tuple[float, float]:
        """Find where a point of a frame as it is shown is in its small picture.

        Raises:
            InputError: if it is not in the picture.
        """
        (height, width), area = self.shape(reader), self.area
        across, down = x * width / reader.info.width - area.left, y * height / reader.info.height - area.top
        wide, high = area.right - area.left, area.bottom - area.top
        if not (0 <= across < wide and 0 <= down < high):
            raise InputError(
                f"{self.path}: {x:g},{y:g} is not in the picture of {reader.info.width}x{reader.info.height}"
            )
        return across * gray.shape[1] / wide, down * gray.shape[0] / high

    def next_at(self, timed: Iterable[Timed], seconds: float) -> Timed:
        """Go on to the frame shown at a time.

        Raises:
            InputError: if there is none: read a second time, the film is another one.
        """
        found = next((each for each in timed if each.seconds >= seconds - SAME_S), None)
        if found is None:
            raise InputError(f"{self.path}: changed while it was read, or cannot be read twice alike")
        return found

    def shot_around(self, seconds: float, known: Iterable[Span] = ()) -> Span:
        """Find the shot shown at a time, or take it from those that are known."""
        return shot_around(self.path, seconds, known)


class Carrier:
    """Carries the colours of key frames through the shots of a film.

    Args:
        film: which.
        keys: its key frames, by time.
    """

    def __init__(self, film: GrayFilm, keys: list[Key]):
        self._film, self._keys = film, keys
        self._shots = sorted({key.shot for key in keys})

    def reached(self, seconds: float) -> Generator[Timed, None, None]:
        """Read the film so that nothing is missing from a time on; yield what reached each frame."""
        before = [key for key in self._keys if key.seconds <= seconds and key.shot.holds(seconds)]
        begin = before[-1].seconds if before else seconds
        with VideoReader(self._film.path) as reader:
            half = float(1 / reader.info.rate) / 2
            frames = reader.frames_in(Span(max(0.0, begin - half)))
            times: list[float] = []
            with closing(reach(self._frames(frames, reader, half, times))) as reached:
                for each in reached:
                    yield Timed(times.pop(0), each)

    def _frames(
        self, frames: Iterable[LumaFrame], reader: VideoReader, half: float, times: list[float]
    ) -> Iterator[Frame]:
        """Make frames for `reach`; their times are noted."""
        waiting = list(self._keys)
        last: int | None = None
        is_first = True
        for frame in frames:
            times.append(frame.seconds)
            gray = self._film.gray(frame, reader)
            while waiting and waiting[0].seconds < frame.seconds - half:
                waiting.pop(0)
            is_key = bool(waiting) and waiting[0].seconds < frame.seconds + half
            key = waiting.pop(0).ab.astype(np.float32) if is_key else None
            shot = self._shot_at(frame.seconds)
            yield Frame(gray, key, is_first or shot != last)
            last, is_first = shot, False

    def _shot_at(self, seconds: float) -> int | None:
        """Which of the shots that have key frames is shown at a time."""
        return next((number for number, span in enumerate(self._shots) if span.holds(seconds)), None)


def _size(info: VideoInfo) -> tuple[int, int]:
    """Size (height, width), before it is turned, at which frames are looked at: half, unless that is small."""
    height, width = info.stored_size
    half = (height + 1) // 2, (width + 1) // 2
    return half if min(half) >= FINE_SIDE else (height, width)
