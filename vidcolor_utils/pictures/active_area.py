"""Find the picture between black bars: letterbox, pillarbox, or the border of a scan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.chroma import resize_ab

BLACK_LEVEL = 10 / 255  # mean luma up to which a row or column counts as black; codecs leave noise in bars
# Scans of film have borders that are not quite black, but even: along them and in time, grain apart.
DARK_LEVEL = 32 / 255
EVENNESS = 4 / 255  # largest difference between the stretches of such a row or column, over all frames
STEADINESS = 8 / 255  # largest difference between its means in two frames; lamps flicker
STRETCHES, TOGETHER = 8, 5  # grain is averaged over each stretch of so many rows or columns together


class Area(NamedTuple):
    """A rectangle of pixels; `bottom` and `right` are exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Return this part of an image (H, W, ...)."""
        return image[self.top : self.bottom, self.left : self.right]

    def is_all_of(self, shape: tuple[int, ...]) -> bool:
        """Tell whether nothing of an image (H, W, ...) lies outside."""
        return self == (0, shape[0], 0, shape[1])

    def resized(self, shape: tuple[int, int], target: tuple[int, int]) -> Area:
        """Return the same area of an image of another size, at least a row and a column of it.

        Args:
            shape: (H, W) of the image that this is an area of.
            target: (H, W) of the other one.
        """
        top, bottom = _scaled(self.top, self.bottom, target[0] / shape[0], target[0])
        left, right = _scaled(self.left, self.right, target[1] / shape[1], target[1])
        return Area(top, bottom, left, right)


def _scaled(start: int, end: int, factor: float, size: int) -> tuple[int, int]:
    first = min(round(start * factor), size - 1)
    return first, max(round(end * factor), first + 1)


def ab_in_area(ab: np.ndarray, shape: tuple[int, int], area: Area) -> np.ndarray:
    """Lay chroma (h, w, 2) over `area` of a frame (H, W); returns (H, W, 2) float32, neutral outside."""
    full = np.zeros((*shape, 2), np.float32)
    inside = area.cut(full)
    resize_ab(ab, inside.shape[:2], into=inside)
    return full


def find_active_area(lumas: Iterable[np.ndarray]) -> Area:
    """Find the part of the frame that is not always black.

    A row or column at the edge is a bar if its mean luma is at most `BLACK_LEVEL` in every frame, or at most
    `DARK_LEVEL` and it is even along its length and in time; reading stops as soon as no edge can be a bar. Of a
    border that fades softly into the picture, what is darker than that is bar.

    Args:
        lumas: frames (H, W) of one size, float32 in [0, 1].

    Returns:
        The area; all of the frame if all of it is black.

    Raises:
        ValueError: if there are no frames.
    """
    rows: _Lines | None = None
    columns: _Lines | None = None
    for luma in lumas:
        rows, columns = _Lines(luma, rows), _Lines(luma.T, columns)
        if not any(lines.are_dark[edge] for lines in (rows, columns) for edge in (0, -1)):
            break
    if rows is None or columns is None:
        raise ValueError("`lumas` holds no frame to look for bars in")
    return Area(*rows.lit_range(), *columns.lit_range())


class _Lines:
    """Which rows of the frames so far may be bars.

    Args:
        luma: the next frame (H, W).
        before: what the frames before it gave.
    """

    def __init__(self, luma: np.ndarray, before: _Lines | None):
        parts = np.array_split(luma, min(STRETCHES, luma.shape[1]), axis=1)
        self._stretches, self._frames = np.stack([part.mean(axis=1) for part in parts]), 1
        self._brightest = self._darkest = luma.mean(axis=1)
        if before is not None:
            self._stretches, self._frames = self._stretches + before._stretches, before._frames + 1
            self._brightest = np.maximum(self._brightest, before._brightest)
            self._darkest = np.minimum(self._darkest, before._darkest)

    @property
    def are_dark(self) -> np.ndarray:
        """Whether each row (H,) was dark in every frame, and may be a bar."""
        steady = self._brightest - self._darkest <= STEADINESS
        return (self._brightest <= BLACK_LEVEL) | ((self._brightest <= DARK_LEVEL) & steady)

    @property
    def are_bars(self) -> np.ndarray:
        """Whether each row (H,) is a bar, by the frames so far."""
        together = cv2.blur(self._stretches, (TOGETHER, 1)) / self._frames
        even = np.ptp(together, axis=0) <= EVENNESS
        return self.are_dark & (even | (self._brightest <= BLACK_LEVEL))

    def lit_range(self) -> tuple[int, int]:
        """First row of the picture, and the one behind its last; all if there is none."""
        lit = np.flatnonzero(~self.are_bars)
        return (int(lit[0]), int(lit[-1]) + 1) if lit.size else (0, len(self._brightest))
