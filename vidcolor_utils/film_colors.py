"""The colours that a colorizer and the user's options give a film or a picture, in this process or in another."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.colorizer import Colorizer, MirroredColorizer, kept_colorizer
from vidcolor_utils.direction import Album, Director, Guides, LumaColors, Reference
from vidcolor_utils.film import Colors
from vidcolor_utils.film_record import fingerprint, identify
from vidcolor_utils.restore import CopyRestorer
from vidcolor_utils.saturation import SaturatedColorizer
from vidcolor_utils.steady import SteadyColorizer


class Look(NamedTuple):
    """What decides the colours; each as for `colorize_file`."""

    method: str
    strength: float
    every: int
    offline: bool
    saturation: float
    skip_colored: bool
    references: tuple[Reference, ...]
    restore: bool


class FilmColors:
    """Makes the colours of one film or picture; the network and the photographs are loaded when first needed.

    It can be sent to another process, without what is loaded, if it has no colorizer of its own.

    Args:
        source: the film or the picture.
        look: what decides the colours.
        colorizer: predicts the chroma; if not given, `look.method` names it.
    """

    def __init__(self, source: Path, look: Look, colorizer: Colorizer | None = None):
        self._source, self._look, self._own = source, look, colorizer
        self._guided = cache(self._guide)

    def __reduce__(self) -> tuple:
        return FilmColors, (self._source, self._look, self._own)

    def direct(self) -> Colors:
        """Return what makes the colours of a segment of the film."""
        copies, look = CopyRestorer(), self._look

        def colors(guides: Guides) -> LumaColors:
            steady = SteadyColorizer(
                self._guided(guides), in_turn=[self._guided(guides, mirrored=True)], **self._steadying()
            ).stream
            return (lambda lumas: steady(map(copies, lumas))) if look.restore else steady

        return Director(colors, self._album, skip_colored=look.skip_colored)

    def of_picture(self) -> Colorizer:
        """Return what makes the colours of a picture."""
        return self._guided(self._album.guides_at(0.0))

    def settings(self) -> dict:
        """Give all that the colours depend on beside the source, as JSON holds it."""
        look = self._look
        guides = [
            (span, identify(reference.photograph))
            for span, reference in zip(self._album.spans, look.references, strict=True)
        ]
        controls = {"saturation": look.saturation, "skip_colored": look.skip_colored, "restore": look.restore}
        return {**self._steadying(), **controls, "guides": guides, "colorizer": fingerprint(self._colorizer)}

    def _steadying(self) -> dict:
        return {"strength": self._look.strength, "every": self._look.every, "offline": self._look.offline}

    @cached_property
    def _colorizer(self) -> Colorizer:
        return self._own or kept_colorizer(self._look.method)

    @cached_property
    def _album(self) -> Album:
        return Album(self._look.references, self._source)

    def _guide(self, guides: Guides, mirrored: bool = False) -> Colorizer:
        plain = MirroredColorizer(self._colorizer) if mirrored else self._colorizer
        return SaturatedColorizer(self._album.guided(plain, guides), self._look.saturation)
