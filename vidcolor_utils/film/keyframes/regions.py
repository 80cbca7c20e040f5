"""The region around a point: what looks like it and hangs together with it."""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor_utils.film.keyframes.features import STRIDE, describe, grid

SMOOTH = 1.2  # pixels over which luma is averaged: grain is no edge
STEP = 8  # of 255: most that luma may change from pixel to pixel inside
RANGE = 55  # of 255: most that it may differ from that at the point
LIKE = 0.55  # of the usual squared difference of two points' looks, at which likeness is 1/e
LEAST_LIKE = 0.35  # likeness from which a point belongs
HOLES = 5  # pixels across: smaller ones are closed
SOFT = 1.5  # pixels over which the border is softened


def region_around(gray: np.ndarray, x: float, y: float) -> np.ndarray:
    """Find the region of like texture and connected luma around a point.

    Args:
        gray: uint8 (h, w).
        x: pixels from the left.
        y: pixels from the top; the point must be in the picture.

    Returns:
        float32 (h, w) in [0, 1], soft at the border; above 0 at the point.
    """
    smooth = cv2.GaussianBlur(gray, (0, 0), SMOOTH)
    row, column = int(y), int(x)
    near = np.abs(smooth.astype(np.int16) - int(smooth[row, column])) <= RANGE
    allowed = near & (likeness_to(gray, x, y) >= LEAST_LIKE)
    region = _connected(smooth, allowed, column, row)
    region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, np.ones((HOLES, HOLES), np.uint8))
    return cv2.GaussianBlur(region.astype(np.float32), (0, 0), SOFT)


def likeness_to(gray: np.ndarray, x: float, y: float) -> np.ndarray:
    """Tell how much what is around each pixel looks like what is around a point, (h, w) in [0, 1]."""
    rows, columns = grid(gray.shape)
    looks = describe(gray)[:, :-2]
    point = min(int(y / STRIDE), rows - 1) * columns + min(int(x / STRIDE), columns - 1)
    distances = np.square(looks - looks[point]).sum(axis=1)
    unit = max(float(np.median(distances)), 1e-6) * LIKE
    return cv2.resize(np.exp(-distances / unit).reshape(rows, columns), gray.shape[::-1])


def _connected(smooth: np.ndarray, allowed: np.ndarray, column: int, row: int) -> np.ndarray:
    """1 where small steps of luma lead from a pixel, through what is allowed, uint8 (h, w)."""
    height, width = smooth.shape
    mask = np.ones((height + 2, width + 2), np.uint8)  # OpenCV's mask has a border, and stops at what is not 0
    mask[1:-1, 1:-1] = ~allowed
    mask[row + 1, column + 1] = 0
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8)
    cv2.floodFill(smooth.copy(), mask, (column, row), 0, STEP, STEP, flags)
    return (mask[1:-1, 1:-1] == 2).astype(np.uint8)
