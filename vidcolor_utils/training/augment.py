"""Random views of a photograph, and the gray picture of it that an old camera might have made."""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor_utils.pictures.color import REC601_WEIGHTS, luma_from_rgb, to_float01, to_uint8

ASPECT = 4 / 3  # widest stretch of a crop
GAMMA = (0.75, 1.35)
CONTRAST = (0.75, 1.0)
NOISE = 8 / 255
BLUR_SIGMA = (0.4, 1.2)
SHRINK = (0.5, 0.9)  # of the side: copies of copies have less detail than their size
VIGNETTE = (0.1, 0.5)  # darkening in the corners
SCRATCHES, SPECKS = 4, 12  # at most
DAMAGE = (0.2, 0.8)  # how much scratches and specks cover
JPEG_QUALITY = (40, 95)


def random_crop(rgb: np.ndarray, side: int, min_crop: float, rng: np.random.Generator) -> np.ndarray:
    """Cut a part out of a photograph, at most a third longer than wide or wider than long, now and then mirrored.

    Args:
        rgb: uint8 (H, W, 3).
        side: of the square of pixels that it is resized to.
        min_crop: smallest crop, as a share of the photograph's shorter side.
        rng: source of randomness.

    Returns:
        (side, side, 3) uint8.
    """
    height, width = rgb.shape[:2]
    size = min(height, width) * rng.uniform(min_crop, 1.0)
    stretch = np.sqrt(ASPECT ** rng.uniform(-1, 1))
    crop_height = min(height, max(1, round(size * stretch)))  # of a photograph of a few pixels, one at least
    crop_width = min(width, max(1, round(size / stretch)))
    top, left = rng.integers(height - crop_height + 1), rng.integers(width - crop_width + 1)
    crop = rgb[top : top + crop_height, left : left + crop_width]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    shrinks = crop_height > side
    return cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def film_luma(rgb: np.ndarray, rng: np.random.Generator, wear: float = 1.0) -> np.ndarray:
    """Turn RGB into the luma of a random film stock, with random exposure, blur, damage, codec loss and grain.

    Old stock is not Rec. 601: orthochromatic film is blind to red, so the channel weights are random. The damage
    is that of Wan et al., "Bringing old films back to life" (2022), drawn instead of taken from scans.

    Returns:
        (H, W) float32 in [0, 1].
    """
    luma = luma_from_rgb(to_float01(rgb), _film_weights(rng, wear))
    if rng.random() < 0.5 * wear:
        gain = rng.uniform(*CONTRAST)
        luma = np.power(luma, np.float32(rng.uniform(*GAMMA))) * gain + rng.uniform(0, 1 - gain)
    if rng.random() < 0.15 * wear:
        luma = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), rng.uniform(*BLUR_SIGMA))
    if rng.random() < 0.1 * wear:
        luma = _with_less_detail(luma.astype(np.float32), rng.uniform(*SHRINK))
    if rng.random() < 0.15 * wear:
        luma = luma * _vignette(luma.shape, rng.uniform(*VIGNETTE))
    if rng.random() < 0.15 * wear:
        luma = _damaged(luma.astype(np.float32), rng)
    if rng.random() < 0.15 * wear:
        luma = _jpeg(luma, int(rng.integers(*JPEG_QUALITY)))
    if rng.random() < 0.4 * wear:
        luma = luma + rng.standard_normal(luma.shape, np.float32) * np.float32(rng.uniform(0, NOISE))
    return np.clip(luma, 0, 1).astype(np.float32)


def _film_weights(rng: np.random.Generator, wear: float) -> np.ndarray:
    if rng.random() < 1 - 0.4 * wear:
        return REC601_WEIGHTS
    return rng.dirichlet((1.0, 1.6, 0.8)).astype(np.float32)


def _with_less_detail(luma: np.ndarray, scale: float) -> np.ndarray:
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _vignette(shape: tuple[int, int], darkening: float) -> np.ndarray:
    """Brightness (H, W) that falls with the square of the distance from the centre, by `darkening` in corners."""
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in shape)
    return 1 - np.float32(darkening / 2) * (down[:, None] + across)


def _damaged(luma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw upright scratches and specks, all dark (dirt on the print) or all bright (on the negative)."""
    height, width = luma.shape
    covered = np.zeros_like(luma)
    for _ in range(rng.integers(SCRATCHES + 1)):
        left, top, bottom = rng.integers(width), *np.sort(rng.integers(height, size=2))
        slanted = left + rng.integers(-2, 3)
        cv2.line(covered, (int(left), int(top)), (int(slanted), int(bottom)), rng.uniform(*DAMAGE), 1, cv2.LINE_AA)
    for _ in range(rng.integers(SPECKS + 1)):
        center = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(covered, center, int(rng.integers(1, 3)), rng.uniform(*DAMAGE), cv2.FILLED)
    return luma + covered * (np.float32(rng.integers(2)) - luma)


def _jpeg(luma: np.ndarray, quality: int) -> np.ndarray:
    _, encoded = cv2.imencode(".jpg", to_uint8(luma), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return to_float01(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)))
