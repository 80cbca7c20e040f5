"""The colours of a film some of whose frames came in colour: a `ColorSource` around the automatic one."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from functools import cached_property
from itertools import tee
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.film.color_video import FINE_SIDE, find_area
from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.look import Look
from vidcolor_utils.film.painting import small_luma
from vidcolor_utils.film.picture import ColorSource, Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.film.shots import shot_around
from vidcolor_utils.keyframes.album import KeyPicture, key_colors, read_key_pictures
from vidcolor_utils.keyframes.edges import enlarged
from vidcolor_utils.keyframes.propagate import Filler, Frame, Reached, reach
from vidcolor_utils.pictures.active_area import Area
from vidcolor_utils.pictures.chroma import shown_luma
from vidcolor_utils.pictures.color import to_uint8
from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.system.pipeline import running_ahead
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.formats import LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

SIDE = 240  # short side at which key frames' colours are carried, in pixels

log = logging.getLogger(__name__)


class Key(NamedTuple):
    """A key frame of a film."""

    seconds: float
    ab: np.ndarray  # float16 (h, w, 2)
    shot: Span


class Timed(NamedTuple):
    """What reached the frame shown at a time."""

    seconds: float
    reached: Reached


def colors_of(source: Path, look: Look, colorizer: Colorizer | None = None) -> FilmColors | KeyedColors:
    """Give what makes the colours of a film or a picture, with key frames if `look` names some."""
    automatic = FilmColors(source, look, colorizer)
    return automatic if look.keyframes is None else KeyedColors(source, Path(look.keyframes), automatic)


class KeyedColors:
    """The colours of a film with key frames: a `ColorSource`, to be sent to other processes if `automatic` can.

    Args:
        source: the film.
        folder: of the pictures in colour, see `read_key_pictures`.
        automatic: the colours where no key frame says anything.
    """

    def __init__(self, source: Path, folder: Path, automatic: ColorSource):
        self._source, self._folder, self._automatic = source, folder, automatic

    def __reduce__(self) -> tuple:
        return KeyedColors, (self._source, self._folder, self._automatic)

    def settings(self) -> dict:
        """Give all that the colours depend on beside the source, as JSON holds it."""
        pictures = [(each.path.name, identify(each.path)) for each in self._pictures]
        return self._automatic.settings() | {"key_frames": pictures}

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each picture that is left out, as it does not show the frame that its name says."""
        fitting = {key.seconds for key in self._keys}
        return tuple(
            f"{each.path}: not used: it does not look like the frame at {time_text(each.seconds)}"
            for each in self._pictures
            if each.seconds not in fitting
        )

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of each frame of one segment, None where it keeps its own."""
        shown, looked_at = tee(pictures)
        automatic = self._automatic.colors(looked_at)
        first = next(shown, None)
        if first is None:
            return
        fill = Filler()
        with running_ahead(self._reached(first.frame.seconds)) as film:
            for picture, ab in zip(_with_first(first, shown), automatic, strict=True):
                timed = next(each for each in film if each.seconds >= picture.frame.seconds - 1e-6)
                if ab is None:
                    yield None
                else:
                    yield enlarged(fill(timed.reached, ab), timed.reached.gray, picture.luma)

    def _reached(self, seconds: float) -> Generator[Timed, None, None]:
        """Read the film so that nothing is missing from a time on, and carry the colours of its key frames."""
        before = [key for key in self._keys if key.seconds <= seconds and key.shot.holds(seconds)]
        begin = before[-1].seconds if before else seconds
        with VideoReader(self._source) as reader:
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
            gray = self._gray(frame.luma, reader.info, reader.colors.transfer)
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

    def _gray(self, luma: np.ndarray, info: VideoInfo, transfer: int) -> np.ndarray:
        small = shown_luma(small_luma(luma, info, _size(info)), transfer)
        return to_uint8(shrunk(self._area.cut(small), SIDE))

    @cached_property
    def _shots(self) -> list[Span]:
        return sorted({key.shot for key in self._keys})

    @cached_property
    def _pictures(self) -> list[KeyPicture]:
        return read_key_pictures(self._folder)

    @cached_property
    def _area(self) -> Area:
        with VideoReader(self._source) as reader:
            return find_area(reader, _size(reader.info), _size(reader.info))

    @cached_property
    def _keys(self) -> list[Key]:
        """The key frames that show what they should, by time."""
        keys: list[Key] = []
        with VideoReader(self._source) as reader:
            for picture in self._pictures:
                frame = next(reader.frames_from(picture.seconds), None)
                ab = None if frame is None else self._laid_over(frame, picture, reader)
                if frame is not None and ab is not None:
                    keys.append(Key(picture.seconds, ab, self._shot_around(frame.seconds, keys)))
        return keys

    def _laid_over(self, frame: LumaFrame, picture: KeyPicture, reader: VideoReader) -> np.ndarray | None:
        gray = self._gray(frame.luma, reader.info, reader.colors.transfer)
        seen = reader.info.orientation.upright(np.empty(_size(reader.info)))
        area = self._area.resized(seen.shape, picture.rgb.shape[:2])
        ab = key_colors(gray, np.ascontiguousarray(area.cut(picture.rgb)))
        return None if ab is None else ab.astype(np.float16)

    def _shot_around(self, seconds: float, known: list[Key]) -> Span:
        found = next((key.shot for key in known if key.shot.holds(seconds)), None)
        return shot_around(self._source, seconds) if found is None else found


def _with_first(first: Picture, rest: Iterable[Picture]) -> Iterator[Picture]:
    yield first
    yield from rest


def _size(info: VideoInfo) -> tuple[int, int]:
    """Size (height, width), before it is turned, at which frames are looked at: half, unless that is small."""
    height, width = info.stored_size
    half = (height + 1) // 2, (width + 1) // 2
    return half if min(half) >= FINE_SIDE else (height, width)
