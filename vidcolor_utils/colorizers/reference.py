"""Colours of a photograph for frames that resemble it.

Each point of a frame looks for the points of the photograph that are most like it, in what tells regions apart
without colour: the network's own guess, brightness, texture and place. The nearer they are, the more it takes of
their colours; where nothing is near, where the points found differ in colour, and in a frame of which little is
found, the network's colours stand, so that a photograph of something else does nothing. This is the idea of
exemplar colorization (He et al., "Deep exemplar-based colorization", 2018) with features at hand instead of a
network trained for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, ColorizerAround, Meaning, predict_with
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.pictures.sizes import fit_short_side

SIDE = 80  # short side of the grid of points; that of the shipped network's output
NEIGHBORS = 8
# What counts as one unit of difference in each feature; tuned on true frames of the hiking clips as photographs.
AB_UNIT = 6.0  # of the network's guess, Lab units
LUMA_UNIT, WIDE_LUMA_UNIT = 0.06, 0.12  # of luma averaged over a point, and around it
TEXTURE_UNIT = 0.4  # of the logarithm of luma's spread
DOWN_UNIT, ACROSS_UNIT = 0.15, 0.4  # of the frame's height and width
POINT, AROUND = 1.0, 6.0  # radii of those averages, in points
FINE, COARSE = 2.0, 4.0  # radii over which the spread is taken, in half points and in points
LEAST_SPREAD = 0.01  # of luma: below it texture is noise
UNSURE = 1.7  # mean distance at which the trust in a match has fallen to 1/e
MIXED = 4.5  # spread of the matches' colours, Lab units, at which it has; in the right photograph they agree
RECOGNIZED = 0.1, 0.35  # mean trust up to which a frame is taken for another scene, and from which for the same


class Points(NamedTuple):
    """Points of a photograph: what they look like, and their colour."""

    features: np.ndarray  # float32 (N, 8), see `features_of`
    ab: np.ndarray  # float32 (N, 2), Lab


class ReferenceColorizer(ColorizerAround):
    """A colorizer that takes the colours of photographs where a frame resembles them.

    Args:
        colorizer: predicts the colours of all else, and helps to tell what resembles what.
        photographs: at least one, RGB uint8 (H, W, 3) of any size, in colour.
    """

    def __init__(self, colorizer: Colorizer, photographs: Iterable[np.ndarray]):
        from scipy.spatial import cKDTree  # here, since it takes longer to import than all else that a film needs

        super().__init__(colorizer)
        points = [_points_of(rgb, colorizer) for rgb in photographs]
        self._tree = cKDTree(np.concatenate([each.features for each in points]))
        self._ab = np.concatenate([each.ab for each in points])

    def predict_ab(self, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning] | None = None) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        fresh = predict_with(self._colorizer, lumas, meanings)
        return np.stack([self._guided(luma, ab) for luma, ab in zip(lumas, fresh, strict=True)])

    def _guided(self, luma: np.ndarray, ab: np.ndarray) -> np.ndarray:
        size = fit_short_side(ab.shape, SIDE)
        distances, nearest = self._tree.query(features_of(luma, resize_ab(ab, size)), k=NEIGHBORS)
        near = distances.astype(np.float32)
        weights = np.exp((near[:, :1] ** 2 - near**2) / 2)[..., None]
        total, colors = weights.sum(axis=1), self._ab[nearest]
        found = (weights * colors).sum(axis=1) / total
        variance = (weights * np.square(colors - found[:, None])).sum(axis=(1, 2)) / total[:, 0]
        trust = np.exp(-((near.mean(axis=1) / UNSURE) ** 4) - np.square(variance / MIXED**2))
        trust *= _smoothstep(trust.mean(), *RECOGNIZED)
        found, trust = (cv2.resize(of.reshape(*size, -1), ab.shape[1::-1]) for of in (found, trust))
        return ab + trust[..., None] * (found - ab)


def _points_of(rgb: np.ndarray, colorizer: Colorizer) -> Points:
    rgb = find_active_area([luma_from_rgb(rgb)]).cut(rgb)
    luma = luma_from_rgb(rgb)
    guess = colorizer.predict_ab([luma])[0]
    size = fit_short_side(guess.shape, SIDE)
    true = lab_from_rgb(cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA))[..., 1:]
    return Points(features_of(luma, resize_ab(guess, size)), true.reshape(-1, 2))


def features_of(luma: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Describe each point of a picture by what tells regions apart.

    Args:
        luma: (H, W) float32 in [0, 1].
        guess: what a colorizer takes the picture's colours for, ab (h, w, 2) float32, one for each point.

    Returns:
        (h w, 8) float32: ab, luma, luma around, fine and coarse texture, place; each divided by its unit.
    """
    height, width = guess.shape[:2]
    points = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    halves = cv2.resize(luma, (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
    fine = cv2.resize(spread(halves, FINE), (width, height), interpolation=cv2.INTER_AREA)
    textures = [np.log(each + LEAST_SPREAD) for each in (fine, spread(points, COARSE))]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    layers = [
        guess / AB_UNIT,
        _blurred(points, POINT) / LUMA_UNIT,
        _blurred(points, AROUND) / WIDE_LUMA_UNIT,
        *(texture / TEXTURE_UNIT for texture in textures),
        down / (height * DOWN_UNIT),
        across / (width * ACROSS_UNIT),
    ]
    return np.dstack(layers).reshape(height * width, -1).astype(np.float32)


def _blurred(luma: np.ndarray, radius: float) -> np.ndarray:
    return cv2.GaussianBlur(luma, (0, 0), radius)


def spread(luma: np.ndarray, radius: float) -> np.ndarray:
    """Standard deviation of luma (H, W) around each place, weighted by a Gaussian of `radius` pixels."""
    return np.sqrt(np.maximum(_blurred(luma * luma, radius) - _blurred(luma, radius) ** 2, 0))


def _smoothstep(value: float, low: float, high: float) -> np.float32:
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.float32(share * share * (3 - 2 * share))
