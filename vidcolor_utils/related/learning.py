"""What several chapters learn with: scales of L and ab, points that colours are read at, who hears of a step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vidcolor_utils.related.clips import block_means

AB_SCALE = 50.0  # Lab units that count as 1
STRIDE = 4  # pixels from one point to the next
GAPS = (1, 2, 3, 4, 5, 6, 7, 8)  # frames between the two of a pair

Watch = Callable[[int, float], None]
"""Told the number of a step and its loss."""


def unwatched(step: int, loss: float) -> None:
    """Tell nobody."""


def scaled_lightness(lab: np.ndarray) -> np.ndarray:
    """L of Lab frames (..., 3), from [0, 100] to [-1, 1], as (..., 1)."""
    return lab[..., :1] / 50 - 1


def grid_values(lab: np.ndarray) -> np.ndarray:
    """The ab of Lab frames (T, S, S, 3) at the points, in Lab units: (T, n, 2), n = (S / `STRIDE`)^2."""
    return block_means(lab[..., 1:], STRIDE).reshape(len(lab), -1, 2)


def grid_ab(lab: np.ndarray) -> np.ndarray:
    """The same scaled, `AB_SCALE` to 1, as networks learn it: (T, n, 2)."""
    return grid_values(lab) / AB_SCALE
