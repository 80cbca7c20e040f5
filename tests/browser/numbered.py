"""Clips whose pixels say which frame they are; the generated notebooks import this too."""

from __future__ import annotations

import numpy as np

FRAMES, HEIGHT, WIDTH = 48, 96, 128
BLOCK = 16  # pixels of the square in the upper left whose gray level is the frame's number ...
LEVELS = 5  # ... times this: more than JPEG can cost
TINTS = {"true": (1.0, 0.6, 0.3), "baseline": (0.5, 0.5, 0.5), "ours": (0.8, 0.5, 0.4)}


def numbered_clips() -> dict[str, np.ndarray]:
    """Name to a moving pattern (T, H, W, 3) uint8; the clips differ in their tint only."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    clips = {name: np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8) for name in TINTS}
    for index in range(FRAMES):
        waves = 127 + 60 * np.sin((x + 3 * index) / 9) + 60 * np.cos((y - 2 * index) / 7)
        for name, tint in TINTS.items():
            clips[name][index] = waves[..., None] * tint
            clips[name][index, :BLOCK, :BLOCK] = LEVELS * index
    return clips
