"""Per-frame colorizers with their weights: luma in, chroma out, one frame at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.chroma import resize_ab, with_chroma
from vidcolor_utils.color import lightness_from_luma, luma_from_rgb, to_float01
from vidcolor_utils.errors import InputError
from vidcolor_utils.quiet import quiet_native_logs
from vidcolor_utils.weights_store import find_weights

SHIPPED_WEIGHTS = "frame.safetensors"
WORKING_SIDES = (96, 128)  # short sides of the network's input in pixels; the mean of two sizes beats each
ZHANG_SIDE = 256
MAX_ASPECT = 4  # wider pictures are squeezed for the network


def shipped_weights_path(name: str = SHIPPED_WEIGHTS) -> Path:
    """Path of a weights file inside the package."""
    return Path(str(resources.files("vidcolor_utils") / "weights" / name))


class FrameColorizer:
    """Predicts the chroma of single frames.

    Args:
        weights: a file written by `weights_io.save_weights`; the shipped one if not given.
        working_sides: short sides of the network's input in pixels; predictions at several sizes are averaged.
        flip: average with the prediction for the mirrored frame: slower, a little better.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        working_sides: tuple[int, ...] = WORKING_SIDES,
        flip: bool = True,
    ):
        self.working_sides, self.flip = working_sides, flip
        with quiet_native_logs():  # the backend is imported here, not when a program asks for help
            from vidcolor_utils.models.frame_colorizer import STRIDE, build_frame_colorizer
            from vidcolor_utils.weights_io import load_weights, read_metadata

            weights = weights or shipped_weights_path()
            objective = read_metadata(weights).get("objective", "regression")
            self._stride, self.model = STRIDE, build_frame_colorizer(objective)
            load_weights(self.model, weights)

    def working_size(self, height: int, width: int, side: int) -> tuple[int, int]:
        """Height and width of the network's input for frames of this size, with `side` as the short one."""
        scale = side / min(height, width)
        sides = (min(length * scale, side * MAX_ASPECT) for length in (height, width))
        return tuple(max(self._stride, round(length / self._stride) * self._stride) for length in sides)

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma.

        Args:
            lumas: frames of one size, each (H, W) float32 luma in [0, 1].

        Returns:
            (N, h/2, w/2, 2) float32 ab in Lab units, (h, w) = `working_size(H, W, max(working_sides))`.
        """
        height, width = self.working_size(*lumas[0].shape, max(self.working_sides))
        total = np.zeros((len(lumas), height // 2, width // 2, 2), np.float32)
        for side in self.working_sides:
            for frame_sum, ab in zip(total, self._predict_at(lumas, side), strict=True):
                frame_sum += resize_ab(ab, frame_sum.shape[:2])
        return total / len(self.working_sides)

    def _predict_at(self, lumas: Sequence[np.ndarray], side: int) -> np.ndarray:
        height, width = self.working_size(*lumas[0].shape, side)
        small = [cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA) for luma in lumas]
        batch = np.stack(small)[..., None].astype(np.float32)
        ab = self._predict(batch)
        if self.flip:
            ab = (ab + self._predict(batch[:, :, ::-1])[:, :, ::-1]) / 2
        return ab

    def _predict(self, batch: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(np.ascontiguousarray(batch)), np.float32)


class ZhangColorizer:
    """The network of "Colorful Image Colorization" (Zhang et al. 2016) with the authors' weights.

    Like the authors' demo it looks at each frame shrunk to a square of 256 pixels.

    Raises:
        InputError: if the weights are not there yet; says how to fetch them.
    """

    def __init__(self):
        path = find_weights("zhang")
        with quiet_native_logs():
            from vidcolor_utils.models.zhang import load_zhang

            self.model = load_zhang(path)

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma: (N, 256, 256, 2) ab for frames as `FrameColorizer.predict_ab` takes."""
        size = (ZHANG_SIDE, ZHANG_SIDE)
        small = (cv2.resize(luma, size, interpolation=cv2.INTER_AREA) for luma in lumas)
        batch = np.stack([lightness_from_luma(luma) for luma in small])[..., None]
        return np.asarray(self.model.predict_on_batch(batch), np.float32)


class Colorizer(Protocol):
    """Anything that predicts chroma."""

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict (N, h, w, 2) ab in Lab units for frames (H, W) of one size, float32 luma in [0, 1]."""
        ...


METHODS = {"frame": FrameColorizer, "zhang": ZhangColorizer}


def load_colorizer(method: str = "frame") -> Colorizer:
    """Load a per-frame colorizer by name.

    Args:
        method: "frame", the network that ships, or "zhang", the report's baseline.

    Raises:
        InputError: if there is no such method, or its weights are not there yet.
    """
    if method not in METHODS:
        raise InputError(f"`method` must be one of {', '.join(METHODS)}. Received: {method!r}")
    return METHODS[method]()


def predict_full_size(colorizer: Colorizer, lumas: Sequence[np.ndarray], area: Area) -> Iterator[np.ndarray]:
    """Predict chroma at the size of the frames, from what lies inside `area`; bars outside it stay neutral.

    Bars would take pixels from the picture and tell the network nothing: on letterboxed clips leaving them out
    gains about 1 dB of PSNR.

    Args:
        colorizer: predicts the chroma.
        lumas: frames of one size, each (H, W) float32 luma in [0, 1].
        area: the picture between the bars.

    Yields:
        (H, W, 2) float32 ab in Lab units for each frame.
    """
    for luma, ab in zip(lumas, colorizer.predict_ab([area.cut(luma) for luma in lumas]), strict=True):
        full = np.zeros((*luma.shape, 2), np.float32)
        inside = area.cut(full)
        inside[:] = resize_ab(ab, inside.shape[:2])
        yield full


def colorize_frames(frames: np.ndarray, colorizer: Colorizer, *, batch: int = 8) -> np.ndarray:
    """Colorize a clip in memory, each frame by itself.

    Args:
        frames: (T, H, W) gray or (T, H, W, 3) RGB uint8; only luma is used.
        colorizer: predicts the chroma.
        batch: frames given to the network at once.

    Returns:
        (T, H, W, 3) uint8 RGB with the luma of `frames`.
    """
    lumas = [to_float01(frame) if frame.ndim == 2 else luma_from_rgb(frame) for frame in frames]
    area = find_active_area(lumas)
    chunks = (lumas[start : start + batch] for start in range(0, len(lumas), batch))
    abs_ = (ab for chunk in chunks for ab in predict_full_size(colorizer, chunk, area))
    return np.stack([with_chroma(luma, ab) for luma, ab in zip(lumas, abs_, strict=True)])
