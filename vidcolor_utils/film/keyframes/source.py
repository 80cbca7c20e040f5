"""The colours of a film some of whose frames came in colour: a `ColorSource` around the automatic one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.film.director import FilmColors, Photographs
from vidcolor_utils.film.keyframes.album import ROUNDED_S, KeyPicture, read_key_pictures
from vidcolor_utils.film.keyframes.carrier import Carrier, GrayFilm, TimedKey
from vidcolor_utils.film.keyframes.edges import enlarged
from vidcolor_utils.film.keyframes.hints import HintedColors
from vidcolor_utils.film.keyframes.propagate import Filler
from vidcolor_utils.film.look import Look
from vidcolor_utils.film.picture import ColorSource, Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.film.shots import outside
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.pipeline import paired, running_ahead
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.files import frame_at
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span


def colors_of(
    source: Path, look: Look, colorizer: Colorizer | None = None, photographs: Photographs | None = None
) -> ColorSource:
    """Give what makes the colours of a film: over the automatic ones key frames, over these points."""
    colors: ColorSource = FilmColors(source, look, colorizer, photographs)
    if look.keyframes is not None:
        colors = KeyedColors(source, Path(look.keyframes), colors)
    return HintedColors(source, look.hints, colors) if look.hints else colors


class KeyedColors:
    """The colours of a film with key frames: a `ColorSource`, to be sent to other processes if `automatic` can.

    Args:
        source: the film.
        folder: of the pictures in colour, see `read_key_pictures`.
        automatic: the colours where no key frame says anything.
    """

    def __init__(self, source: Path, folder: Path, automatic: ColorSource):
        self._source, self._folder, self._automatic = source, folder, automatic
        self._film = GrayFilm(source)

    def __reduce__(self) -> tuple:
        return KeyedColors, (self._source, self._folder, self._automatic)

    @property
    def looks_at_frames(self) -> bool:
        """Whether it looks at more of pictures than their luma and time."""
        return self._automatic.looks_at_frames

    def settings(self) -> dict:
        """Give all that the colours depend on beside the source, as JSON holds it."""
        pictures = [(each.path.name, identify(each.path)) for each in self._pictures]
        return self._automatic.settings() | {"key_frames": pictures}

    def warnings_of(self, span: Span) -> tuple[str, ...]:
        """Give a sentence for each picture that is left out, or that a part of the film does not use."""
        reasons = [_why_not_used(found, span) for found in self._found]
        own = (f"{each.path}: not used: {why}" for each, why in zip(self._pictures, reasons, strict=True) if why)
        return (*self._automatic.warnings_of(span), *own)

    @property
    def keys(self) -> list[TimedKey]:
        """The key frames that show what they should, by time."""
        return [each for each in self._found if isinstance(each, TimedKey)]

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of each frame of one segment, None where it keeps its own."""
        pictures = iter(pictures)
        first = next(pictures, None)
        if first is None:
            return
        fill = Filler()
        with running_ahead(Carrier(self._film, self.keys).reached(first.frame.seconds)) as film:
            for picture, ab in paired(chain([first], pictures), self._automatic.colors):
                timed = self._film.next_at(film, picture.frame.seconds)
                if ab is None:
                    yield None
                else:
                    yield enlarged(fill(timed.reached, ab), timed.reached.gray, picture.luma)

    @cached_property
    def _pictures(self) -> list[KeyPicture]:
        return read_key_pictures(self._folder)

    @cached_property
    def _found(self) -> list[TimedKey | str]:
        """Give the key frame that each picture makes, or say why it is not used."""
        found: list[TimedKey | str] = []
        with VideoReader(self._source) as reader:
            for picture in self._pictures:
                keys = [each for each in found if isinstance(each, TimedKey)]
                found.append(self._key_of(picture, reader, keys))
        return found

    def _key_of(self, picture: KeyPicture, reader: VideoReader, before: list[TimedKey]) -> TimedKey | str:
        try:
            frame = frame_at(reader, picture.seconds + ROUNDED_S)
        except InputError as error:
            return str(error)
        if any(key.seconds == frame.seconds for key in before):
            return f"another one is of the frame at {time_text(frame.seconds)}, too"
        ab = self._film.key_colors(frame, read_image(picture.path).rgb, reader)
        if ab is None:
            return f"it does not look like the frame at {time_text(picture.seconds)}"
        shot = self._film.shot_around(frame.seconds, [key.shot for key in before])
        return TimedKey(frame.seconds, ab.astype(np.float16), shot)


def _why_not_used(found: TimedKey | str, span: Span) -> str:
    if isinstance(found, str):
        return found
    return "" if found.shot.meets(span) else outside(found.seconds)
