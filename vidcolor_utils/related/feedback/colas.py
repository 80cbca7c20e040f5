"""The conditional GAN of Colas, Lee and Rafailov ("Consistent video colorization", 2018): each frame is made given
the one before. Published sizes at width 1, and a small twin without batch statistics."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from vidcolor_utils.related.affinity import Tensor

ENCODER = (64, 64, 128, 256, 512, 512, 512, 512)
DECODER = (512, 512, 512, 256, 128, 64, 64)
DROPPED = 3  # decoder layers with dropout
JUDGE = (64, 128, 256, 512, 512, 512, 512)
LEAK = 0.2
SMALL = (16, 16, 32, 64, 128)
GROUPS = 8


def build_unet(*, channels: int = 7, outputs: int = 3, side: int | None = 256, width: float = 1.0) -> keras.Model:
    """Build the published generator: 4x4 convolutions, one without stride, seven with, and back, with skips.

    Args:
        channels: of the input: gray 1, the frame before as Lab 3, the first frame as Lab 3. An earlier variant of
            the authors is given the frame before alone: 4.
        outputs: 3, L a b in [-1, 1].
        side: height and width, a multiple of 128; None: any such.
        width: factor on all numbers of filters.

    Returns:
        A model (B, S, S, `channels`) to (B, S, S, `outputs`), tanh. With 7 channels at width 1 it has 42,029,955
        trainable weights, with 4 42,026,883. Every layer but the last has batch normalization.
    """
    encoder = [max(1, round(filters * width)) for filters in ENCODER]
    decoder = [max(1, round(filters * width)) for filters in DECODER]
    inputs = keras.Input((side, side, channels))
    x, skips = inputs, []
    for number, filters in enumerate(encoder):
        x = layers.Conv2D(filters, 4, 1 if number == 0 else 2, padding="same")(x)
        x = layers.LeakyReLU(LEAK)(layers.BatchNormalization()(x))
        skips.append(x)
    for number, filters in enumerate(decoder):
        x = layers.Conv2DTranspose(filters, 4, 2, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if number < DROPPED:
            x = layers.Dropout(0.5)(x)
        x = layers.Concatenate()([skips[-2 - number], x])
    return keras.Model(inputs, layers.Conv2D(outputs, 1, activation="tanh")(x), name="unet")


def build_judge(*, channels: int = 6, side: int | None = 256, width: float = 1.0) -> keras.Model:
    """Build the published patch discriminator of a frame and the one before, Lab (B, S, S, 6), to a map of logits.

    15,357,121 trainable weights at width 1; the first and the last layer have no batch normalization. It does not
    see the gray frame.
    """
    inputs = keras.Input((side, side, channels))
    x = inputs
    for number, filters in enumerate(JUDGE):
        x = layers.Conv2D(round(filters * width), 4, 1 if number == len(JUDGE) - 1 else 2, padding="same")(x)
        x = layers.LeakyReLU(LEAK)(x if number == 0 else layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Conv2D(1, 4, padding="same")(x), name="judge")


def build_small_unet(
    *,
    channels: int = 3,
    outputs: int = 2,
    side: int = 64,
    filters: Sequence[int] = SMALL,
    batch_norm: bool = False,
) -> keras.Model:
    """Build the small twin: the same shape with fewer and narrower layers, and group normalization.

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
