"""Colours for what no motion reaches: points take those of the points that look most like them.

They are looked for in the key frames of the shot, and among those points of the frame itself that motion reached.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.film.keyframes.features import describe, grid
from vidcolor_utils.film.keyframes.tracks import Carried, KeyFrame

SURE, UNSURE = 0.6, 0.9  # confidence from which a point serves others, and up to which it looks for others
SHARPNESS = 0.3  # squared distance at which a weight has fallen to 1/e
NO_WEIGHT = 7.0  # of `SHARPNESS`, beyond the nearest, from which a point is left out
FAR = 0.5  # share of the usual weight of place, between a frame and a key frame: things move
ALIKE = 1.0  # the same by which what motion brought may be further off, at which its share is 1/e
FAMILIAR = 3.0  # distance, over that usual in the frame, at which trust in a match falls to 1/e
LEAST_UNIT = 4.0  # of squared distance; below it differences say nothing


class Library(NamedTuple):
    """Points with colours."""

    features: np.ndarray  # float32 (N, C)
    ab: np.ndarray  # float32 (N, 2)


def library_of(key: KeyFrame) -> Library:
    """Describe the points of a key frame."""
    return Library(describe(key.gray), _at_points(key.ab).reshape(-1, 2))


class Match(NamedTuple):
    """Colours for the points of a frame that motion is not sure of; all float32."""

    ab: np.ndarray  # (h, w, 2), of the points that look most alike
    trust: np.ndarray  # (h, w) in [0, 1], how much they do
    share: np.ndarray  # (h, w) in [0, 1], how far what motion brought looks alike as well


def find_match(gray: np.ndarray, carried: Carried, keys: list[Library]) -> Match:
    """Find colours for the points of a frame that have none to rely on.

    Args:
        gray: the frame, uint8 (h, w).
        carried: what motion brought to it.
        keys: the points of key frames, at least one.

    Returns:
        What was found; where motion is sure, what it brought.
    """
    size, points = grid(gray.shape), describe(gray)
    confidence, ab = _at_points(carried.confidence).ravel(), _at_points(carried.ab).reshape(-1, 2)
    asking, sure = np.flatnonzero(confidence < UNSURE), np.flatnonzero(confidence > SURE)
    found, trust, share = ab.copy(), np.ones(len(ab), np.float32), np.zeros(len(ab), np.float32)
    if len(asking):
        distances = _distances(points[asking], points[sure], keys)
        colors = np.concatenate([ab[sure], *(key.ab for key in keys)])
        nearest = distances.min(axis=1, keepdims=True)
        found[asking] = _mean_of_nearest(distances, nearest, colors)
        unit = max(float(np.median(nearest)), LEAST_UNIT)
        trust[asking] = np.exp(-((nearest[:, 0] / (FAMILIAR * unit)) ** 4))
        extra = np.maximum(_of_motion(points, carried, keys)[asking] - nearest[:, 0], 0)
        share[asking] = np.exp(-extra / (ALIKE * unit))
    shape = gray.shape[::-1]
    planes = (found.reshape(*size, 2), trust.reshape(size), share.reshape(size))
    return Match(*(cv2.resize(plane, shape) for plane in planes))


def _mean_of_nearest(distances: np.ndarray, nearest: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Means of colours (B, 2) for each row of distances (A, B), weighted by nearness beyond the nearest (A, 1)."""
    width = distances.shape[1]
    places = np.flatnonzero(distances < nearest + np.float32(NO_WEIGHT * SHARPNESS))  # few of all
    rows, columns = places // width, places % width
    weights = np.exp((nearest[rows, 0] - distances.ravel()[places]) / SHARPNESS)
    sums = [np.bincount(rows, weights * plane[columns], len(distances)) for plane in colors.T]
    return np.stack(sums, axis=-1) / np.bincount(rows, weights, len(distances))[:, None]


def _of_motion(points: np.ndarray, carried: Carried, keys: list[Library]) -> np.ndarray:
    """Squared distances of points (N, C) to those of key frames that motion says they are, the least of them."""
    points = _weighted(points, 0)
    brought = [
        np.square(points - _weighted(key.features[source], 0)).sum(axis=1)
        for key, source in zip(keys, carried.sources, strict=False)
    ]
    return np.min(brought, axis=0)


def _distances(asking: np.ndarray, sure: np.ndarray, keys: list[Library]) -> np.ndarray:
    """Squared distances from points to those of the same frame and to those of key frames."""
    loose = _weighted(asking, FAR)
    return np.hstack([_squared(asking, sure), *(_squared(loose, _weighted(key.features, FAR)) for key in keys)])


def _weighted(points: np.ndarray, place: float) -> np.ndarray:
    return np.hstack([points[:, :-2], points[:, -2:] * np.float32(place)])


def _squared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lengths = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    return np.maximum(lengths - 2 * first @ second.T, 0)


def _at_points(plane: np.ndarray) -> np.ndarray:
    return cv2.resize(plane, grid(plane.shape)[::-1], interpolation=cv2.INTER_AREA)
