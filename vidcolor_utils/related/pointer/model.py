"""A network that turns gray frames into features that point (Vondrick et al., "Tracking emerges by colorizing
videos", 2018), small: stride 4, and a matrix over all points in place of a window."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from vidcolor_utils.pictures.color import rgb_from_gray
from vidcolor_utils.related import affinity
from vidcolor_utils.related.affinity import Tensor
from vidcolor_utils.related.clips import block_means
from vidcolor_utils.related.learning import STRIDE, scaled_lightness

GROUPS = 8
CHUNK = 32  # frames that go through a network at a time


def build_pointer(*, side: int | None = 64, width: int = 48, features: int = 32, blocks: int = 3) -> keras.Model:
    """Build the network: 5x5 with stride 2, 3x3 with stride 2, residual blocks, 1x1.

    Args:
        side: height and width of the input; None: any multiple of 4.
        width: channels of the blocks; half as many before them.
        features: length of the feature vectors.
        blocks: residual blocks of two 3x3 convolutions.

    Returns:
        A model from scaled lightness (B, S, S, 1) to features (B, S/4, S/4, `features`), of any length: `affinity`
        normalizes them. Only gray goes in: with colour it would match colours, and learn nothing.
    """
    gray = keras.Input((side, side, 1))
    x = _convolved(gray, width // 2, 5, strides=2)
    x = _convolved(x, width, 3, strides=2)
    for _ in range(blocks):
        y = layers.Conv2D(width, 3, padding="same")(_convolved(x, width, 3))
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(gray, layers.Conv2D(features, 1)(x), name="pointer")


def _convolved(x: Tensor, filters: int, size: int, strides: int = 1) -> Tensor:
    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.GroupNormalization(GROUPS)(x))


class Pointing(layers.Layer):
    """The matrix from features of a target (B, h, w, C) to those of a source: weights (B, h w, h w).

    Args:
        temperature: of the softmax over cosines.
    """

    def __init__(self, temperature: float = affinity.TEMPERATURE, **options: object):
        super().__init__(**options)
        self.temperature = temperature

    def call(self, target: Tensor, source: Tensor) -> Tensor:
        """Compute the weights."""
        likeness = affinity.cosines(affinity.as_points(target), affinity.as_points(source))
        return affinity.affinity(likeness, self.temperature)

    def get_config(self) -> dict:
        """Keep the temperature in a saved model."""
        return {**super().get_config(), "temperature": self.temperature}


class Pointer:
    """Carries anything from one frame to another by where a trained network points.

    Args:
        network: see `build_pointer`.
        temperature: at use; small ones choose, large ones average.

    Attributes:
        stride: pixels from one point to the next.
    """

    stride = STRIDE

    def __init__(self, network: keras.Model, temperature: float = affinity.TEMPERATURE):
        self.network, self.temperature = network, temperature

    def features(self, lab: np.ndarray) -> np.ndarray:
        """Features (T, n, C) of Lab frames (T, S, S, 3)."""
        gray, size = scaled_lightness(lab), CHUNK
        chunks = [self.network(gray[start : start + size], training=False) for start in range(0, len(gray), size)]
        return np.concatenate([ops.convert_to_numpy(affinity.as_points(chunk)) for chunk in chunks])

    def weights(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Weights (n, n) from features (n, C) of a target frame to those of a source frame."""
        likeness = affinity.cosines(ops.convert_to_tensor(target[None]), ops.convert_to_tensor(source[None]))
        return ops.convert_to_numpy(affinity.affinity(likeness, self.temperature))[0]

    def guess(self, reference: np.ndarray, lightness: np.ndarray) -> np.ndarray:
        """Colours for a target frame, as `rows.Guess`: ab (S/4, S/4, 2)."""
        target = rgb_from_gray(lightness)
        target_features, source_features = self.features(np.stack([target, reference]))
        ab = block_means(reference[..., 1:], STRIDE)
        weights = self.weights(target_features, source_features)
        return (weights @ ab.reshape(-1, 2)).reshape(ab.shape)
