"""Which colours each part of a film gets: those of a colorizer, guided by photographs or not, or its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache, cached_property, partial
from itertools import groupby
from math import inf
from pathlib import Path
from threading import RLock
from typing import NamedTuple

import numpy as np

from vidcolor_utils.colorizers.base import (
    Colorizer,
    MirroredColorizer,
    SaturatedColorizer,
    as_predicted,
    fingerprint,
    looking_closely,
)
from vidcolor_utils.colorizers.links import small_gray
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.colorizers.reference import ReferenceColorizer
from vidcolor_utils.colorizers.steady import SteadyColorizer
from vidcolor_utils.film.look import Look, Reference
from vidcolor_utils.film.picture import Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.film.shots import outside, shot_around
from vidcolor_utils.film.stored_color import ColorDetector, mark_colored
from vidcolor_utils.pictures.color import has_color
from vidcolor_utils.pictures.cuts import CutDetector
from vidcolor_utils.pictures.restore import CopyRestorer
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.times import Span

OWN = None  # in place of guides: a part keeps its own colours

Guides = tuple[int, ...]  # which photographs guide a part
# From the luma (h, w) of each frame of a part, in order, to its ab; may read ahead, but not beyond the part.
LumaColors = Callable[[Iterable[np.ndarray]], Iterator[np.ndarray]]


class Manner(NamedTuple):
    """How a colorizer looks at pictures; see `colorizers.base`."""

    mirrored: bool = False
    closely: bool = False
    as_predicted: bool = False

    def of(self, colorizer: Colorizer) -> Colorizer:
        """Return a colorizer that looks so; in this order, as one that looks closely is asked for nothing more."""
        colorizer = as_predicted(colorizer) if self.as_predicted else colorizer
        colorizer = looking_closely(colorizer) if self.closely else colorizer
        return MirroredColorizer(colorizer) if self.mirrored else colorizer


class Photograph(NamedTuple):
    """A photograph that guides colours."""

    rgb: np.ndarray  # uint8 (H, W, 3)
    identity: dict  # of its file as it was read, see `identify`


class Photographs:
    """Photographs that guide colours: each is read once, and looked at once in each manner of a colorizer.

    Whoever colours several files hands it on from one to the next, from any thread. Sent to another process it
    begins anew there.
    """

    def __init__(self) -> None:
        self._lock = RLock()  # who comes second waits for what the first one makes
        self._read = cache(_read_photograph)
        self._guided = cache(self._guide)
        self._colorizers: dict[int, Colorizer] = {}  # by their ids, which are theirs as long as they are here

    def __reduce__(self) -> tuple:
        return Photographs, ()

    def identity(self, path: str | Path) -> dict:
        """Tell which file a photograph was read from; it is read now if it was not yet.

        Raises:
            FileNotFoundError: if there is no such photograph.
            InputError: if it is no picture, or has no colours.
        """
        with self._lock:
            return self._read(str(path)).identity

    def guided(self, colorizer: Colorizer, manner: Manner, paths: Iterable[str | Path]) -> Colorizer:
        """Return a colorizer, guided by at least one photograph.

        Raises:
            FileNotFoundError, InputError: as `identity` does.
        """
        with self._lock:
            self._colorizers[id(colorizer)] = colorizer
            return self._guided(id(colorizer), manner, tuple(dict.fromkeys(map(str, paths))))

    def _guide(self, colorizer: int, manner: Manner, paths: tuple[str, ...]) -> Colorizer:
        photographs = [self._read(path).rgb for path in paths]
        return ReferenceColorizer(manner.of(self._colorizers[colorizer]), photographs)


def _read_photograph(path: str) -> Photograph:
    identity = identify(path) if Path(path).is_file() else {}  # what is wrong with others, reading says
    rgb = read_image(path).rgb
    if not has_color(rgb):
        raise InputError(f"{path}: a reference must be in colour, and this picture is gray")
    return Photograph(rgb, identity)


class Album:
    """The photographs that guide a film, and where they do.

    Args:
        references: the photographs, and where they count, which `spans` holds in seconds.
        source: the film that times are looked up in; not needed if there are none.
        photographs: reads them.

    Raises:
        FileNotFoundError: if a photograph does not exist.
        InputError: if one is no picture or has no colours, or its time lies behind the film's end.
    """

    def __init__(self, references: Sequence[Reference], source: Path | None, photographs: Photographs):
        self._paths = [each.photograph for each in references]
        self.identities = [photographs.identity(path) for path in self._paths]
        everywhere = Span(-inf, inf)
        self.spans = [
            everywhere if each.at is None or source is None else shot_around(source, each.at)
            for each in references
        ]

    def guides_at(self, seconds: float) -> Guides:
        """Return the numbers of the photographs that guide the frame shown at a time."""
        return tuple(index for index, span in enumerate(self.spans) if span.holds(seconds))

    def paths(self, guides: Guides) -> list[str | Path]:
        """Return the photographs of these numbers."""
        return [self._paths[index] for index in guides]


class FilmColors:
    """The colours of a film or a picture by a colorizer: a `ColorSource`.

    The network and the photographs are loaded when first needed. It can be sent to another process, without what
    is loaded, if it has no colorizer of its own.

    Args:
        source: the film or the picture.
        look: what decides the colours.
        colorizer: predicts the chroma; if not given, `look.method` names it.
        photographs: what was read for other files; if not given, this one reads its own.
    """

    def __init__(
        self,
        source: Path,
        look: Look,
        colorizer: Colorizer | None = None,
        photographs: Photographs | None = None,
    ):
        self._source, self._look, self._own = source, look, colorizer
        self._photographs = photographs or Photographs()
        self._guided = cache(self._guide)

    def __reduce__(self) -> tuple:
        return FilmColors, (self._source, self._look, self._own, self._photographs)

    @property
    def looks_at_frames(self) -> bool:
        """Whether it looks at more of pictures than their luma and time: at the colours that they have."""
        return self._look.skip_colored

    def warnings_of(self, span: Span) -> tuple[str, ...]:
        """Give a sentence for each photograph that guides nothing of a part of the film."""
        each = zip(self._look.references, self._album.spans, strict=True)
        return tuple(
            f"{reference.photograph}: not used: {outside(reference.at or 0.0)}"
            for reference, guided in each
            if not guided.meets(span)
        )

    def settings(self) -> dict:
        """Give all that the colours depend on beside the source, as JSON holds it."""
        look = asdict(self._look)
        for said in ("method", "quality", "device", "keyframes", "hints"):  # others say more of these
            del look[said]
        look["references"] = list(zip(self._album.spans, self._album.identities, strict=True))
        return look | {"colorizer": fingerprint(self._colorizer)}

    def at(self, seconds: float) -> Colorizer:
        """Return what makes the colours of the frame shown at a time by itself."""
        return self._guided(self._album.guides_at(seconds), closely=True)

    def of_still(self) -> Colorizer:
        """Return what makes the colours of a picture that is no film's."""
        return self._guided(self._album.guides_at(0.0), closely=True, is_photograph=True)

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of each frame of one segment, None where it keeps its own; reads ahead within a part."""
        steady = cache(partial(self._steady, CopyRestorer()))  # goes on where the same photographs guide again
        for guides, part in groupby(self._with_guides(pictures), key=lambda item: item[1]):
            if guides is OWN:
                yield from (None for _ in part)
            else:
                yield from steady(guides)(picture.luma for picture, _ in part)

    def _steady(self, copies: CopyRestorer, guides: Guides) -> LumaColors:
        look = self._look
        steady = SteadyColorizer(
            self._guided(guides),
            in_turn=[self._guided(guides, mirrored=True)],
            strength=look.strength,
            every=look.every,
            offline=look.offline,
        ).stream
        return (lambda lumas: steady(map(copies, lumas))) if look.is_restored else steady

    def _with_guides(self, pictures: Iterable[Picture]) -> Iterator[tuple[Picture, Guides | None]]:
        for picture, keeps_own in self._marked(pictures):
            yield picture, OWN if keeps_own else self._album.guides_at(picture.frame.seconds)

    def _marked(self, pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
        if not self._look.skip_colored:
            return ((picture, False) for picture in pictures)
        is_colored, changes = ColorDetector(), CutDetector()
        return mark_colored(
            pictures,
            lambda picture: is_colored(picture.frame.decoded),
            lambda picture: changes(small_gray(picture.luma)),
        )

    @cached_property
    def _colorizer(self) -> Colorizer:
        return self._own or shared_colorizer(*self._look.networks)

    @cached_property
    def _album(self) -> Album:
        return Album(self._look.references, self._source, self._photographs)

    def _guide(
        self, guides: Guides, *, mirrored: bool = False, closely: bool = False, is_photograph: bool = False
    ) -> Colorizer:
        manner = Manner(mirrored, closely, as_predicted=bool(guides) or is_photograph)
        if not guides:
            return SaturatedColorizer(manner.of(self._colorizer), self._look.saturation)
        guided = self._photographs.guided(self._colorizer, manner, self._album.paths(guides))
        return SaturatedColorizer(guided, self._look.saturation)
