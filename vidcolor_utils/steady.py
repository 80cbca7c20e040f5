"""Steady colour: each frame's chroma is drawn towards the last frame's, moved along with the picture.

A per-frame colorizer looks at every frame as if it were the first and changes its mind from one to the next. Here
the chroma given to the last frame is carried along the optical flow of the luma, and kept where the carried luma
agrees with the new one; where it does not (something new, a cut) the fresh colours stand.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vidcolor_utils.chroma import resize_ab
from vidcolor_utils.color import to_uint8
from vidcolor_utils.colorizer import Colorizer
from vidcolor_utils.flow import DenseFlow, warp

SIDE = 192  # short side at which chroma is carried, in pixels
STRENGTH = 0.92  # share of the past where the carried luma agrees perfectly
AGREEMENT = 12.0  # difference of luma, of 255, at which trust in the past falls to 1/e
SMOOTHING = (5, 5)  # pixels over which that difference is averaged
CUT = 0.3  # mean trust below which the frame is taken for the first of another shot


class SteadyColorizer:
    """A colorizer for the frames of one video, in order.

    Args:
        colorizer: predicts the fresh colours of each frame.
        strength: in [0, 1): 0 leaves the fresh colours as they are; the nearer to 1, the longer colours last.

    Raises:
        ValueError: if `strength` is not in [0, 1).
    """

    def __init__(self, colorizer: Colorizer, *, strength: float = STRENGTH):
        if not 0 <= strength < 1:
            raise ValueError(f"`strength` must be in [0, 1). Received: {strength}")
        self._colorizer, self._strength = colorizer, strength
        self._flow = DenseFlow()
        self._last: tuple[np.ndarray, np.ndarray] | None = None  # luma uint8 (h, w), ab float32 (h, w, 2)

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the chroma of the next frames.

        Args:
            lumas: frames of one size that follow those of the last call, each (H, W) float32 in [0, 1].

        Returns:
            (N, h, w, 2) float32 ab in Lab units; the shorter of h and w is at most `SIDE`.
        """
        fresh = self._colorizer.predict_ab(lumas)
        return np.stack([self._next(luma, ab) for luma, ab in zip(lumas, fresh, strict=True)])

    def _next(self, luma: np.ndarray, fresh_ab: np.ndarray) -> np.ndarray:
        scale = min(1.0, SIDE / min(luma.shape))
        height, width = (max(1, round(side * scale)) for side in luma.shape)
        gray = to_uint8(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA))
        ab = resize_ab(fresh_ab, (height, width))
        if self._last is not None:
            ab = self._draw_to_past(gray, ab)
        self._last = gray, ab
        return ab

    def _draw_to_past(self, gray: np.ndarray, ab: np.ndarray) -> np.ndarray:
        last_gray, last_ab = self._last
        flow = self._flow(gray, last_gray)
        difference = cv2.blur(cv2.absdiff(warp(last_gray, flow), gray).astype(np.float32), SMOOTHING)
        trust = np.exp(-np.square(difference / AGREEMENT))
        if trust.mean() < CUT:
            return ab
        carried = warp(last_ab, flow)
        return ab + (self._strength * trust)[..., None] * (carried - ab)
