"""Clips with a known mask: a textured disc crosses a textured ground, and another disc is in the way."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.related.clips import SmallClip

GRAIN = 6.0  # pixels, of the coarser texture


class MaskedClip(NamedTuple):
    """A clip (T, S, S, 3) Lab float32, and where its disc is: (T, S, S) float32, 0 or 1."""

    clip: SmallClip
    masks: np.ndarray


def disc_clip(seed: int, *, frames: int = 16, side: int = 64, speed: float = 1.5) -> MaskedClip:
    """Render a disc that moves straight over a ground; both carry textures of gray and a colour of their own.

    Args:
        seed: decides colours, textures, places and direction.
        frames: length.
        side: height and width.
        speed: pixels a frame; the disc turns back at the border.
    """
    rng = np.random.default_rng(seed)
    grounds = [_texture(rng, side * 2) for _ in range(3)]
    radii = side * rng.uniform(0.14, 0.2), side * rng.uniform(0.1, 0.16)
    starts = rng.uniform(0.25, 0.75, (2, 2)) * side
    turns = rng.uniform(0, 2 * np.pi, 2)
    steps = speed * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    drift = rng.uniform(-0.4, 0.4, 2) * speed
    pictures, masks = [], []
    for t in range(frames):
        picture = _moved(grounds[0], drift * t)[:side, :side]
        for which in (1, 0):  # the other disc first: the one with the mask is in front
            place = _reflected(starts[which] + steps[which] * t, radii[which], side - radii[which])
            mask = _disc(place, radii[which], side)
            texture = _moved(grounds[which + 1], place)[:side, :side]
            picture = np.where(mask[..., None] > 0, texture, picture)
        pictures.append(picture)
        masks.append(mask)
    lab = np.stack([lab_from_rgb(np.clip(picture, 0, 1).astype(np.float32)) for picture in pictures])
    return MaskedClip(SmallClip(f"discs-{seed}", lab), np.stack(masks))


def _texture(rng: np.random.Generator, side: int) -> np.ndarray:
    """Gray noise of two grains in a colour of its own: (side, side, 3), about [0, 1]."""
    gray = np.zeros((side, side))
    for grain, weight in ((GRAIN, 0.14), (GRAIN / 2, 0.08)):
        noise = rng.standard_normal((int(side / grain) + 2,) * 2)
        gray += weight * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    hue, strength = rng.uniform(0, 180), rng.uniform(110, 220)
    color = cv2.cvtColor(np.array([[[hue, strength, 170]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0] / 255
    luma = color @ (0.299, 0.587, 0.114)
    return np.clip(color + (rng.uniform(0.35, 0.65) - luma) + gray[..., None], 0, 1)


def _moved(texture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The texture with its corner at `place` (x, y), also between pixels; it repeats beyond its border."""
    shift = np.array([[1, 0, place[0]], [0, 1, place[1]]], np.float32)
    return cv2.warpAffine(texture, shift, texture.shape[1::-1], borderMode=cv2.BORDER_WRAP)


def _reflected(place: np.ndarray, low: float, high: float) -> np.ndarray:
    """Fold a straight way into [low, high], as a ball between walls."""
    span = high - low
    return low + span - np.abs((place - low) % (2 * span) - span)


def _disc(centre: np.ndarray, radius: float, side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return (np.square(x - centre[0]) + np.square(y - centre[1]) < radius**2).astype(np.float32)
