"""From Lab chroma to the U and V of a video whose luma stays as it is; and luma as eyes and networks know it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from vidcolor_utils.pictures.color import BT601, ColorMatrix, lightness_from_luma, rgb_from_lab, to_uint8
from vidcolor_utils.pictures.sizes import row_bands

TINY = 1e-6  # keeps divisions finite
DARK = 20  # of 255: what is darker, or as near to white, says nothing of brightness
MOST_GAIN = 2.0  # most that brightness may differ
PQ, HLG = 16, 18  # transfers of HDR, numbers of ITU-T H.273
REFERENCE_WHITE = 203.0  # cd/m2 of diffuse white in HDR (ITU-R BT.2408)
HLG_PEAK = 1000.0  # cd/m2 of the display that HLG is made for
SDR_GAMMA = 2.2


@cache
def lightness_table() -> np.ndarray:
    """L of the neutral grays of luma 0 to 255, float32 (256,).

    The first conversion of a process to or from Lab takes OpenCV 90 ms: it makes its own tables.
    """
    return lightness_from_luma(np.linspace(0, 1, 256, dtype=np.float32)[None])[0]


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
    if luma.dtype == np.uint8:
        return cv2.LUT(luma, _scaled(np.arange(256), black, white))
    return _scaled(luma, black, white)


def _scaled(luma: np.ndarray, black: int, white: int) -> np.ndarray:
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
    planes, own, room = _fitted(luma, ab, matrix)
    return np.dstack([_in_room(plane, own, room) for plane in planes])


def _fitted(
    luma: np.ndarray, ab: np.ndarray, matrix: ColorMatrix
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Find the colour with this luma's lightness and this ab: its red, green and blue, its own luma, and `room`.

    Its differences times `room`, (H, W) in [0, 1], are those of `rgb_difference`.
    """
    # OpenCV plane by plane and in place: with NumPy and fresh arrays a frame takes four times as long.
    lightness = cv2.LUT(cv2.convertScaleAbs(luma, alpha=255), lightness_table())
    rgb = rgb_from_lab(_with_lightness(lightness, np.ascontiguousarray(ab, np.float32)))
    own = cv2.transform(rgb, np.array([[matrix.red, matrix.green, matrix.blue]], np.float32))
    planes = red, green, blue = _planes(rgb)
    highest = cv2.subtract(cv2.max(cv2.max(red, green), blue), own)
    lowest = cv2.subtract(own, cv2.min(cv2.min(red, green), blue))
    room = np.divide(1 - luma, np.maximum(highest, TINY, out=highest), out=highest)
    np.minimum(room, np.divide(luma, np.maximum(lowest, TINY, out=lowest), out=lowest), out=room)
    return planes, own, np.minimum(room, 1, out=room)


def _in_room(plane: np.ndarray, own: np.ndarray, room: np.ndarray) -> np.ndarray:
    plane -= own
    plane *= room
    return plane


def _with_lightness(lightness: np.ndarray, ab: np.ndarray) -> np.ndarray:
    lab = np.empty((*lightness.shape, 3), np.float32)
    cv2.mixChannels([lightness, ab], [lab], [0, 0, 1, 1, 2, 2])
    return lab


def _planes(image: np.ndarray) -> list[np.ndarray]:
    """Take a picture (H, W, C) apart; left to make the planes itself, `cv2.split` takes ten times as long."""
    planes = [np.empty(image.shape[:2], image.dtype) for _ in range(image.shape[2])]
    cv2.split(image, planes)
    return planes


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
    depth = np.uint8 if bit_depth == 8 else np.uint16
    planes = np.empty(luma.shape, depth), np.empty(luma.shape, depth)
    for band in row_bands(luma.shape):
        parts = _uv_band(luma[band], ab[band], matrix, bit_depth=bit_depth, full_range=full_range)
        for plane, part in zip(planes, parts, strict=True):
            plane[band] = part
    return planes


