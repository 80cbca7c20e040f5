"""Colour as classes: ab bins, soft targets, class weights, and the way back to ab.

The training objective of "Colorful Image Colorization" (Zhang, Isola & Efros 2016, arXiv 1603.08511), whose
equations are named below, in NumPy.

Bins are squares of ab, `BIN_WIDTH` wide, centred on multiples of it. `Q` is their number. A bin counts as
in gamut if some 8-bit sRGB colour, of any lightness, falls into it: that makes Q = 261. The paper counts 313; the
released list holds all of these 261 and a margin of 52 more around them, up to 15 units outside the gamut, that no
pixel of an sRGB image falls into.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from vidcolor_utils.pictures.color import AB_LIMIT

BIN_WIDTH = 10
NEIGHBORS = 5  # paper; the released training code uses 10
SIGMA = 5.0  # of the Gaussians for soft targets and for smoothing the prior, in Lab units
UNIFORM_SHARE = 0.5  # lambda of equation 4
TEMPERATURE = 0.38  # T of equation 5

_CELLS = AB_LIMIT // BIN_WIDTH + 1  # rows of bins on each side of gray, all candidates
_XYZ_FROM_RGB = np.array(  # sRGB, D65 (IEC 61966-2-1)
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_INDEX_BASE = 1024  # more than Q


@lru_cache
def ab_bins() -> np.ndarray:
    """Centres of the in-gamut bins, (Q, 2) float32 Lab units, sorted by a, then b; read-only."""
    ramp = np.arange(256) / 255
    side, other = (plane.ravel() for plane in np.meshgrid(ramp, ramp))
    # Going up in L at a fixed ab, one enters the RGB cube through one of its faces: they show every ab there is.
    faces = [
        np.insert(np.stack([side, other], axis=-1), axis, level, axis=-1)
        for axis in range(3)
        for level in (0.0, 1.0)
    ]
    cells = np.rint(_exact_ab(np.concatenate(faces)) / BIN_WIDTH).astype(int) + _CELLS
    occupied = np.zeros((2 * _CELLS + 1,) * 2, bool)
    occupied[cells[:, 0], cells[:, 1]] = True
    return _read_only(((np.argwhere(occupied) - _CELLS) * BIN_WIDTH).astype(np.float32))


def nearest_bin(ab: np.ndarray) -> np.ndarray:
    """Index of the bin that each colour falls into; of the nearest one, for colours outside sRGB.

    Decoding it again, `ab_bins()[nearest_bin(ab)]`, is wrong by at most 5 in a and in b (7.1 together) and by
    2.9 rms each for colours spread evenly: the quantization bound of a bin's width of 10.

    Args:
        ab: (..., 2) float, Lab units.

    Returns:
        (...) int32 in [0, Q).
    """
    cells = np.clip(np.rint(ab / BIN_WIDTH), -_CELLS, _CELLS).astype(np.int32) + _CELLS
    return _cell_table()[cells[..., 0], cells[..., 1]]


def soft_encode(
    ab: np.ndarray, *, neighbors: int = NEIGHBORS, sigma: float = SIGMA
) -> tuple[np.ndarray, np.ndarray]:
    """Spread each colour over its nearest bins, weighted with a Gaussian of the distance.

    The target Z of the paper's equation 2: H_gt^-1 in its section 2.1. `ab` is rounded to whole
    Lab units first, so that it can be looked up (`encoding_table`).

    Args:
        ab: (..., 2) float, Lab units.
        neighbors: K, how many bins; 5 in the paper, 10 in the released code.
        sigma: of the Gaussian, Lab units.

    Returns:
        Indices (..., K) int32, nearest first, and weights (..., K) float32 that sum to 1.

    Example:
        >>> indices, weights = soft_encode(np.zeros((1, 2)))
        >>> weights.round(2)
        array([[0.65, 0.09, 0.09, 0.09, 0.09]], dtype=float32)
    """
    indices, weights = encoding_table(neighbors, sigma)
    rounded = np.clip(np.rint(ab), -AB_LIMIT, AB_LIMIT).astype(np.int32) + AB_LIMIT
    rows = rounded[..., 0] * (2 * AB_LIMIT + 1) + rounded[..., 1]
    return indices[rows], weights[rows]


@lru_cache(maxsize=4)
def encoding_table(neighbors: int = NEIGHBORS, sigma: float = SIGMA) -> tuple[np.ndarray, np.ndarray]:
    """Soft targets of every ab in whole units; the row of (a, b) is (a + 110) 221 + b + 110.

    Returns:
        Indices (221 * 221, K) int32, nearest first, and weights (221 * 221, K) float32; read-only.

    Raises:
        ValueError: if `neighbors` is not in [1, Q] or `sigma` is not positive.
    """
    if not 1 <= neighbors <= len(ab_bins()):
        raise ValueError(f"`neighbors` must be in [1, {len(ab_bins())}]. Received: {neighbors}")
    if sigma <= 0:
        raise ValueError(f"`sigma` must be positive. Received: {sigma}")
    units = np.arange(-AB_LIMIT, AB_LIMIT + 1)
    indices, squared = _nearest_bins(np.stack(np.meshgrid(units, units, indexing="ij"), -1), neighbors)
    weights = np.exp((squared[:, :1] - squared) / (2 * sigma**2))
    weights /= weights.sum(axis=1, keepdims=True)
    return _read_only(indices), _read_only(weights.astype(np.float32))


def decode(indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean colour of soft targets (..., K), as from `soft_encode`; returns (..., 2) float32 ab.

    It undoes `soft_encode` better than the nearest bin does, though not exactly: it is wrong by at most 4.8 for
    8-bit sRGB colours (at the edge of the gamut), and by 0.4 rms in a and in b for those of photographs.
    """
    return np.sum(ab_bins()[indices] * weights[..., None], axis=-2)


