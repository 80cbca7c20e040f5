"""Paler or stronger colours than those that a colorizer predicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidcolor_utils.colorizer import Colorizer

LARGEST = 3.0


class SaturatedColorizer:
    """A colorizer with its chroma multiplied.

    Luma is not its business; `chroma.rgb_difference` keeps strong colours inside RGB without changing it.

    Args:
        colorizer: predicts the chroma.
        factor: in [0, `LARGEST`]; 0 gives gray, 1 what `colorizer` gives.

    Raises:
        ValueError: if `factor` is out of range.
    """

    def __init__(self, colorizer: Colorizer, factor: float):
        if not 0 <= factor <= LARGEST:
            raise ValueError(f"`factor` must be in [0, {LARGEST:g}]. Received: {factor}")
        self._colorizer, self._factor = colorizer, np.float32(factor)

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        return self._colorizer.predict_ab(lumas) * self._factor
