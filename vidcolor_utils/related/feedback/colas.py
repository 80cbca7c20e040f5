"""The conditional GAN of Colas, Lee and Rafailov ("Consistent video colorization", 2018) in small, without batch
statistics: each frame is made given the one before."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from vidcolor_utils.related.affinity import Tensor

LEAK = 0.2
SMALL = (16, 16, 32, 64, 128)
GROUPS = 8


def build_small_unet(
    *,
    channels: int = 3,
    outputs: int = 2,
    side: int = 64,
    filters: Sequence[int] = SMALL,
    batch_norm: bool = False,
) -> keras.Model:
    """Build the generator: the published shape with fewer and narrower layers, and group normalization.

    Args:
        channels: of the input.
        outputs: of the result: ab, or Lab.
        side: height and width, a multiple of 2 to the power of len(filters) - 1.
        filters: of the encoder; the decoder mirrors them.
        batch_norm: normalize by the batch and drop, always, also at test, as the published code does: its defect.

    Returns:
        A model (B, S, S, `channels`) to (B, S, S, `outputs`), tanh.
    """
    inputs = keras.Input((side, side, channels))
    x, skips = inputs, []
    for number, count in enumerate(filters):
        x = layers.Conv2D(count, 4, 1 if number == 0 else 2, padding="same")(x)
        x = layers.LeakyReLU(LEAK)(_normalized(x, batch_norm))
        skips.append(x)
    for count, skip in zip(reversed(filters[:-1]), reversed(skips[:-1]), strict=True):
        x = layers.Conv2DTranspose(count, 4, 2, padding="same")(x)
        x = layers.ReLU()(_normalized(x, batch_norm))
        if batch_norm:
            x = AlwaysDropout(0.2)(x)
        x = layers.Concatenate()([skip, x])
    return keras.Model(inputs, layers.Conv2D(outputs, 1, activation="tanh")(x), name="small_unet")


def build_small_judge(*, channels: int = 5, side: int = 64, filters: Sequence[int] = (16, 32, 64)) -> keras.Model:
    """Build a small patch discriminator with group normalization: (B, S, S, `channels`) to a map of logits."""
    inputs = keras.Input((side, side, channels))
    x = inputs
    for number, count in enumerate(filters):
        x = layers.Conv2D(count, 4, 2, padding="same")(x)
        x = layers.LeakyReLU(LEAK)(x if number == 0 else _normalized(x, batch_norm=False))
    return keras.Model(inputs, layers.Conv2D(1, 4, padding="same")(x), name="small_judge")


class AlwaysBatchNormalization(layers.BatchNormalization):
    """Normalizes by the batch's own statistics at test as well, whatever a model is called with."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Normalize."""
        return super().call(inputs, training=True)


class AlwaysDropout(layers.Dropout):
    """Drops at test as well, whatever a model is called with."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Drop."""
        return super().call(inputs, training=True)


def _normalized(x: Tensor, batch_norm: bool) -> Tensor:
    if batch_norm:
        return AlwaysBatchNormalization()(x)
    return layers.GroupNormalization(min(GROUPS, x.shape[-1]))(x)
