"""The colour network of Deep Exemplar-based Colorization (He et al., 2018) as published, and a small one."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from vidcolor_utils.related import affinity
from vidcolor_utils.related.affinity import Tensor

WIDTHS = (64, 128, 256, 512)
DILATION = 2
LIKENESS_SCALE = 10.0, -8.0  # factor and offset that bring cosines of 0.6 to 1 to -2 to 2
RANGE = 100.0  # Lab units, of the published tanh


def build_color_network(*, side: int | None = 256, channels: int = 13, width: float = 1.0) -> keras.Model:
    """Build the published network: VGG-like down to 1/8, dilated blocks, three times up with added shortcuts.

    Args:
        side: height and width, a multiple of 8; None: any such.
        channels: L, the exemplar's ab brought to the place of each pixel, and ten maps of likeness.
        width: factor on all numbers of filters.

    Returns:
        A model (B, S, S, `channels`) to ab (B, S, S, 2) in [-100, 100]; 34,065,666 trainable weights at width 1.
        Its batch normalizations learn neither scale nor shift.
    """
    one, two, three, four = (round(filters * width) for filters in WIDTHS)
    inputs = keras.Input((side, side, channels))
    x = _convs(inputs, (one // 2,))
    x = layers.ReLU()(layers.Conv2D(one, 3, padding="same")(x))
    first = _whitened(_convs(x, (one,)))
    second = _whitened(_convs(_halved(first), (two, two)))
    third = _whitened(_convs(_halved(second), (three, three, three)))
    x = _whitened(_convs(_halved(third), (four, four, four)))
    for _ in range(2):
        x = _whitened(_convs(x, (four, four, four), dilation=DILATION))
    x = _whitened(_convs(x, (four, four, four)))
    x = _whitened(_convs(_joined(x, third, three), (three, three)))
    x = _whitened(_convs(_joined(x, second, two), (two,)))
    x = layers.Conv2D(two, 3, padding="same")(_joined(x, first, two))
    x = layers.Conv2D(2, 1, activation="tanh")(layers.LeakyReLU(0.2)(x))
    return keras.Model(inputs, layers.Rescaling(RANGE)(x), name="exemplar")


def _convs(x: Tensor, filters: Sequence[int], dilation: int = 1) -> Tensor:
    for count in filters:
        x = layers.Conv2D(count, 3, padding="same", dilation_rate=dilation, activation="relu")(x)
    return x


def _whitened(x: Tensor) -> Tensor:
    return layers.BatchNormalization(center=False, scale=False)(x)


def _halved(x: Tensor) -> Tensor:
    """Every second pixel, each channel scaled by a weight of its own."""
    return layers.DepthwiseConv2D(1, 2, use_bias=False)(x)


def _joined(x: Tensor, shortcut: Tensor, filters: int) -> Tensor:
    up = layers.Conv2DTranspose(filters, 4, 2, padding="same")(x)
    return layers.ReLU()(layers.Add()([up, layers.Conv2D(filters, 3, padding="same")(shortcut)]))


def build_small_color_network(*, side: int = 96, filters: Sequence[int] = (16, 32, 48)) -> keras.Model:
    """Build the small colour network, which says for each pixel how far to trust the exemplar's colours.

    It works at half size: the points that colours are brought from are coarser still.

    Args:
        side: height and width, a multiple of 2 to the power of len(filters).
        filters: of the encoder, halved in size before each; the decoder mirrors them.

    Returns:
        A model from scaled [L 1, exemplar's ab 2, likeness forward 1 and backward 1, base ab 2] (B, S, S, 7) to
        scaled ab (B, S, S, 2): (1 - trust) base + trust exemplar + correction. At first the trust is a half
        everywhere and the correction nothing.
    """
    inputs = keras.Input((side, side, 7))
    x, skips = inputs, []
    for count in filters:
        x = layers.Conv2D(count, 3, 2, padding="same")(x)
        x = layers.ReLU()(layers.GroupNormalization(8)(x))
        x = layers.Conv2D(count, 3, padding="same", activation="relu")(x)
        skips.append(x)
    for count, skip in zip(reversed(filters[:-1]), reversed(skips[:-1]), strict=True):
        x = layers.Conv2D(count, 1)(layers.UpSampling2D(2, interpolation="bilinear")(x))
        x = layers.ReLU()(layers.GroupNormalization(8)(layers.Add()([x, skip])))
        x = layers.Conv2D(count, 3, padding="same", activation="relu")(x)
    exemplar, likeness, base = inputs[..., 1:3], inputs[..., 3:5], inputs[..., 5:]
    # Likeness once more, at each place and of the whole: the norms above take off how alike two pictures are.
    alike = layers.AveragePooling2D(2)(layers.Rescaling(*LIKENESS_SCALE)(likeness))
    overall = ops.zeros_like(alike) + ops.mean(alike, axis=(1, 2), keepdims=True)
    x = layers.Concatenate()([x, alike, overall])
    x = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    trust, correction = ops.sigmoid(x[..., :1]), x[..., 1:]
    return keras.Model(inputs, base + trust * (exemplar - base) + correction, name="small_exemplar")


def match(
    target: np.ndarray, source: np.ndarray, ab: np.ndarray, temperature: float = affinity.TEMPERATURE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring an exemplar's colours to the points of a target, and say how alike the two are there.

    Args:
        target: features of the targets' points (B, n, C).
        source: features of the exemplars' points (B, n, C).
        ab: colours of the exemplars' points (B, n, 2).
        temperature: of the softmax over centred cosines.

    Returns:
        The colours (B, n, 2), and the likeness forward and backward (B, n), see `affinity.two_way_likeness`.
    """
    features = (ops.convert_to_tensor(each, dtype="float32") for each in (target, source))
    likeness = affinity.cosines(*features, centred=True)
    forward, backward = affinity.two_way_likeness(likeness)
    warped = affinity.transport(affinity.affinity(likeness, temperature), ops.convert_to_tensor(ab))
    colors, ahead, back = (np.array(ops.convert_to_numpy(each)) for each in (warped, forward, backward))
    return colors, ahead, back
