"""Features without a training of one's own: the tokens of the transformer that ships."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.colorizers.frame import FrameColorizer, View
from vidcolor_utils.colorizers.networks import Network, load_network
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.exemplar.training import Known, base_colors
from vidcolor_utils.related.learning import STRIDE, grid_values
from vidcolor_utils.weights.shipped import shipped_weights_path, vit_beside

WIDTH = 384  # numbers from the middle of the transformer; on clips to learn from those of its end match worse
MOST_CHANNELS = 128  # that OpenCV resizes at once


class TokenReader:
    """The colorizer that ships, and what its transformer says of each frame on the way.

    Args:
        side: short side of the frames that the light network looks at, pixels.
        load: gives the network of a file.
    """

    def __init__(self, side: int, load: Callable[[Path], Network] = load_network):
        self._kept: list[np.ndarray] | None = None  # while clips are read
        self._load_network = load
        self.colorizer = FrameColorizer(views=[View(side)], load=self._load).as_predicted()

    def _load(self, path: Path) -> Network:
        network = self._load_network(path)
        if path != vit_beside(shipped_weights_path()):
            return network

        def kept(luma: np.ndarray) -> np.ndarray:
            tokens = network(luma)
            if self._kept is not None:
                self._kept.append(tokens[0, ..., :WIDTH])
            return tokens

        return kept

    def know(self, clips: Sequence[SmallClip]) -> list[Known]:
        """Compute base colours of clips, and tokens (T, n, 384) float16 on the pointer's grid as features."""
        return [self._known(clip) for clip in clips]

    def _known(self, clip: SmallClip) -> Known:
        self._kept = []
        base = base_colors(clip, self.colorizer)
        tokens, self._kept = self._kept, None
        grid = clip.lab.shape[1] // STRIDE
        features = np.stack([enlarged(each, grid).reshape(grid * grid, -1) for each in tokens])
        return Known(clip, base, features, grid_values(clip.lab))


def enlarged(tokens: np.ndarray, side: int) -> np.ndarray:
    """Read tokens (h, w, C) between their places: (side, side, C) float16."""
    parts = np.array_split(tokens, -(-tokens.shape[-1] // MOST_CHANNELS), axis=-1)
    large = [cv2.resize(np.ascontiguousarray(part), (side, side)) for part in parts]
    return np.concatenate(large, axis=-1).astype(np.float16)
