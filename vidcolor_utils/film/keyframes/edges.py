"""Enlarge colours so that their edges follow the edges of luma."""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor_utils.pictures.chroma import resize_ab

RADIUS = 2  # pixels of the small picture
FLATNESS = 1e-3  # variance of luma in [0, 1] below which there is no edge


def enlarged(ab: np.ndarray, gray: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """Bring colours to the size of a frame, guided by its luma.

    Around each point ab is a linear function of luma: what it was in the small picture holds in the large one (He
    and Sun, "Fast Guided Filter", 2015). What that function misses is enlarged as it is, so that nothing is lost.

    Args:
        ab: float32 (h, w, 2).
        gray: uint8 (h, w).
        luma: of the frame, float32 (H, W) in [0, 1].

    Returns:
        ab (H, W, 2); as it was, (h, w, 2), if the frame is no larger, which between black bars may be by a line.
    """
    if luma.shape[0] <= ab.shape[0]:
        return ab
    guide = gray.astype(np.float32) / 255
    smooth_slope = _mean(_slope(ab, guide, RADIUS), RADIUS)
    size = luma.shape
    rest = ab - smooth_slope * guide[..., None]
    return resize_ab(smooth_slope, size) * luma[..., None] + resize_ab(rest, size)


def _slope(ab: np.ndarray, guide: np.ndarray, radius: int) -> np.ndarray:
    """By how much ab changes with luma around each point, (h, w, 2)."""
    mean, mean_ab = _mean(guide, radius), _mean(ab, radius)
    covariance = _mean(guide[..., None] * ab, radius) - mean[..., None] * mean_ab
    return covariance / (_mean(guide * guide, radius) - mean * mean + np.float32(FLATNESS))[..., None]


def _mean(plane: np.ndarray, radius: int) -> np.ndarray:
    return cv2.blur(plane, (2 * radius + 1, 2 * radius + 1))
