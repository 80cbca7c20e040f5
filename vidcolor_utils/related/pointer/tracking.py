"""Where a mask goes when a network points: the measure of "tracking emerges from copying colours"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from vidcolor_utils.pictures.flow import warp
from vidcolor_utils.related.clips import block_means
from vidcolor_utils.related.discs import MaskedClip
from vidcolor_utils.related.learning import STRIDE
from vidcolor_utils.related.pointer.model import Pointer
from vidcolor_utils.related.rows import flow_between


class Track(NamedTuple):
    """What became of a clip's mask, for each frame after the first.

    Attributes:
        overlap: (T - 1,) intersection over union with the true mask, on the grid of points.
        color_error: (T - 1,) mean distance of the carried ab from the true ab, inside the true mask.
    """

    overlap: np.ndarray
    color_error: np.ndarray


def track(pointer: Pointer | None, masked: MaskedClip) -> Track:
    """Carry the first frame's mask and colours to each later frame, straight from the first.

    Args:
        pointer: the mask goes by its strongest weight, the colours by all; None: both stay where they were.
        masked: the clip.
    """
    masks = block_means(masked.masks[..., None], STRIDE)[..., 0].reshape(len(masked.masks), -1)
    ab = block_means(masked.clip.lab[..., 1:], STRIDE).reshape(len(masks), -1, 2)
    features = pointer.features(masked.clip.lab) if pointer else None
    overlaps, errors = [], []
    for t in range(1, len(masks)):
        if pointer is None or features is None:
            weights = np.eye(masks.shape[1])
        else:
            weights = pointer.weights(features[t], features[0])
        overlaps.append(iou(masks[0][weights.argmax(axis=1)] > 0.5, masks[t] > 0.5))
        errors.append(np.linalg.norm(weights @ ab[0] - ab[t], axis=-1)[masks[t] > 0.5].mean())
    return Track(np.array(overlaps), np.array(errors))


def track_by_motion(masked: MaskedClip) -> np.ndarray:
    """Overlap (T - 1,) of the first frame's mask fetched along the flow (DIS) from the first frame to each."""
    lightness, overlaps = masked.clip.lab[..., 0], []
    for t in range(1, len(lightness)):
        made = warp(masked.masks[0], flow_between(lightness[t], lightness[0]))
        made, true = (block_means(mask[..., None], STRIDE)[..., 0] > 0.5 for mask in (made, masked.masks[t]))
        overlaps.append(iou(made, true))
    return np.array(overlaps)


def iou(made: np.ndarray, true: np.ndarray) -> float:
    """Intersection over union of two bool masks of one shape; 1 if both are empty."""
    union = np.logical_or(made, true).sum()
    return float(np.logical_and(made, true).sum() / union) if union else 1.0


def error_correlation(tracks: Sequence[Track]) -> float:
    """Spearman's correlation of colour error and mask error (1 - IoU) over all frames of all clips."""
    colors = np.concatenate([each.color_error for each in tracks])
    masks = np.concatenate([1 - each.overlap for each in tracks])
    return float(spearmanr(colors, masks).statistic)
