"""Clips whose colours are known everywhere: a textured picture that moves under the camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8
from vidcolor_utils.video.writer import VideoWriter

SIZE = HEIGHT, WIDTH = 96, 128


def world(seed: int) -> np.ndarray:
    """A picture of patches with texture, each patch of one colour; RGB uint8, larger than a frame."""
    rng = np.random.default_rng(seed)
    shape = (HEIGHT + 80, WIDTH + 80)
    patches = cv2.resize(
        rng.uniform(60, 190, (7, 8, 3)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_NEAREST
    )
    texture = cv2.GaussianBlur(rng.normal(0, 60, shape).astype(np.float32), (0, 0), 1.5)
    return np.clip(patches + texture[..., None], 0, 255).astype(np.uint8)


def panned(frames: int, seed: int = 0, step: int = 2) -> list[np.ndarray]:
    """Frames RGB uint8 of a camera that moves over a world, `step` pixels a frame across and half as many down."""
    picture = world(seed)
    return [picture[t * step // 2 :, t * step :][:HEIGHT, :WIDTH].copy() for t in range(frames)]


def gray_of(rgb: np.ndarray) -> np.ndarray:
    return to_uint8(luma_from_rgb(rgb))


def ab_of(rgb: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(lab_from_rgb(rgb)[..., 1:])


def error(ab: np.ndarray, rgb: np.ndarray) -> float:
    """Mean distance of ab from that of a frame, Lab units."""
    return float(np.linalg.norm(ab - ab_of(rgb), axis=-1).mean())


def two_shots(frames: int) -> list[np.ndarray]:
    """Two shots in colour, so many frames each, the second at dusk: a cut that gray shows."""
    return [*panned(frames), *((0.4 * rgb).astype(np.uint8) for rgb in panned(frames, seed=1))]


def write_film(path: Path, frames: list[np.ndarray], rate: int = 25) -> Path:
    with VideoWriter(path, frames[0].shape[:2], rate=rate) as writer:
        for number, rgb in enumerate(frames):
            writer.write_rgb(rgb, number)
    return path
