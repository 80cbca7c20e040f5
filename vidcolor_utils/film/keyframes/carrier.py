"""Key frames laid over a film: its frames in gray, in which colours are carried, and what reached each of them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from copy import copy
from functools import cached_property
from itertools import tee
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from vidcolor_utils.film.keyframes.album import key_colors
from vidcolor_utils.film.keyframes.propagate import CarryFrame, Reached, reach
from vidcolor_utils.film.painting import FINE_SIDE, find_area, small_luma
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


class TimedKey(NamedTuple):
    """A key frame of a film, or the points of a frame that have a colour."""

    seconds: float
    ab: np.ndarray  # float16 (h, w, 2), its colours; of points (h, w, 3), see `hints.layer_of`
    shot: Span


class Timed(NamedTuple):
    """What reached the frame shown at a time."""

    seconds: float
    reached: Reached


class TimedLayers(NamedTuple):
    """What reached the frame shown at a time from each of some key frames by itself."""

    seconds: float
    reached: list[Reached]


class GrayFrame(NamedTuple):
    """A frame as colours are carried in it."""

    seconds: float
    gray: np.ndarray  # uint8 (h, w)


Moment = TypeVar("Moment", Timed, TimedLayers)


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

    def frames_from(self, seconds: float) -> Generator[GrayFrame, None, None]:
        """Read the frames from the one that begins at a time on."""
        with VideoReader(self.path) as reader:
            for frame in reader.frames_in(Span(max(0.0, seconds - SAME_S))):
                yield GrayFrame(frame.seconds, self.gray(frame, reader))

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
            info = reader.info
            is_bar = 0 <= x < info.width and 0 <= y < info.height
            where = "in a black bar" if is_bar else f"not in the picture of {info.width}x{info.height}"
            raise InputError(f"{self.path}: {x:g},{y:g} is {where}")
        return across * gray.shape[1] / wide, down * gray.shape[0] / high

    def next_at(self, timed: Iterable[Moment], seconds: float) -> Moment:
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

    def __init__(self, film: GrayFilm, keys: list[TimedKey]):
        self._film, self._keys = film, keys
        self._shots = sorted({key.shot for key in keys})

    def begin(self, seconds: float) -> float:
        """From when on the film must be read so that nothing is missing from a time on."""
        before = [key for key in self._keys if key.seconds <= seconds and key.shot.holds(seconds)]
        return before[-1].seconds if before else seconds

    def reached(self, seconds: float) -> Generator[Timed, None, None]:
        """Read the film so that nothing is missing from a time on; yield what reached each frame."""
        with closing(self._film.frames_from(self.begin(seconds))) as frames:
            yield from self.carried(frames)

    def carried(self, frames: Iterable[GrayFrame]) -> Generator[Timed, None, None]:
        """Carry the colours to frames in order; yield what reached each of them."""
        times: list[float] = []
        with closing(reach(self._frames(frames, times))) as reached:
            for each in reached:
                yield Timed(times.pop(0), each)

    def _frames(self, frames: Iterable[GrayFrame], times: list[float]) -> Iterator[CarryFrame]:
        """Make frames for `reach`; their times are noted."""
        waiting = list(self._keys)
        last: int | None = None
        is_first = True
        for seconds, gray in frames:
            times.append(seconds)
            while waiting and waiting[0].seconds < seconds - SAME_S:
                waiting.pop(0)
            is_key = bool(waiting) and waiting[0].seconds <= seconds + SAME_S
            key = waiting.pop(0).ab.astype(np.float32) if is_key else None
            shot = self._shot_at(seconds)
            yield CarryFrame(gray, key, is_first or shot != last)
            last, is_first = shot, False

    def _shot_at(self, seconds: float) -> int | None:
        """Which of the shots that have key frames is shown at a time."""
        return next((number for number, span in enumerate(self._shots) if span.holds(seconds)), None)


def carried_apart(film: GrayFilm, keys: list[TimedKey], seconds: float) -> Generator[TimedLayers, None, None]:
    """Carry the colours of each key frame of one shot by itself, all in one pass over the film.

    Args:
        film: which.
        keys: key frames of the shot that is shown at `seconds`, by time.
        seconds: from when on nothing is missing; what comes before has not reached from all of them.
    """
    waiting = [(carrier.begin(seconds), carrier) for carrier in (Carrier(film, [key]) for key in keys)]
    carried: list[Generator[Timed, None, None]] = []
    with ExitStack() as stack:
        source = stack.enter_context(closing(film.frames_from(min(begin for begin, _ in waiting))))
        frames, ahead = tee(source)  # those who carry read up to a run ahead, each as far as it likes
        for now in frames:
            while waiting and waiting[0][0] <= now.seconds + SAME_S:
                carried.append(stack.enter_context(closing(waiting.pop(0)[1].carried(copy(ahead)))))
            yield TimedLayers(now.seconds, [next(each).reached for each in carried])
            next(ahead)


def _size(info: VideoInfo) -> tuple[int, int]:
    """Size (height, width), before it is turned, at which frames are looked at: half, unless that is small."""
    height, width = info.stored_size
    half = (height + 1) // 2, (width + 1) // 2
    return half if min(half) >= FINE_SIDE else (height, width)
