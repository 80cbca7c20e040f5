"""Pictures as careless tools hand them back: resized, brighter or darker, coded hard; and what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.chroma import in_light_of
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_float01, to_uint8
from vidcolor_utils.pictures.sizes import resized

SIDE = 96  # of a view, in pixels
AT_MOST = 320  # pixels of a picture that are damaged together, across and down
FROM_ONE = 3  # views cut out of one damaged picture
FACTOR = (0.7, 2.0)  # the damaged picture's size over the frame's as colours are carried
QUALITY = (40, 96)  # of JPEG
BRIGHTNESS = (0.85, 1.15)
HALF_CHROMA = 0.8  # share of pictures coded with chroma of half the size


class Damaged(NamedTuple):
    """A square of a frame with damaged colours."""

    planes: np.ndarray  # float32 (SIDE, SIDE, 4): luma of the frame and of the picture, of 255; ab of the picture
    ab: np.ndarray  # float32 (SIDE, SIDE, 2), the true colours


def damaged(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hand a picture back as a careless tool does.

    Args:
        rgb: uint8 (h, w, 3).
        rng: source of randomness.

    Returns:
        uint8 (H, W, 3), of another size.
    """
    height, width = rgb.shape[:2]
    factor, quality = rng.uniform(*FACTOR), int(rng.integers(*QUALITY))
    lit = cv2.convertScaleAbs(rgb, alpha=rng.uniform(*BRIGHTNESS))
    other = resized(lit, (max(8, round(height * factor)), max(8, round(width * factor))))
    return coded(other, quality, half_chroma=rng.random() < HALF_CHROMA)


def coded(rgb: np.ndarray, quality: int, *, half_chroma: bool = True) -> np.ndarray:
    """Give back what JPEG leaves of a picture, uint8 (h, w, 3), by default with chroma of half the size."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if half_chroma else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    _, code = cv2.imencode(".jpg", rgb[..., ::-1], options)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))[..., ::-1])


def views_of(rgb: np.ndarray, rng: np.random.Generator) -> Iterator[Damaged]:
    """Cut views out of a damaged picture, mirrored and turned at random; none if it is smaller than one.

    Args:
        rgb: as it was, uint8 (H, W, 3).
        rng: source of randomness.
    """
    rgb = _part_of(rgb, rng)
    if min(rgb.shape[:2]) < SIDE:
        return
    gray = to_uint8(luma_from_rgb(rgb))
    laid = resized(damaged(rgb, rng), rgb.shape[:2])
    lit, seen = in_light_of(gray, to_float01(laid), to_uint8(luma_from_rgb(laid)))
    planes = np.dstack([gray.astype(np.float32), seen, lab_from_rgb(lit)[..., 1:]])
    whole = np.dstack([planes, lab_from_rgb(rgb)[..., 1:]])
    for _ in range(FROM_ONE):
        top, left = (int(rng.integers(length - SIDE + 1)) for length in rgb.shape[:2])
        view = whole[top : top + SIDE, left : left + SIDE]
        view = view[:, ::-1] if rng.random() < 0.5 else view
        view = view.transpose(1, 0, 2) if rng.random() < 0.5 else view
        view = view.copy()  # else a view that waits keeps the whole picture in memory
        yield Damaged(view[..., :4], view[..., 4:])


def _part_of(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    tops = [int(rng.integers(max(0, length - AT_MOST) + 1)) for length in rgb.shape[:2]]
    return np.ascontiguousarray(rgb[tops[0] : tops[0] + AT_MOST, tops[1] : tops[1] + AT_MOST])


def batch_of(views: Sequence[Damaged]) -> tuple[np.ndarray, np.ndarray]:
    """Stack views: planes (B, SIDE, SIDE, 4) and true ab (B, SIDE, SIDE, 2)."""
    return np.stack([view.planes for view in views]), np.stack([view.ab for view in views])
