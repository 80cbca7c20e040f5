"""Networks as they were published that the course has in small alone, for their weights to be counted.

The conditional GAN of Colas, Lee and Rafailov ("Consistent video colorization", 2018).
"""

from __future__ import annotations

import keras
from keras import layers

from vidcolor_utils.related.feedback.colas import LEAK

ENCODER = (64, 64, 128, 256, 512, 512, 512, 512)
DECODER = (512, 512, 512, 256, 128, 64, 64)
DROPPED = 3  # decoder layers with dropout
JUDGE = (64, 128, 256, 512, 512, 512, 512)


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
