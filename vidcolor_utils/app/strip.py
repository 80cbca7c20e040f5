"""A few moments of a shot with its key frames and points, within seconds: what the film will look like there.

Colours are carried as for the film itself, but through `MOST` frames of the shot, and only the moments that are
shown are filled up with automatic colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.film.keyframes.carrier import GrayFilm
from vidcolor_utils.film.keyframes.hints import laid_over, layer_of
from vidcolor_utils.film.keyframes.propagate import CarryFrame, Filler, Reached, reach
from vidcolor_utils.film.keyframes.regions import region_around
from vidcolor_utils.film.look import Hint
from vidcolor_utils.pictures.chroma import resize_ab, with_chroma
from vidcolor_utils.pictures.color import to_float01
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.formats import SAME_S, LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

MOMENTS = 4
AROUND_S = 5.0  # of a long shot: so far before and behind the frame that is looked at
MOST = 30  # frames through which colours are carried


class GivenPicture(NamedTuple):
    """A picture in colour of a frame."""

    seconds: float
    rgb: np.ndarray  # uint8 (H, W, 3), of any size


class Moment(NamedTuple):
    """A frame in colour."""

    seconds: float
    rgb: np.ndarray  # uint8 (h, w, 3), between black bars, its short side as `GrayFilm` makes it


class ShotStrip:
    """Shows parts of the shots of a film.

    Args:
        source: the film.
    """

    def __init__(self, source: Path):
        self._film = GrayFilm(source)

    def fits(self, picture: GivenPicture) -> bool:
        """Tell whether a picture looks like its frame, as key frames must."""
        with VideoReader(self._film.path) as reader:
            frame = next(reader.frames_from(picture.seconds))
            return self._film.key_colors(frame, picture.rgb, reader) is not None

    def shows(self, hint: Hint) -> bool:
        """Tell whether a point is in the picture, rather than in a black bar or outside."""
        with VideoReader(self._film.path) as reader:
            gray = self._film.gray(next(reader.frames_from(hint.at)), reader)
            try:
                self._film.place(hint.x, hint.y, gray, reader)
            except InputError:
                return False
        return True

    def moments(
        self,
        times: Sequence[float],
        seconds: float,
        *,
        pictures: Sequence[GivenPicture] = (),
        hints: Sequence[Hint] = (),
        colorizer: Colorizer,
    ) -> list[Moment]:
        """Colour moments of a shot.

        Args:
            times: of all frames of the shot.
            seconds: the frame that is looked at, which is among the moments.
            pictures: the key frames of the shot.
            hints: its points.
            colorizer: predicts the chroma where these say nothing.

        Raises:
            InputError: if a point is not in the picture.
        """
        marked = {seconds, *(picture.seconds for picture in pictures), *(hint.at for hint in hints)}
        part, others = part_of(times, seconds, marked)
        with VideoReader(self._film.path) as reader:
            frames = list(_read(reader, part, others))
            grays = {frame.seconds: self._film.gray(frame, reader) for frame in frames}
            keys = self._keys(pictures, frames, reader)
            layers = self._layers(hints, grays, reader)
        shown = [each for each in moments_of(part, seconds) if each in grays]
        colors = {each: colorizer.predict_ab([to_float01(grays[each])])[0] for each in shown}
        colors = _filled(grays, keys, colors) if keys else colors
        for time, layer in layers.items():
            reached = _reached(grays, {time: layer}, shown)
            colors |= {each: laid_over(colors[each], reached[each], to_float01(grays[each])) for each in shown}
        return [Moment(each, _picture(grays[each], colors[each])) for each in shown]

    def _keys(
        self, pictures: Iterable[GivenPicture], frames: Iterable[LumaFrame], reader: VideoReader
    ) -> dict[float, np.ndarray]:
        """Colours of those pictures that look like their frames."""
        shown = {picture.seconds: picture.rgb for picture in pictures}
        laid = {
            frame.seconds: self._film.key_colors(frame, shown[frame.seconds], reader)
            for frame in frames
            if frame.seconds in shown
        }
        return {seconds: ab for seconds, ab in laid.items() if ab is not None}

    def _layers(
        self, hints: Iterable[Hint], grays: dict[float, np.ndarray], reader: VideoReader
    ) -> dict[float, np.ndarray]:
        """The points of each time together, see `layer_of`."""
        layers = {}
        for seconds, group in groupby(sorted(hints), key=lambda hint: hint.at):
            if seconds in grays:
                gray = grays[seconds]
                places = [(self._film.place(hint.x, hint.y, gray, reader), hint.color) for hint in group]
                layers[seconds] = layer_of([(region_around(gray, *place), color) for place, color in places])
        return layers


def moments_of(times: Sequence[float], seconds: float) -> list[float]:
    """Choose `MOMENTS` of these times, from the first to the last, of which one is `seconds`."""
    chosen = [times[index] for index in evenly(len(times), MOMENTS)]
    nearest = min(range(len(chosen)), key=lambda index: abs(chosen[index] - seconds))
    chosen[nearest] = seconds
    return chosen


def part_of(times: Sequence[float], seconds: float, marked: set[float]) -> tuple[list[float], list[float]]:
    """Choose the frames of a shot through which colours are carried.

    Args:
        times: of all frames.
        seconds: the frame that is looked at.
        marked: frames that must not be missing, with key frames or points.

    Returns:
        `MOST` frames around `seconds`, and those marked among them; and the nearest marked ones on both sides of
        these.
    """
    near = [each for each in times if abs(each - seconds) <= AROUND_S]
    part = sorted({near[index] for index in evenly(len(near), MOST)} | {each for each in near if each in marked})
    before, behind = [each for each in marked if each < part[0]], [each for each in marked if each > part[-1]]
    return part, sorted({*sorted(before)[-1:], *sorted(behind)[:1]})


def _read(reader: VideoReader, part: Sequence[float], others: Sequence[float]) -> Iterator[LumaFrame]:
    """Read the frames of these times, in order."""
    yield from (next(reader.frames_from(each)) for each in others if each < part[0])
    wanted = set(part)
    for frame in reader.frames_in(Span(max(0.0, part[0] - SAME_S), part[-1] + SAME_S)):
        if frame.seconds in wanted:
            yield frame
    yield from (next(reader.frames_from(each)) for each in others if each > part[-1])


def _reached(
    grays: dict[float, np.ndarray], keys: dict[float, np.ndarray], shown: Iterable[float]
) -> dict[float, Reached]:
    """Carry the colours of some frames to those that are shown."""
    frames = (
        CarryFrame(gray, keys.get(seconds), index == 0) for index, (seconds, gray) in enumerate(grays.items())
    )
    wanted = set(shown)
    return {seconds: each for seconds, each in zip(grays, reach(frames), strict=True) if seconds in wanted}


def _filled(
    grays: dict[float, np.ndarray], keys: dict[float, np.ndarray], colors: dict[float, np.ndarray]
) -> dict[float, np.ndarray]:
    """Lay what key frames say over automatic colours."""
    reached = _reached(grays, keys, colors)
    return {seconds: Filler()(reached[seconds], ab) for seconds, ab in colors.items()}


def _picture(gray: np.ndarray, ab: np.ndarray) -> np.ndarray:
    return with_chroma(to_float01(gray), resize_ab(ab, gray.shape))
