"""From Lab chroma to the U and V of a video whose luma stays as it is."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.color import lightness_from_luma, rgb_from_lab, to_uint8


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

TINY = 1e-6  # keeps divisions finite
_LIGHTNESS = lightness_from_luma(np.linspace(0, 1, 256, dtype=np.float32)[None])[0]


def luma01(luma: np.ndarray, *, bit_depth: int, full_range: bool) -> np.ndarray:
    """Scale stored luma to [0, 1].

    Args:
        luma: (H, W) uint8 or uint16 as stored.
        bit_depth: bits in use.
        full_range: whether black is 0 and white the largest number, rather than 16 and 235 (in 8 bits).

    Returns:
        (H, W) float32, clipped to [0, 1].
    """
    black, white = luma_range(bit_depth=bit_depth, full_range=full_range)
    return np.clip((luma.astype(np.float32) - black) / np.float32(white - black), 0, 1)


def luma_range(*, bit_depth: int, full_range: bool) -> tuple[int, int]:
    """Stored numbers of black and white; arguments as for `luma01`."""
    unit = 1 << (bit_depth - 8)
    return (0, (1 << bit_depth) - 1) if full_range else (16 * unit, 235 * unit)


def rgb_difference(luma: np.ndarray, ab: np.ndarray, matrix: ColorMatrix = BT601) -> np.ndarray:
    """Compute R - Y, G - Y, B - Y of the colour with this luma and this ab.

    Colours outside RGB are desaturated until they fit, so that adding the result to luma changes no luma.

    Args:
        luma: (H, W) float32 in [0, 1].
        ab: (H, W, 2) float32 Lab chroma.
        matrix: weights of luma.

    Returns:
        (H, W, 3) float32; its sum weighted by `matrix` is 0, and luma + result lies in [0, 1].
    """
    return np.dstack(_differences(luma, ab, matrix))


def _differences(luma: np.ndarray, ab: np.ndarray, matrix: ColorMatrix) -> list[np.ndarray]:
    """Compute the three planes of `rgb_difference`."""
    # OpenCV plane by plane and in place: with NumPy and fresh arrays a frame takes four times as long.
    lightness = cv2.LUT(cv2.convertScaleAbs(luma, alpha=255), _LIGHTNESS)
    rgb = rgb_from_lab(cv2.merge([lightness, *cv2.split(np.ascontiguousarray(ab, np.float32))]))
    own = cv2.transform(rgb, np.array([[matrix.red, matrix.green, matrix.blue]], np.float32))
    planes = red, green, blue = cv2.split(rgb)
    highest = cv2.subtract(cv2.max(cv2.max(red, green), blue), own)
    lowest = cv2.subtract(own, cv2.min(cv2.min(red, green), blue))
    room = np.divide(1 - luma, np.maximum(highest, TINY, out=highest), out=highest)
    np.minimum(room, np.divide(luma, np.maximum(lowest, TINY, out=lowest), out=lowest), out=room)
    np.minimum(room, 1, out=room)
    for plane in planes:
        plane -= own
        plane *= room
    return list(planes)


def uv_planes(
    luma: np.ndarray, ab: np.ndarray, matrix: ColorMatrix, *, bit_depth: int, full_range: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the U and V planes that give luma these ab (ITU-R BT.601, BT.709 or BT.2020, by `matrix`).

    Args:
        luma: (H, W) float32 in [0, 1], at the planes' size.
        ab: (H, W, 2) float32 Lab chroma.
        matrix: weights of luma.
        bit_depth: bits of a stored number.
        full_range: whether the video's chroma spans 255 or 224 (in 8 bits).

    Returns:
        U and V, each (H, W), uint8 or uint16.
    """
    red, _, blue = _differences(luma, ab, matrix)
    largest = (1 << bit_depth) - 1
    span = largest if full_range else 224 << (bit_depth - 8)
    middle, depth = 128 << (bit_depth - 8), cv2.CV_8U if bit_depth == 8 else cv2.CV_16U
    u, v = (
        # The second plane has no weight: this is OpenCV's way to scale, shift, round and cast at once.
        cv2.addWeighted(plane, span / (2 * (1 - own)), plane, 0, middle, dtype=depth)
        for plane, own in ((blue, matrix.blue), (red, matrix.red))
    )
    return np.minimum(u, largest, out=u), np.minimum(v, largest, out=v)


def resize_ab(ab: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize chroma (h, w, 2) to `size` = (height, width)."""
    height, width = size
    return cv2.resize(ab, (width, height), interpolation=cv2.INTER_LINEAR)


def with_chroma(luma: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """Give luma (H, W) float32 in [0, 1] the chroma ab (H, W, 2).

    Returns:
        RGB (H, W, 3) uint8 of exactly that luma, up to rounding.
    """
    return to_uint8(luma[..., None] + rgb_difference(luma, ab))