def _uv_band(
    luma: np.ndarray, ab: np.ndarray, matrix: ColorMatrix, *, bit_depth: int, full_range: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Do as `uv_planes` with some lines."""
    (red, _, blue), own, room = _fitted(luma, ab, matrix)
    largest = (1 << bit_depth) - 1
    span = largest if full_range else 224 << (bit_depth - 8)
    middle, depth = 128 << (bit_depth - 8), cv2.CV_8U if bit_depth == 8 else cv2.CV_16U
    u, v = (
        # The second plane has no weight: this is OpenCV's way to scale, shift, round and cast at once.
        cv2.addWeighted(difference, span / (2 * (1 - weight)), difference, 0, middle, dtype=depth)
        for difference, weight in (
            (_in_room(blue, own, room), matrix.blue),
            (_in_room(red, own, room), matrix.red),
        )
    )
    if bit_depth in (8, 16):  # OpenCV has seen to it
        return u, v
    return np.minimum(u, largest, out=u), np.minimum(v, largest, out=v)


def in_light_of(gray: np.ndarray, rgb: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make a picture as bright as a frame, as chroma grows with brightness.

    Args:
        gray: the frame, uint8 (h, w).
        rgb: the picture, float32 (h, w, 3) in [0, 1].
        seen: its luma, of 255, (h, w).

    Returns:
        The picture and its luma, float32, as they are in that light.
    """
    seen = seen.astype(np.float32)
    counts = (seen > DARK) & (seen < 255 - DARK) & (gray > DARK)
    gain = np.clip(np.median(gray[counts] / seen[counts]), 1 / MOST_GAIN, MOST_GAIN) if counts.any() else 1.0
    return np.clip(rgb * np.float32(gain), 0, 1), seen * np.float32(gain)


def resize_ab(ab: np.ndarray, size: tuple[int, int], *, into: np.ndarray | None = None) -> np.ndarray:
    """Resize chroma (h, w, 2) to `size` = (height, width), `into` an array (height, width, 2) if one is given."""
    height, width = size
    return cv2.resize(ab, (width, height), dst=into, interpolation=cv2.INTER_LINEAR)


def with_chroma(luma: np.ndarray, ab: np.ndarray, *, deep: bool = False) -> np.ndarray:
    """Give luma (H, W) float32 in [0, 1] the chroma ab (H, W, 2).

    Returns:
        RGB (H, W, 3) of exactly that luma, up to rounding: uint8, or if `deep` uint16.
    """
    colored = np.empty((*luma.shape, 3), np.uint16 if deep else np.uint8)
    for band in row_bands(luma.shape):  # all at once it takes 60 bytes a pixel
        rgb = luma[band][..., None] + rgb_difference(luma[band], ab[band])
        colored[band] = np.clip(np.rint(rgb * 65535), 0, 65535) if deep else to_uint8(rgb)
    return colored


def shown_luma(luma: np.ndarray, transfer: int) -> np.ndarray:
    """Make a copy of luma for eyes and networks that know usual video only.

    HDR is brought to light, mapped to what lies between black and diffuse white (Reinhard's curve, extended: what
    is brighter than white is squeezed, not cut), and given the gamma of usual video. Other luma stays as it is.

    Args:
        luma: (H, W) float32 in [0, 1].
        transfer: H.273's number.
    """
    if transfer not in (PQ, HLG):
        return luma
    return np.interp(luma, _STEPS, _SHOWN[transfer]).astype(np.float32)


def hdr_planes(
    planes: tuple[np.ndarray, np.ndarray], luma: np.ndarray, transfer: int, *, bit_depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bring U and V that were made for `shown_luma` to HDR: differences grow as much as those of luma do there.

    Args:
        planes: (H, W) uint8 or uint16, see `uv_planes`.
        luma: (H, W) float32 in [0, 1], as the film has it.
        transfer: H.273's number.
        bit_depth: bits of a stored number.
    """
    middle, largest = 128 << (bit_depth - 8), (1 << bit_depth) - 1
    slope = 1 / np.maximum(np.gradient(_SHOWN[transfer], _STEPS), TINY)
    factor = np.minimum(np.interp(luma, _STEPS, slope), 1)
    u, v = (
        np.clip(np.rint((plane.astype(np.float64) - middle) * factor + middle), 0, largest).astype(plane.dtype)
        for plane in planes
    )
    return u, v


def light_of_pq(values: np.ndarray) -> np.ndarray:
    """Turn PQ in [0, 1] into cd/m2 (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = np.asarray(values, np.float64) ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def light_of_hlg(values: np.ndarray) -> np.ndarray:
    """Turn HLG in [0, 1] into cd/m2 on the display it is made for (ITU-R BT.2100, with a system gamma of 1.2)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    values = np.asarray(values, np.float64)
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return HLG_PEAK * scene**1.2


def _shown(light: np.ndarray) -> np.ndarray:
    """Map cd/m2 to [0, 1] of usual video; the last is the brightest there is."""
    ratio, peak = light / REFERENCE_WHITE, light[-1] / REFERENCE_WHITE
    return (ratio * (1 + ratio / peak**2) / (1 + ratio)) ** (1 / SDR_GAMMA)


_STEPS = np.linspace(0, 1, 4096)
_SHOWN = {PQ: _shown(light_of_pq(_STEPS)), HLG: _shown(light_of_hlg(_STEPS))}
