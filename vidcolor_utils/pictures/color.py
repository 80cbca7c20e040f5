"""The one place for conversions between RGB, luma and CIE Lab.

RGB is sRGB as uint8 in 0..255 or float32 in [0, 1]. Luma is the weighted sum of the gamma-coded channels (ITU-R
BT.601, what gray video stores). Lab has L in [0, 100] and a, b within +-110 (D65).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np


class ColorMatrix(NamedTuple):
    """How luma is summed from gamma-coded RGB: Y = red R + green G + blue B."""

    name: str
    red: float
    blue: float

    @property
    def green(self) -> float:
        """Weight of green."""
        return 1 - self.red - self.blue


# Keys are the matrix numbers of ITU-T H.273.
MATRICES = {
    1: ColorMatrix("BT.709", 0.2126, 0.0722),
    4: ColorMatrix("FCC", 0.30, 0.11),
    5: ColorMatrix("BT.601", 0.299, 0.114),
    6: ColorMatrix("BT.601", 0.299, 0.114),
    7: ColorMatrix("SMPTE 240M", 0.212, 0.087),
    9: ColorMatrix("BT.2020", 0.2627, 0.0593),
}
BT601 = MATRICES[6]

REC601_WEIGHTS = np.array([BT601.red, BT601.green, BT601.blue], np.float32)
AB_LIMIT = 110  # |a|, |b| of sRGB colours stay below this
LEAST_CHROMA = 2.0  # mean of |a| and |b|; a picture below it is gray,
LEAST_SPOT, SPOT = 10.0, 99  # unless a hundredth of it has at least this |a| or |b|: a coat, a face


def to_float01(image: np.ndarray) -> np.ndarray:
    """Convert uint8 in 0..255 to float32 in [0, 1]; floats are passed on as float32.

    Raises:
        ValueError: if the dtype is neither uint8 nor a float.
    """
    if image.dtype == np.uint8:
        return image.astype(np.float32) / np.float32(255)
    if np.issubdtype(image.dtype, np.floating):
        return image.astype(np.float32, copy=False)
    raise ValueError(f"`image` must be uint8 or float. Received: {image.dtype}")


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Convert floats in [0, 1] to uint8, rounding, and clipping what lies outside."""
    return np.clip(np.rint(image * 255.0), 0, 255).astype(np.uint8)


def luma_from_rgb(rgb: np.ndarray, weights: np.ndarray = REC601_WEIGHTS) -> np.ndarray:
    """Compute luma (H, W) float32 in [0, 1] from RGB (H, W, 3); `weights` sum to 1."""
    return to_float01(rgb) @ weights.astype(np.float32)


def lab_from_rgb(rgb: np.ndarray) -> np.ndarray:
    """Convert RGB (H, W, 3) to float32 Lab (H, W, 3)."""
    return cv2.cvtColor(np.ascontiguousarray(to_float01(rgb)), cv2.COLOR_RGB2LAB)


def rgb_from_lab(lab: np.ndarray) -> np.ndarray:
    """Convert float32 Lab (H, W, 3) to float32 RGB in [0, 1]; colours outside sRGB are clipped."""
    return cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB)


def lightness_from_luma(luma: np.ndarray) -> np.ndarray:
    """Compute the L of the neutral gray that has this luma; (H, W) float in [0, 1] to [0, 100]."""
    return lab_from_rgb(rgb_from_gray(luma))[..., 0]


def rgb_from_gray(gray: np.ndarray) -> np.ndarray:
    """Give gray or luma (..., H, W) three equal channels: (..., H, W, 3) of the same type."""
    return np.repeat(gray[..., None], 3, axis=-1)


def gray_clip(clip: np.ndarray) -> np.ndarray:
    """Take the colour out of a clip (T, H, W, 3) uint8; returns (T, H, W) uint8."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip])


def has_color(rgb: np.ndarray) -> bool:
    """Tell whether a picture, uint8 (H, W, 3), is more than gray."""
    small = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA)
    chroma = np.abs(lab_from_rgb(small)[..., 1:])
    return bool(chroma.mean() >= LEAST_CHROMA or np.percentile(chroma.max(-1), SPOT) >= LEAST_SPOT)
