"""A still picture in memory, with what comes with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vidcolor_utils.pictures.color import REC601_WEIGHTS
from vidcolor_utils.pictures.sizes import row_bands
from vidcolor_utils.stills.notes import Notes


class StillImage(NamedTuple):
    """A decoded picture, upright.

    Attributes:
        rgb: (H, W, 3) uint8, or uint16 where the file has more than 8 bits and these were asked for.
        alpha: (H, W) of the same dtype, or None for an opaque picture.
        notes: what else the file says of it.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    notes: Notes = Notes()

    @property
    def luma(self) -> np.ndarray:
        """Luma (H, W) float32 in [0, 1]."""
        luma, white = np.empty(self.rgb.shape[:2], np.float32), np.float32(np.iinfo(self.rgb.dtype).max)
        for band in row_bands(luma.shape):
            luma[band] = (self.rgb[band].astype(np.float32) @ REC601_WEIGHTS) / white
        return luma

    def in_8_bits(self) -> StillImage:
        """The same picture in 8 bits."""
        if self.rgb.dtype == np.uint8:
            return self
        alpha = None if self.alpha is None else _rounded(self.alpha)
        return self._replace(rgb=_rounded(self.rgb), alpha=alpha)


class Pages(NamedTuple):
    """All pictures of a file, and a sentence for each thing that the user should know."""

    images: list[StillImage]
    warnings: list[str]


def _rounded(deep: np.ndarray) -> np.ndarray:
    rounded = np.empty(deep.shape, np.uint8)
    for band in row_bands(deep.shape):
        rounded[band] = (deep[band].astype(np.uint32) + 128) // 257
    return rounded
