"""Per-frame colorizers with their weights: luma in, chroma out, one frame at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.checksum import file_sha256
from vidcolor_utils.chroma import resize_ab, with_chroma
from vidcolor_utils.color import lightness_from_luma, luma_from_rgb, to_float01
from vidcolor_utils.errors import InputError
from vidcolor_utils.networks import STRIDE, Network, load_network
from vidcolor_utils.quiet import quiet_native_logs
from vidcolor_utils.weights_store import find_weights

SHIPPED_WEIGHTS = "frame.onnx"
ZHANG_SIDE = 256
MAX_ASPECT = 4  # wider pictures are squeezed for the network


class View(NamedTuple):
    """One look at a frame."""

    side: int  # short side of the network's input in pixels
    mirrored: bool = False
    weights: str = SHIPPED_WEIGHTS  # which of the shipped networks looks


# The mean of several views beats each, and the more they differ the more: two networks, trained for different
# objectives, each at the side at which it is best on the clips for tuning.
VIEWS = (View(160, mirrored=True), View(96, weights="frame_mixture.onnx"))


def shipped_weights_path(name: str = SHIPPED_WEIGHTS) -> Path:
    """Path of a weights file inside the package."""
    return Path(str(resources.files("vidcolor_utils") / "weights" / name))


class FrameColorizer:
    """Predicts the chroma of single frames.

    Args:
        weights: a file written by `vidcolor export`; its suffix says in what the network runs: `.onnx` in ONNX
            Runtime, `.safetensors` in Keras. If not given, the shipped ones that `views` name, in ONNX Runtime.
        views: looks at each frame, whose predictions are averaged.
        load: gives the network of a file; for other runtimes.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged, or holds no such network.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        views: Sequence[View] = VIEWS,
        load: Callable[[Path], Network] = load_network,
    ):
        self.views = tuple(views)
        files = [Path(weights) if weights else shipped_weights_path(view.weights) for view in self.views]
        loaded = {file: load(file) for file in dict.fromkeys(files)}
        self._networks, self._files = [loaded[file] for file in files], files

    def fingerprint(self) -> dict:
        """Tell two colorizers apart that may predict different colours, as JSON holds it."""
        return {"views": self.views, "weights": [file_sha256(file) for file in self._files]}

    def working_size(self, height: int, width: int, side: int) -> tuple[int, int]:
        """Height and width of the network's input for frames of this size, with `side` as the short one."""
        scale = side / min(height, width)
        sides = (min(length * scale, side * MAX_ASPECT) for length in (height, width))
        height, width = (max(STRIDE, round(length / STRIDE) * STRIDE) for length in sides)
        return height, width

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma.

        Args:
            lumas: frames of one size, each (H, W) float32 luma in [0, 1].

        Returns:
            (N, h/2, w/2, 2) float32 ab in Lab units, (h, w) = `working_size(H, W, side)` of the largest view.
        """
        height, width = lumas[0].shape
        height, width = self.working_size(height, width, max(view.side for view in self.views))
        total = np.zeros((len(lumas), height // 2, width // 2, 2), np.float32)
        for view, network in zip(self.views, self._networks, strict=True):
            for frame_sum, ab in zip(total, self._look(lumas, view, network), strict=True):
                frame_sum += resize_ab(ab, frame_sum.shape[:2])
        return total / len(self.views)

    def _look(self, lumas: Sequence[np.ndarray], view: View, network: Network) -> np.ndarray:
        height, width = lumas[0].shape
        height, width = self.working_size(height, width, view.side)
        small = np.stack([cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA) for luma in lumas])
        if not view.mirrored:
            return network(small[..., None])
        mirrored = np.ascontiguousarray(small[:, :, ::-1, None])
        return np.ascontiguousarray(network(mirrored)[:, :, ::-1])


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
        """Predict chroma: (N, 256, 256, 2) ab for frames as `FrameColorizer.predict_ab` takes."""
        size = (ZHANG_SIDE, ZHANG_SIDE)
        small = (cv2.resize(luma, size, interpolation=cv2.INTER_AREA) for luma in lumas)
        batch = np.stack([lightness_from_luma(luma) for luma in small])[..., None]
        return np.asarray(self.model.predict_on_batch(batch), np.float32)


class GrayColorizer:
    """Predicts no colour at once, for checks of everything else."""

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict (N, 8, 8, 2) zeros for frames as `FrameColorizer.predict_ab` takes."""
        return np.zeros((len(lumas), 8, 8, 2), np.float32)


class MirroredColorizer:
    """A colorizer that sees its frames in a mirror: a second opinion of the same network."""

    def __init__(self, colorizer: Colorizer):
        self._colorizer = colorizer

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        mirrored = [np.ascontiguousarray(luma[:, ::-1]) for luma in lumas]
        return np.ascontiguousarray(self._colorizer.predict_ab(mirrored)[:, :, ::-1])


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


@lru_cache(maxsize=1)
def kept_colorizer(method: str) -> Colorizer:
    """Do as `load_colorizer`, once in a process as long as the method stays the same."""
    return load_colorizer(method)


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
        yield ab_in_area(ab, luma.shape, area)


def ab_in_area(ab: np.ndarray, shape: tuple[int, int], area: Area) -> np.ndarray:
    """Lay chroma (h, w, 2) over `area` of a frame (H, W); returns (H, W, 2) float32, neutral outside."""
    full = np.zeros((*shape, 2), np.float32)
    inside = area.cut(full)
    inside[:] = resize_ab(ab, inside.shape[:2])
    return full


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
