"""Measures of a colorized frame or video against the true one; each says its range and which way is better.

Frames are RGB uint8 (H, W, 3) unless a docstring says otherwise; the true one comes first. Sums are taken in
float64: squares of uint8 differences overflow, a slip that has flattered published tables by several dB. No
measure stands alone: a gray video has the true luma, hence a fair PSNR, and it never flickers. Print its row
beside any other.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from vidcolor_utils.pictures.color import lab_from_rgb, lightness_from_luma, luma_from_rgb, to_float01
from vidcolor_utils.pictures.flow import Motion, warp

PSNR_CAP = 60.0  # dB; the limit of libvmaf for 8 bits. Equal frames would be infinite and swamp a mean
RGB_PEAK = 255.0
AB_PEAK = 255.0  # a and b span -128..127 when Lab is coded in 8 bits
SSIM_SIGMA = 1.5  # pixels, of the Gaussian window of Wang et al.
SSIM_SIDE = 11  # of that window; smaller frames have no SSIM
COLORLESS = 2.0  # colourfulness under which a picture counts as gray
MEAN_SHARE = 0.3  # weight of the mean in the fit of Hasler and Suesstrunk


class Measured(NamedTuple):
    """A frame in the forms that the measures need."""

    rgb: np.ndarray  # uint8 (H, W, 3)
    lab: np.ndarray  # float32 (H, W, 3)

    @classmethod
    def of(cls, rgb: np.ndarray) -> Measured:
        """Take a frame, RGB uint8 (H, W, 3)."""
        return cls(rgb, lab_from_rgb(rgb))


def fidelity(true: Measured, frame: Measured) -> dict[str, float | None]:
    """Compare a frame with the true one: each measure of that by its name, None where frames are too small."""
    true_ab, ab = true.lab[..., 1:], frame.lab[..., 1:]
    return {
        "psnr": psnr(true.rgb, frame.rgb),
        "ssim": ssim(true.rgb, frame.rgb) if min(frame.rgb.shape[:2]) >= SSIM_SIDE else None,
        "psnr_ab": psnr_ab(true_ab, ab),
        "mae_ab": mae_ab(true_ab, ab),
        "ciede2000": mean_ciede2000(true.lab, frame.lab),
        "pixel_match": pixel_match(true.rgb, frame.rgb),
        "luma_mae": luma_mae(true.rgb, frame.rgb),
    }


def unsteadiness(frame: Measured, next_frame: Measured, motion: Motion) -> dict[str, float | None]:
    """Compare a frame with the next one of its film, brought back along the motion: both warp errors by name."""
    next_rgb = warp(to_float01(next_frame.rgb), motion.flow)
    next_ab = warp(np.ascontiguousarray(next_frame.lab[..., 1:]), motion.flow)
    return {
        "warp_error": warp_error(to_float01(frame.rgb), next_rgb, motion.occluded),
        "chroma_warp_error": chroma_warp_error(frame.lab[..., 1:], next_ab, motion.occluded),
    }


def psnr(true_rgb: np.ndarray, pred_rgb: np.ndarray) -> float:
    """Compute the peak signal-to-noise ratio of RGB.

        10 log10(255^2 / mean((true - pred)^2)), the mean over pixels and channels

    Higher is better, 0 to `PSNR_CAP` = 60 dB: above it (equal frames: infinite) the cap is returned, which
    keeps means and JSON finite. Mostly a measure of luma, so compare with the PSNR of gray. Score a video by
    the mean of its frames' PSNR.

    Raises:
        ValueError: if the shapes differ.

    Example:
        psnr(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8))  # 0.0
    """
    return _psnr(true_rgb, pred_rgb, RGB_PEAK)


def psnr_ab(true_ab: np.ndarray, pred_ab: np.ndarray) -> float:
    """Compute the peak signal-to-noise ratio of the chroma alone, with peak 255.

        10 log10(255^2 / mean((true - pred)^2)), the mean over pixels and over a and b

    Higher is better, 0 to `PSNR_CAP` = 60 dB, as in `psnr`. The peak is the span of 8-bit a and b; with another
    peak p the value moves by 20 log10(p / 255).

    Args:
        true_ab: float (H, W, 2) in Lab units.
        pred_ab: the same shape.

    Raises:
        ValueError: if the shapes differ.
    """
    return _psnr(true_ab, pred_ab, AB_PEAK)


def _psnr(true: np.ndarray, pred: np.ndarray, peak: float) -> float:
    mean_square = np.square(_difference(true, pred)).mean()
    if mean_square == 0:
        return PSNR_CAP
    return float(min(10 * np.log10(peak**2 / mean_square), PSNR_CAP))


def ssim(true_rgb: np.ndarray, pred_rgb: np.ndarray) -> float:
    """Compute the structural similarity, the mean over pixels and over R, G and B.

    Gaussian window of 11x11 pixels (sigma 1.5), population covariances, data range 255: the settings of Wang et
    al., "Image quality assessment: from error visibility to structural similarity", IEEE TIP 2004;
    scikit-image's implementation, in float32. Higher is better, -1 to 1.

    Raises:
        ValueError: if the shapes differ or a side is below `SSIM_SIDE` = 11 pixels.
    """
    _check_same_shape(true_rgb, pred_rgb)
    if min(true_rgb.shape[:2]) < SSIM_SIDE:
        raise ValueError(f"SSIM needs frames of at least {SSIM_SIDE} pixels a side. Received: {true_rgb.shape}")
    return float(
        structural_similarity(
            true_rgb.astype(np.float32),
            pred_rgb.astype(np.float32),
            channel_axis=-1,
            data_range=RGB_PEAK,
            gaussian_weights=True,
            sigma=SSIM_SIGMA,
            use_sample_covariance=False,
        )
    )


def mae_ab(true_ab: np.ndarray, pred_ab: np.ndarray) -> float:
    """Compute the mean absolute error of the chroma: mean(|true - pred|) over pixels and over a and b.

    In Lab units, 0 and up, lower is better. A gray prediction scores the mean |a|, |b| of the truth.

    Args:
        true_ab: float (H, W, 2) in Lab units.
        pred_ab: the same shape.

    Raises:
        ValueError: if the shapes differ.
    """
    return float(np.abs(_difference(true_ab, pred_ab)).mean())


def mean_ciede2000(true_lab: np.ndarray, pred_lab: np.ndarray) -> float:
    """Compute the mean colour difference CIEDE2000 over the pixels.

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", 2005, with unit weights; scikit-image's
    implementation. 0 and up, lower is better; 1 is about the smallest difference an eye sees side by side.

    Args:
        true_lab: float Lab (H, W, 3), the whole colour, L included.
        pred_lab: the same shape.

    Raises:
        ValueError: if the shapes differ.
    """
    _check_same_shape(true_lab, pred_lab)
    return float(deltaE_ciede2000(true_lab, pred_lab).mean(dtype=np.float64))


def luma_mae(true_rgb: np.ndarray, pred_rgb: np.ndarray) -> float:
    """Compute how far the luma was changed: mean(|L(true) - L(pred)|).

    L is the lightness of the neutral gray that has the frame's BT.601 luma, as if both videos were shown on a
    black-and-white set. In Lab units, 0 to 100, lower is better; a colorizer that keeps its input's luma leaves
    only what encoding does.

    Raises:
        ValueError: if the shapes differ.
    """
    lightness = [lightness_from_luma(luma_from_rgb(rgb)) for rgb in (true_rgb, pred_rgb)]
    return float(np.abs(_difference(*lightness)).mean())


def colorfulness(rgb: np.ndarray) -> float:
    """Compute the colourfulness M of Hasler and Suesstrunk.

        rg = R - G, yb = (R + G) / 2 - B
        M = sqrt(std(rg)^2 + std(yb)^2) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)

    Hasler and Suesstrunk, "Measuring colourfulness in natural images", SPIE 2003, third metric, on 8-bit sRGB.
    As in the paper rg and yb keep their signs; the evaluation code of DDColor and of ColorMNet takes absolute
    values first, which gives other numbers. 0 (gray) and up, 100 is extreme; neither way is better: compare
    with the truth, whose ratio is 1.

    Example:
        colorfulness(np.full((2, 2, 3), 90, np.uint8))  # 0.0
    """
    red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = np.hypot(*(opponent.std(dtype=np.float64) for opponent in opponents))
    shift = np.hypot(*(opponent.mean(dtype=np.float64) for opponent in opponents))
    return float(spread + MEAN_SHARE * shift)


def pixel_match(true_rgb: np.ndarray, pred_rgb: np.ndarray) -> float:
    """Compute the share of 8-bit channel values that are exactly equal, in percent.

        100 mean(true == pred), over pixels and channels

    The accuracy of Chaudhri and Fang's report; a video's is the plain mean over its frames (the report divides
    by one frame more than there are). 0 to 100, higher is better, though it says little: most of what matches
    is black bars and gray pixels, and a value that is off by one counts as wrong.

    Raises:
        ValueError: if the shapes differ.
    """
    _check_same_shape(true_rgb, pred_rgb)
    return float(100.0 * np.mean(true_rgb == pred_rgb))


def warp_error(rgb: np.ndarray, warped_next: np.ndarray, occluded: np.ndarray) -> float | None:
    """Compute the squared change of RGB along the motion, over the pixels seen in both frames.

        mean((rgb - warped_next)^2), RGB in [0, 1], over visible pixels and the three channels

    Lai et al., "Learning blind video temporal consistency", ECCV 2018, here with DIS flow of the gray video
    (the same for all rows of a table). 0 to 1, lower is steadier; luma motion that the flow misses is in it for
    every row, so read it against the truth's.

    Args:
        rgb: float32 (H, W, 3) in [0, 1].
        warped_next: the next frame brought back by `flow.warp`, the same shape.
        occluded: bool (H, W), see `flow.occlusion_mask`.

    Returns:
        The error, or `None` if every pixel is occluded.

    Raises:
        ValueError: if the shapes differ.
    """
    return _visible_mean(rgb, warped_next, occluded, cv2.NORM_L2SQR)


def chroma_warp_error(ab: np.ndarray, warped_next: np.ndarray, occluded: np.ndarray) -> float | None:
    """Compute the absolute change of chroma along the motion, over the pixels seen in both frames.

        mean(|ab - warped_next|), over visible pixels and over a and b

    `warp_error` without the luma that all rows share: what flickers is colour. In Lab units, 0 and up, lower is
    steadier; gray scores 0, so a value below the truth's means something only beside `colorfulness`.

    Args:
        ab: float32 (H, W, 2) in Lab units.
        warped_next: the next frame's, brought back by `flow.warp`, the same shape.
        occluded: bool (H, W), see `flow.occlusion_mask`.

    Returns:
        The error, or `None` if every pixel is occluded.

    Raises:
        ValueError: if the shapes differ.
    """
    return _visible_mean(ab, warped_next, occluded, cv2.NORM_L1)


def _visible_mean(first: np.ndarray, second: np.ndarray, occluded: np.ndarray, norm: int) -> float | None:
    """Divide the norm of the difference, which OpenCV sums in float64, by the number of visible entries."""
    _check_same_shape(first, second)
    if occluded.shape != first.shape[:2]:
        raise ValueError(f"`occluded` must be (H, W) = {first.shape[:2]}. Received: {occluded.shape}")
    visible = (~occluded).astype(np.uint8)
    entries = int(np.count_nonzero(visible)) * first.shape[2]
    return cv2.norm(first, second, norm, visible) / entries if entries else None


def _difference(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    _check_same_shape(true, pred)
    return np.subtract(true, pred, dtype=np.float64)


def _check_same_shape(true: np.ndarray, pred: np.ndarray) -> None:
    if true.shape != pred.shape:
        raise ValueError(f"The two must have one shape. Received: {true.shape} and {pred.shape}")
