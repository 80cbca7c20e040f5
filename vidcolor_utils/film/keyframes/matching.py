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
FAMILIAR = 1.9  # distance, over that usual in the frame, at which trust in a match falls to 1/e
LEAST_UNIT = 4.0  # of squared distance; below it differences say nothing


class Library(NamedTuple):
    """Points with colours."""

    features: np.ndarray  # float32 (N, C)
    ab: np.ndarray  # float32 (N, 2)


def library_of(key: KeyFrame) -> Library:
    """Describe the points of a key frame."""
    return Library(describe(key.gray), _at_points(key.ab, grid(key.gray.shape)).reshape(-1, 2))


class Match(NamedTuple):
    """Colours for the points of a frame that motion is not sure of; all float32."""

    ab: np.ndarray  # (h, w, 2), of the points that look most alike
    trust: np.ndarray  # (h, w) in [0, 1], how much they do
    share: np.ndarray  # (h, w) in [0, 1], how far what motion brought looks alike as well


def find_match(gray: np.ndarray, carried: Carried, keys: list[Library]) -> Match:
    """Find colours for the points of a frame that have none to rely on.

    Args:
        gray: the frame, uint8 (H, W).
        carried: what motion brought to it, (h, w): of any size.
        keys: the points of key frames, at least one.

    Returns:
        What was found, (h, w); where motion is sure, what it brought.
    """
    size, points = grid(gray.shape), describe(gray)
    shape = carried.confidence.shape
    ab, confidence = _at_points(carried.ab, size).reshape(-1, 2), _at_points(carried.confidence, size).ravel()
    asking, sure = np.flatnonzero(confidence < UNSURE), np.flatnonzero(confidence > SURE)
    found, trust, share = ab.copy(), np.ones(len(ab), np.float32), np.zeros(len(ab), np.float32)
    if len(asking):
        places = [(_distances(points[asking], points[sure], 1), ab[sure])] if len(sure) else []
        places += [(_distances(points[asking], key.features, FAR), key.ab) for key in keys]
        nearest = np.min([distances.min(axis=1) for distances, _ in places], axis=0)
        found[asking] = _mean_of_nearest(places, nearest)
        moved = _of_motion(points, carried, keys)
        usual = max(float(np.median(nearest)), LEAST_UNIT)
        # Where much is new, points that look for others are no measure of what is usual; those that moved are.
        familiar = max(min(usual, float(np.median(moved[sure]))), LEAST_UNIT) if len(sure) else usual
        trust[asking] = np.exp(-((nearest / (FAMILIAR * familiar)) ** 4))
        share[asking] = np.exp(-np.maximum(moved[asking] - nearest, 0) / (ALIKE * usual))
    planes = (found.reshape(*size, 2), trust.reshape(size), share.reshape(size))
    return Match(*(cv2.resize(plane, shape[::-1]) for plane in planes))


def _mean_of_nearest(places: list[tuple[np.ndarray, np.ndarray]], nearest: np.ndarray) -> np.ndarray:
    """Means of colours (A, 2), weighted by nearness beyond the nearest (A,).

    Args:
        places: squared distances (A, B) to points, and these points' colours (B, 2).
        nearest: the least distance of each row.
    """
    sums = np.zeros((3, len(nearest)))
    for distances, colors in places:
        close = distances < (nearest + np.float32(NO_WEIGHT * SHARPNESS))[:, None]  # few of all
        rows, columns = np.divmod(np.flatnonzero(close), distances.shape[1])
        weights = np.exp((nearest[rows] - distances[close]) / np.float32(SHARPNESS))
        for total, values in zip(sums, (1.0, *colors[columns].T), strict=True):
            total += np.bincount(rows, weights * values, len(nearest))
    return (sums[1:] / sums[0]).T


def _of_motion(points: np.ndarray, carried: Carried, keys: list[Library]) -> np.ndarray:
    """Squared distances of points (N, C) to those of key frames that motion says they are, the least of them."""
    points = _weighted(points, 0)
    brought = [
        np.square(points - _weighted(key.features[source], 0)).sum(axis=1)
        for key, source in zip(keys, carried.sources, strict=False)
    ]
    return np.min(brought, axis=0)


def _distances(asking: np.ndarray, others: np.ndarray, place: float) -> np.ndarray:
    """Squared distances (A, B) between points (A, C) and (B, C), of which place counts so much."""
    asking, others = _weighted(asking, place), _weighted(others, place)
    lengths = [np.square(each).sum(axis=1, keepdims=True) for each in (asking, others)]
    # |x - y|^2 as one product of matrices: what is as large as its result is slow to go through again.
    left = np.hstack([-2 * asking, lengths[0], np.ones_like(lengths[0])])
    return left @ np.hstack([others, np.ones_like(lengths[1]), lengths[1]]).T


def _weighted(points: np.ndarray, place: float) -> np.ndarray:
    return np.hstack([points[:, :-2], points[:, -2:] * np.float32(place)])


def _at_points(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA)
