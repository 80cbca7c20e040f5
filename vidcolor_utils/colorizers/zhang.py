"""The report's baseline: Zhang et al. 2016 with the authors' weights."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vidcolor_utils.pictures.color import lightness_from_luma
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.weights.fetched import find_weights

ZHANG_SIDE = 256


class ZhangColorizer:
    """The network of "Colorful Image Colorization" (Zhang et al. 2016) with the authors' weights.

    Like the authors' demo it looks at each frame shrunk to a square of 256 pixels.

    Raises:
        InputError: if the weights are not there yet; says how to fetch them.
    """

    def __init__(self) -> None:
        path = find_weights("zhang")
        with quiet_native_logs():
            from vidcolor_utils.models.zhang import load_zhang

            self.model = load_zhang(path)
        self._path = path

    def fingerprint(self) -> dict:
        """Do as `FrameColorizer.fingerprint` does."""
        return {"weights": [file_sha256(self._path)]}

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma: (N, 256, 256, 2) ab for frames as `Colorizer.predict_ab` takes."""
        size = (ZHANG_SIDE, ZHANG_SIDE)
        small = (cv2.resize(luma, size, interpolation=cv2.INTER_AREA) for luma in lumas)
        batch = np.stack([lightness_from_luma(luma) for luma in small])[..., None]
        return np.asarray(self.model.predict_on_batch(batch), np.float32)
