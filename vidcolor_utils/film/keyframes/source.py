"""The colours of a film some of whose frames came in colour: a `ColorSource` around the automatic one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.keyframes.album import ROUNDED_S, KeyPicture, read_key_pictures
from vidcolor_utils.film.keyframes.carrier import Carrier, GrayFilm, Key
from vidcolor_utils.film.keyframes.edges import enlarged
from vidcolor_utils.film.keyframes.hints import HintedColors
from vidcolor_utils.film.keyframes.propagate import Filler
from vidcolor_utils.film.look import Look
from vidcolor_utils.film.picture import ColorSource, Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.system.pipeline import paired, running_ahead
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.reader import VideoReader


def colors_of(
    source: Path, look: Look, colorizer: Colorizer | None = None
) -> FilmColors | KeyedColors | HintedColors:
    """Give what makes the colours of a film: over the automatic ones key frames, over these points."""
    colors: FilmColors | KeyedColors = FilmColors(source, look, colorizer)
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
        pictures = iter(pictures)
        first = next(pictures, None)
        if first is None:
            return
        fill = Filler()
        with running_ahead(Carrier(self._film, self._keys).reached(first.frame.seconds)) as film:
            for picture, ab in paired(chain([first], pictures), self._automatic.colors):
                timed = next(each for each in film if each.seconds >= picture.frame.seconds - 1e-6)
                if ab is None:
                    yield None
                else:
                    yield enlarged(fill(timed.reached, ab), timed.reached.gray, picture.luma)

    @cached_property
    def _pictures(self) -> list[KeyPicture]:
        return read_key_pictures(self._folder)

    @cached_property
    def _keys(self) -> list[Key]:
        """The key frames that show what they should, by time."""
        keys: list[Key] = []
        with VideoReader(self._source) as reader:
            for picture in self._pictures:
                frame = next(reader.frames_from(picture.seconds + ROUNDED_S), None)
                ab = None if frame is None else self._film.key_colors(frame, picture.rgb, reader)
                if frame is not None and ab is not None:
                    shot = self._film.shot_around(frame.seconds, [key.shot for key in keys])
                    keys.append(Key(picture.seconds, ab.astype(np.float16), shot))
        return keys
