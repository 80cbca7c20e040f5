"""The frame colorizer: gray image in, chroma out.

A U-Net on an EfficientNet-Lite0 encoder. It predicts the a and b channels of CIE Lab at half the input's
size; luma is never predicted, so the colorized picture keeps every edge of its source.
"""

from __future__ import annotations

import keras

from vidcolor_utils.models.efficientnet_lite import encode_gray

STRIDE = 32  # both sides of the input must be multiples of this
AB_SCALE = 110.0  # |a|, |b| of sRGB colours stay below this
DECODER_FILTERS = (128, 96, 64, 40)  # at strides 16, 8, 4, 2
CONTEXT_FILTERS = 192


def build_frame_colorizer() -> keras.Model:
    """Build the network.

    Returns:
        A model from luma (B, H, W, 1) in [0, 1] to ab (B, H/2, W/2, 2) in Lab units; H and W are
        multiples of `STRIDE`.
    """
    gray = keras.Input((None, None, 1), name="luma")
    *skips, bottom = encode_gray(gray)
    x = _with_global_context(bottom)
    for level, (skip, filters) in enumerate(zip(reversed(skips), DECODER_FILTERS, strict=True)):
        x = _up_block(x, skip, filters, f"decoder{level}")
    near_gray = keras.initializers.RandomNormal(stddev=1e-3, seed=0)  # larger ones start with the tanh saturated
    x = keras.layers.Conv2D(
        2, 3, padding="same", activation="tanh", kernel_initializer=near_gray, dtype="float32", name="head"
    )(x)
    ab = keras.layers.Rescaling(AB_SCALE, dtype="float32", name="ab")(x)
    return keras.Model(gray, ab, name="frame_colorizer")


def _with_global_context(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add what the whole picture shows to every place of it: the sky's colour depends on the scene."""
    context = keras.layers.GlobalAveragePooling2D(keepdims=True, name="context_pool")(x)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, activation="relu", name="context_hidden")(context)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_out")(context)
    x = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_in")(x)
    x = keras.layers.Add(name="context_add")([x, context])
    return keras.layers.ReLU(name="context_relu")(x)


def _up_block(x: keras.KerasTensor, skip: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    x = keras.layers.UpSampling2D(2, name=f"{name}_up")(x)
    x = keras.layers.Concatenate(name=f"{name}_concat")([x, skip])
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
