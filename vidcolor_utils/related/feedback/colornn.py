"""The idea of ColorNN Book (Gupta and Kannan, 2016): a VGG colour network that also sees its previous estimate.

The report is not public and no code was found. What is known: features of VGG-16 of the luma, and the estimate of
the frame before as one more input. The rest here is inferred, from the VGG colour network of that year (Dahl's
residual encoder); the trust that mixes both estimates is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from vidcolor_utils.models.report_cnn import VGG16_MEAN_BGR

TAPS = ("block1_conv2", "block2_conv2", "block3_conv3")
HEAD = (128, 64, 32)


def build_features(*, side: int = 64) -> keras.Model:
    """Build the frozen trunk: scaled L (B, S, S, 1) in [-1, 1] to the features at full, half and quarter size.

    Its weights are random until `models.vgg16_weights.load_vgg16_weights` sets those of `trunk_of`.
    """
    trunk = keras.applications.VGG16(include_top=False, weights=None, input_shape=(side, side, 3))
    trunk = keras.Model(trunk.input, [trunk.get_layer(name).output for name in TAPS], name="trunk")
    trunk.trainable = False
    gray = keras.Input((side, side, 1))
    picture = layers.Lambda(_as_imagenet)(gray)
    return keras.Model(gray, trunk(picture), name="features")


def trunk_of(features: keras.Model) -> keras.Model:
    """The VGG16 layers inside `build_features`."""
    return features.get_layer("trunk")


def build_head(*, side: int = 64, filters: Sequence[int] = HEAD) -> keras.Model:
    """Build what is trained: features and the previous estimate to ab.

    From the deepest features upwards: 1x1, then enlarge, add the next finer ones (normalized, 1x1), 3x3. At full
    size L and the previous ab are joined before the last two convolutions. Of what they give and the previous ab a
    mean is taken, weighted by a trust for each pixel.

    Returns:
        A model from [features at full size, at half, at quarter, scaled L (B, S, S, 1), previous ab (B, S, S, 2)]
        to ab (B, S, S, 2), both scaled. A previous ab of zeros means that there is none, and is not trusted.
    """
    full, half, quarter = (
        keras.Input((side // scale, side // scale, count)) for scale, count in ((1, 64), (2, 128), (4, 256))
    )
    gray, previous = keras.Input((side, side, 1)), keras.Input((side, side, 2))
    x = layers.Conv2D(filters[0], 1, activation="relu")(layers.GroupNormalization(8)(quarter))
    for finer, count in ((half, filters[0]), (full, filters[1])):
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = layers.Add()([x, layers.Conv2D(count, 1)(layers.GroupNormalization(8)(finer))])
        x = layers.Conv2D(count // 2, 3, padding="same", activation="relu")(x)
    x = layers.Concatenate()([x, gray, previous])
    x = layers.Conv2D(filters[2], 3, padding="same", activation="relu")(x)
    ab = layers.Conv2D(2, 3, padding="same", activation="tanh")(x)
    change = layers.Lambda(lambda pair: ops.abs(pair[0] - pair[1]))([ab, previous])
    trust = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(layers.Concatenate()([x, change]))
    mixed = layers.Lambda(mixed_by_trust, name="mixed")([ab, previous, trust])
    return keras.Model([full, half, quarter, gray, previous], mixed, name="head")


def mixed_by_trust(values: Sequence[Any]) -> Any:
    """Mean of the new and the previous estimate by trust; the new one alone where the previous is all zeros."""
    ab, previous, trust = values
    known = ops.any(ops.not_equal(previous, 0), axis=(1, 2, 3), keepdims=True)
    trust = trust * ops.cast(known, trust.dtype)
    return (1 - trust) * ab + trust * previous


def unrolled_head(head: keras.Model, length: int, *, feedback: bool) -> keras.Model:
    """Lay the head out over frames, each given the estimate before; if not `feedback`, what the first is given.

    Returns:
        A model from [previous ab, and for each frame the other four inputs of `build_head`] to a list of ab.
    """
    previous = keras.Input(head.input_shape[4][1:])
    frames = [[keras.Input(shape[1:]) for shape in head.input_shape[:4]] for _ in range(length)]
    made, given = [], previous
    for frame in frames:
        made.append(head([*frame, given]))
        if feedback:
            given = made[-1]
    return keras.Model([previous, *(each for frame in frames for each in frame)], made)


def _as_imagenet(gray: Any) -> Any:
    """Scaled L to three equal channels of 0 to 255 less ImageNet's means."""
    picture = ops.repeat((gray + 1) * 127.5, 3, axis=-1)
    return picture - ops.convert_to_tensor(VGG16_MEAN_BGR, dtype=picture.dtype)
