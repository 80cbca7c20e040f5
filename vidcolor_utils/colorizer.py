"""The frame colorizer with its shipped weights: luma in, chroma out, one frame at a time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.chroma import with_chroma
from vidcolor_utils.color import luma_from_rgb, to_float01
from vidcolor_utils.quiet import quiet_native_logs

SHIPPED_WEIGHTS = "frame.safetensors"
WORKING_SIDE = 160  # short side of the network's input in pixels
MAX_ASPECT = 4  # wider pictures are squeezed for the network


def shipped_weights_path(name: str = SHIPPED_WEIGHTS) -> Path:
    """Path of a weights file inside the package."""
    return Path(str(resources.files("vidcolor_utils") / "weights" / name))


class FrameColorizer:
    """Predicts the chroma of single frames.

    Args:
        weights: a file written by `weights_io.save_weights`; the shipped one if not given.
        working_side: short side of the network's input in pixels.
        flip: average with the prediction for the mirrored frame: slower, a little better.
    """

    def __init__(self, weights: str | Path | None = None, *, working_side: int = WORKING_SIDE, flip: bool = True):
        self.working_side, self.flip = working_side, flip
        with quiet_native_logs():  # the backend is imported here, not when a program asks for help
            from vidcolor_utils.models.frame_colorizer import STRIDE, build_frame_colorizer
            from vidcolor_utils.weights_io import load_weights

            self._stride, self.model = STRIDE, build_frame_colorizer()
            load_weights(self.model, weights or shipped_weights_path())

    def working_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the network's input for frames of this size."""
        scale = self.working_side / min(height, width)
        sides = (min(side * scale, self.working_side * MAX_ASPECT) for side in (height, width))
        return tuple(max(self._stride, round(side / self._stride) * self._stride) for side in sides)

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma.

        Args:
            lumas: frames of one size, each (H, W) float32 luma in [0, 1].

        Returns:
            (N, h/2, w/2, 2) float32 ab in Lab units, (h, w) = `working_size(H, W)`.
        """
        height, width = self.working_size(*lumas[0].shape)
        small = [cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA) for luma in lumas]
        batch = np.stack(small)[..., None].astype(np.float32)
        ab = self._predict(batch)
        if self.flip:
            ab = (ab + self._predict(batch[:, :, ::-1])[:, :, ::-1]) / 2
        return ab

    def _predict(self, batch: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(np.ascontiguousarray(batch)), np.float32)


def colorize_frames(frames: np.ndarray, colorizer: FrameColorizer, *, batch: int = 8) -> np.ndarray:
    """Colorize a clip in memory, each frame by itself.

    Args:
        frames: (T, H, W) gray or (T, H, W, 3) RGB uint8; only luma is used.
        colorizer: predicts the chroma.
        batch: frames given to the network at once.

    Returns:
        (T, H, W, 3) uint8 RGB with the luma of `frames`.
    """
    lumas = [to_float01(frame) if frame.ndim == 2 else luma_from_rgb(frame) for frame in frames]
    colored = []
    for start in range(0, len(lumas), batch):
        chunk = lumas[start : start + batch]
        colored += [with_chroma(luma, ab) for luma, ab in zip(chunk, colorizer.predict_ab(chunk), strict=True)]
    return np.stack(colored)
