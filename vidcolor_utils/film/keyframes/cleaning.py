"""Take out of a key frame's colours what coding and resizing did to them.

A small network sees the luma of the frame, which is clean, beside that of the picture that came back, which
suffered together with its colours; `vidcolor train keys` trains it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vidcolor_utils.colorizers.networks import Network, load_network
from vidcolor_utils.weights.shipped import KEY_WEIGHTS, shipped_weights_path


def cleaned(ab: np.ndarray, gray: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Clean the colours of a picture that is laid over its frame.

    Args:
        ab: float32 (h, w, 2).
        gray: luma of the frame, uint8 (h, w).
        seen: luma of the picture, of 255, (h, w), in the light of the frame.

    Returns:
        ab (h, w, 2) float32.
    """
    height, width = gray.shape
    planes = np.dstack([gray.astype(np.float32), seen, ab]).astype(np.float32)
    even = np.pad(planes, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(_network()(even[None])[0, :height, :width])


@lru_cache(maxsize=1)
def _network() -> Network:
    return load_network(shipped_weights_path(KEY_WEIGHTS))
