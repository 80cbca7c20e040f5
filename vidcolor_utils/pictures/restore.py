"""Light restoration of old film: brightness that does not flicker, less grain.

It is meant for the copy of each frame that colours are made from; the film's own luma is changed only where that
is asked for. Interlaced frames come here de-interlaced, see `fields`. What is slower or bolder, such as
removing scratches, is left to tools made for it.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.sizes import fit_short_side, shrunk, shrunk_in_steps

MEMORY = 16  # frames whose histograms the running mean is taken over
TRIMMED = 0.25  # share of them that is left out at both ends: flashes, and frames that are nearly black
QUANTILES = np.linspace(0.05, 0.95, 10)  # by which histograms are compared; the extremes are dirt and clipping
SIDE = 32  # short side at which histograms are taken, in pixels: grain averages out
MAX_GAIN = 1.5  # a larger change of brightness is no flicker
FLICKER = 0.02  # share of its brightness by which a film that flickers leaves the line between two frames
SAME_SHOT = 0.5  # correlation of neighbouring frames, which flicker does not change, below which a shot begins
COPY_SIDE = 192  # short side of the copy that colours are made from, in pixels; networks look at less
REACH, RADIUS = 5, 1.5  # of the bilateral filter: diameter and spatial sigma in pixels
NOISE_FACTOR = 2.5  # its sigma of luma, of that of the noise


class Tone(NamedTuple):
    """A change of brightness: luma * gain + offset."""

    gain: float
    offset: float

    def apply(self, luma: np.ndarray) -> np.ndarray:
        """Change luma in [0, 1], clipped to it."""
        return np.clip(luma * np.float32(self.gain) + np.float32(self.offset), 0, 1)


class Deflicker:
    """Finds the change of brightness that brings each frame to the running mean of its shot.

    A frame's histogram is described by quantiles. Their trimmed mean over the last `MEMORY` frames is what a lamp
    or a shutter that does not flicker would have given, and gain and offset are fitted to it by least squares. The
    method is that of common deflicker filters, on quantiles instead of the mean. A median would jump between two
    brightnesses that take turns.
    """

    def __init__(self) -> None:
        self._quantiles: deque[np.ndarray] = deque(maxlen=MEMORY)
        self._last: np.ndarray | None = None

    @property
    def sees_flicker(self) -> bool:
        """Whether brightness jumps back and forth in the last frames; pans and fades change it evenly."""
        levels = np.mean(self._quantiles, axis=1)
        return len(levels) > 2 and float(np.median(np.abs(np.diff(levels, 2)))) > 2 * FLICKER * levels.mean()

    def __call__(self, luma: np.ndarray) -> Tone:
        """Take the next frame, (H, W) float32 in [0, 1]."""
        small = shrunk_in_steps(luma, fit_short_side(luma.shape, SIDE))
        if self._last is None or _correlation(small, self._last) < SAME_SHOT:
            self._quantiles.clear()
        self._last = small
        own = quantiles_of(small)
        self._quantiles.append(own)
        return _fit(own, _trimmed_mean(np.stack(self._quantiles)))


def _trimmed_mean(quantiles: np.ndarray) -> np.ndarray:
    """Mean over frames (N, Q); as SciPy's `trim_mean`, which takes longer than all else here."""
    left_out = int(TRIMMED * len(quantiles))
    return np.sort(quantiles, axis=0)[left_out : len(quantiles) - left_out].mean(axis=0)


def _fit(own: np.ndarray, target: np.ndarray) -> Tone:
    """Fit gain and offset; a nearly flat picture gets an offset alone."""
    spread = own - own.mean()
    gain = float(np.clip((spread @ target + 1e-3) / (spread @ own + 1e-3), 1 / MAX_GAIN, MAX_GAIN))
    return Tone(gain, float(target.mean() - gain * own.mean()))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if first.shape != second.shape:
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    norm = np.sqrt(np.square(first).sum() * np.square(second).sum())
    return float((first * second).sum() / norm) if norm > 1e-6 else 1.0


def quantiles_of(luma: np.ndarray) -> np.ndarray:
    """`QUANTILES` of luma (H, W), as NumPy's `quantile` gives them, which takes seven times as long."""
    return np.interp(QUANTILES * (luma.size - 1), np.arange(luma.size), np.sort(luma, axis=None))


def denoised(luma: np.ndarray) -> np.ndarray:
    """Take out grain, as much as there is, and keep edges.

    Args:
        luma: (H, W) float32 in [0, 1].

    Returns:
        The same, after a bilateral filter that is as strong as the noise (Immerkaer's estimate, 1996).
    """
    strength = NOISE_FACTOR * noise_of(luma)
    return cv2.bilateralFilter(luma, REACH, strength, RADIUS) if strength > 0 else luma


def noise_of(luma: np.ndarray) -> float:
    """Estimate the standard deviation of the noise in luma (H, W) float32; the median passes over edges."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(luma, -1, kernel)))) / (0.6745 * 6)


class CopyRestorer:
    """Makes the copies that colours are made from; one for each film, frames in order."""

    def __init__(self) -> None:
        self._deflicker = Deflicker()

    def __call__(self, luma: np.ndarray) -> np.ndarray:
        """Restore a frame's luma (H, W) float32 in [0, 1]; the copy's short side is at most `COPY_SIDE`."""
        copy = shrunk(luma, COPY_SIDE)
        return denoised(self._deflicker(copy).apply(copy))
