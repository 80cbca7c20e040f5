"""Small Lab frames as pictures that can be seen."""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.color import rgb_from_lab, to_uint8

SCALE = 3
EDGE = (255, 220, 0)


def picture(lab: np.ndarray, *, scale: int = SCALE) -> np.ndarray:
    """Turn Lab (S, S, 3) into RGB uint8, each pixel `scale` times as large."""
    return magnified(to_uint8(rgb_from_lab(np.ascontiguousarray(lab, np.float32))), scale)


def gray_picture(lab: np.ndarray, *, scale: int = SCALE) -> np.ndarray:
    """The same without its colours."""
    return colored_picture(lab, np.zeros((*lab.shape[:2], 2), np.float32), scale=scale)


def colored_picture(lab: np.ndarray, ab: np.ndarray, *, scale: int = SCALE) -> np.ndarray:
    """The L of Lab (S, S, 3) in the colours ab (s, s, 2), enlarged if they are smaller: RGB uint8."""
    ab = resize_ab(np.ascontiguousarray(ab, np.float32), lab.shape[:2])
    return picture(np.dstack([lab[..., 0], ab]), scale=scale)


def outlined(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw the edge of a mask (s, s), bool or 0 and 1, into a copy of RGB uint8 of its shape or a multiple."""
    large = cv2.resize(mask.astype(np.uint8), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    edges, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(rgb.copy(), edges, -1, EDGE, 2)


def magnified(rgb: np.ndarray, scale: int) -> np.ndarray:
    """Repeat each pixel of (H, W, 3) `scale` times both ways."""
    return np.kron(rgb, np.ones((scale, scale, 1), rgb.dtype))
