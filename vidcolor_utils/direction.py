"""Which colours each part of a film gets: those of a colorizer, guided by photographs or not, or its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vidcolor_utils.colorizer import Colorizer
from vidcolor_utils.cuts import CutDetector
from vidcolor_utils.image_io import read_image
from vidcolor_utils.reference import ReferenceColorizer
from vidcolor_utils.shots import Span, shot_around
from vidcolor_utils.steady import small_gray
from vidcolor_utils.stored_color import ColorDetector, mark_colored

if TYPE_CHECKING:
    from vidcolor_utils.film import Picture

OWN = None  # in place of guides: a part keeps its own colours

Guides = tuple[int, ...]  # which photographs guide a part
# From the luma (h, w) of each frame of a part, in order, to its ab; may read ahead, but not beyond the part.
LumaColors = Callable[[Iterable[np.ndarray]], Iterator[np.ndarray]]


class Reference(NamedTuple):
    """A photograph, and a time in the shot whose colours it guides; without one it guides all shots."""

    photograph: Path
    at: float | None = None  # seconds


class Album:
    """The photographs that guide a film.

    Args:
        references: the photographs, and where they count, which `spans` holds in seconds.
        source: the film that times are looked up in; not needed if there are none.

    Raises:
        FileNotFoundError: if a photograph does not exist.
        InputError: if one is no picture, or its time lies behind the film's end.
    """

    def __init__(self, references: Sequence[Reference], source: Path | None = None):
        self._photographs = [(str(each.photograph), read_image(each.photograph).rgb) for each in references]
        everywhere = Span(-inf, inf)
        self.spans = [
            everywhere if each.at is None or source is None else shot_around(source, each.at)
            for each in references
        ]

    def guides_at(self, seconds: float) -> Guides:
        """Return the numbers of the photographs that guide the frame shown at a time."""
        return tuple(index for index, span in enumerate(self.spans) if span.holds(seconds))

    def guided(self, colorizer: Colorizer, guides: Guides) -> Colorizer:
        """Return `colorizer`, guided.

        Raises:
            InputError: if a photograph has no colours.
        """
        photographs = dict(self._photographs[index] for index in guides)
        return ReferenceColorizer(colorizer, photographs) if photographs else colorizer


class Director:
    """Colours for the frames of a film, part by part.

    Args:
        colors: makes the colours of a part that is guided by these photographs; called once for each set of them.
        album: the photographs.
        skip_colored: leave parts that have colour as they are, see `stored_color`.
    """

    def __init__(self, colors: Callable[[Guides], LumaColors], album: Album, *, skip_colored: bool = False):
        self._make, self._album, self._skip_colored = colors, album, skip_colored
        self._made: dict[Guides, LumaColors] = {}

    def __call__(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of each frame, None where it keeps its own colours; reads ahead within a part."""
        for guides, part in groupby(self._guided(pictures), key=lambda item: item[1]):
            if guides is OWN:
                yield from (None for _ in part)
            else:
                yield from self._colors(guides)(picture.luma for picture, _ in part)

    def _colors(self, guides: Guides) -> LumaColors:
        if guides not in self._made:
            self._made[guides] = self._make(guides)
        return self._made[guides]

    def _guided(self, pictures: Iterable[Picture]) -> Iterator[tuple[Picture, Guides | None]]:
        for picture, has_color in self._marked(pictures):
            yield picture, OWN if has_color else self._album.guides_at(picture.frame.seconds)

    def _marked(self, pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
        if not self._skip_colored:
            return ((picture, False) for picture in pictures)
        has_color, changes = ColorDetector(), CutDetector()
        return mark_colored(
            pictures,
            lambda picture: has_color(picture.frame.decoded),
            lambda picture: changes(small_gray(picture.luma)),
        )
