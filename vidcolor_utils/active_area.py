"""Find the picture between black bars: letterbox, pillarbox, or the border of a scan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from vidcolor_utils.errors import InputError

BLACK_LEVEL = 10 / 255  # mean luma up to which a row or column counts as black; codecs leave noise in bars


class Area(NamedTuple):
    """A rectangle of pixels; `bottom` and `right` are exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Return this part of an image (H, W, ...)."""
        return image[self.top : self.bottom, self.left : self.right]


def find_active_area(lumas: Iterable[np.ndarray]) -> Area:
    """Find the part of the frame that is not always black.

    A row or column at the edge is a bar if its mean luma is at most `BLACK_LEVEL` in every frame; reading stops
    as soon as no edge can be a bar.

    Args:
        lumas: frames (H, W) of one size, float32 in [0, 1].

    Returns:
        The area; all of the frame if all of it is black.

    Raises:
        InputError: if there are no frames.
    """
    brightest: tuple[np.ndarray, np.ndarray] | None = None  # of each row and of each column
    for luma in lumas:
        rows, columns = luma.mean(axis=1), luma.mean(axis=0)
        if brightest is not None:
            rows, columns = np.maximum(rows, brightest[0]), np.maximum(columns, brightest[1])
        brightest = rows, columns
        if min(rows[0], rows[-1], columns[0], columns[-1]) > BLACK_LEVEL:
            break
    if brightest is None:
        raise InputError("there are no frames to look for bars in")
    return Area(*_lit_range(brightest[0]), *_lit_range(brightest[1]))


def _lit_range(brightness: np.ndarray) -> tuple[int, int]:
    lit = np.flatnonzero(brightness > BLACK_LEVEL)
    return (int(lit[0]), int(lit[-1]) + 1) if lit.size else (0, len(brightness))