def class_prior(ab_images: Iterable[np.ndarray], *, sigma: float = SIGMA) -> np.ndarray:
    """How often each bin occurs, smoothed: p~ of the paper's equation 4.

    Every pixel counts for the bin it falls into; then each bin's share is spread over all bins in proportion to
    a Gaussian of their distance in ab (the in-gamut part of it, so that nothing is lost).

    Args:
        ab_images: arrays (..., 2) in Lab units.
        sigma: of the Gaussian; the paper's 5. 0 leaves the counts as they are.

    Returns:
        (Q,) float64, sums to 1.

    Raises:
        ValueError: if there is no pixel at all.
    """
    counts = np.zeros(len(ab_bins()))
    for ab in ab_images:
        counts += np.bincount(nearest_bin(ab).ravel(), minlength=len(counts))
    if not counts.any():
        raise ValueError("`ab_images` holds no pixel")
    counts /= counts.sum()
    if sigma == 0:
        return counts
    squared = np.square(ab_bins()[:, None] - ab_bins()).sum(axis=-1, dtype=np.float64)
    kernel = np.exp(-squared / (2 * sigma**2))
    return (kernel / kernel.sum(axis=0)) @ counts


def rebalancing_weights(prior: np.ndarray, *, uniform_share: float = UNIFORM_SHARE) -> np.ndarray:
    """Class weights that let rare colours count: the paper's equation 4.

        w ~ 1 / ((1 - lambda) p~ + lambda / Q),  sum(p~ w) = 1

    Args:
        prior: p~, (Q,), sums to 1.
        uniform_share: lambda; 1 weighs all classes equally.

    Returns:
        (Q,) float64.

    Raises:
        ValueError: if `uniform_share` is not in (0, 1].
    """
    if not 0 < uniform_share <= 1:
        raise ValueError(f"`uniform_share` must be in (0, 1]. Received: {uniform_share}")
    weights = 1 / ((1 - uniform_share) * prior + uniform_share / len(prior))
    return weights / np.sum(prior * weights)


def annealed_mean(probabilities: np.ndarray, *, temperature: float = TEMPERATURE) -> np.ndarray:
    """Colour of a distribution over the bins, between its mean and its mode: the paper's equation 5.

        f_T(z) = exp(log(z) / T) / sum(exp(log(z) / T)),  ab = sum of bins times f_T(z)

    Args:
        probabilities: (..., Q), each row sums to 1.
        temperature: T > 0; 1 gives the mean, and the smaller T the nearer the answer to the mode.

    Returns:
        (..., 2) float32 ab.

    Raises:
        ValueError: if `temperature` is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"`temperature` must be positive. Received: {temperature}")
    # Scaled to a maximum of 1 before it is raised, so that it never underflows to nothing.
    sharpened = (probabilities / probabilities.max(axis=-1, keepdims=True)) ** (1 / temperature)
    sharpened /= sharpened.sum(axis=-1, keepdims=True)
    return (sharpened @ ab_bins()).astype(np.float32)


def _exact_ab(rgb: np.ndarray) -> np.ndarray:
    """Convert sRGB (N, 3) in [0, 1] to ab (N, 2) in double precision.

    OpenCV interpolates in a table and is up to 0.6 off, which moves colours between bins; the number of bins
    must not depend on its version.
    """
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    relative = linear @ (_XYZ_FROM_RGB / _XYZ_FROM_RGB.sum(axis=1, keepdims=True)).T  # to white
    x, y, z = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29).T
    return np.stack([500 * (x - y), 200 * (y - z)], axis=-1)


@lru_cache
def _cell_table() -> np.ndarray:
    """Index of the bin nearest to the centre of every cell, (2 _CELLS + 1,) squared."""
    centres = np.arange(-_CELLS, _CELLS + 1) * BIN_WIDTH
    indices, _ = _nearest_bins(np.stack(np.meshgrid(centres, centres, indexing="ij"), -1), 1)
    return _read_only(indices.reshape(len(centres), len(centres)))


def _nearest_bins(ab: np.ndarray, neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins nearest to whole-numbered ab (..., 2): int32 indices and squared distances, both (N, neighbors)."""
    ab, bins = ab.reshape(-1, 2).astype(np.int32), ab_bins().astype(np.int32)
    squared = sum(np.square(ab[:, None, axis] - bins[:, axis]) for axis in range(2))
    # Whole numbers that order by distance, then by index: equal distances come out the same everywhere.
    keys = squared * _INDEX_BASE + np.arange(len(bins), dtype=np.int32)
    if neighbors < len(bins):
        keys = np.partition(keys, neighbors - 1, axis=1)[:, :neighbors]
    squared, indices = np.divmod(np.sort(keys, axis=1), _INDEX_BASE)
    return indices, squared


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
