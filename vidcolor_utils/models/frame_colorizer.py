"""The frame colorizer: gray image in, chroma out.

A U-Net on an EfficientNet-Lite2 encoder sees the detail; the meaning that `build_meaning` makes of a Vision
Transformer's tokens joins its decoder. It predicts the a and b channels of CIE Lab at half the input's size; luma
is never predicted, so the colorized picture keeps every edge of its source.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from vidcolor_utils.models.efficientnet_lite import LITE2, encode_gray
from vidcolor_utils.pictures.color import AB_LIMIT
from vidcolor_utils.weights.shipped import MEANING_WIDTH

AB_SCALE = float(AB_LIMIT)
DECODER_FILTERS = (128, 96, 64)  # at strides 16, 8, 4
MEANING_FILTERS = (96, 64, 0)  # of the meaning that joins them
CONTEXT_FILTERS = 192
NARROW_FILTERS, FINE_FILTERS = 24, 32  # at stride 2, where every filter costs most


def build_frame_colorizer() -> keras.Model:
    """Build the network.

    Returns:
        A model from [luma (B, H, W, 1) in [0, 1], meaning (B, h, w, 256)] to ab (B, H/2, W/2, 2) in Lab units; H
        and W are multiples of `STRIDE`, h and w any sizes of a grid that covers the same picture. A meaning of
        zeros, which may be (B, 1, 1, 256), stands for one that is not known: the network has learned to do
        without.
    """
    luma = keras.Input((None, None, 1), name="luma")
    meaning = keras.Input((None, None, MEANING_WIDTH), name="meaning")
    *skips, bottom = encode_gray(luma, LITE2)
    x = _with_context(bottom, meaning)
    for level, filters in enumerate(DECODER_FILTERS):
        skip = skips.pop()
        beside = [skip]
        if MEANING_FILTERS[level]:
            beside.append(_meaning_like(meaning, skip, MEANING_FILTERS[level], f"decoder{level}_meaning"))
        x = _up_block(x, beside, filters, f"decoder{level}")
    logits = keras.layers.Conv2D(2, 3, padding="same", dtype="float32", name="head")(_fine_block(x, skips.pop()))
    broad = keras.layers.Conv2D(8, 1, use_bias=False, name="broad")(meaning)  # four to a token
    broad = ResizeLike(name="broad_up", dtype="float32")([DepthToSpace(name="broad_fine")(broad), logits])
    ab = keras.layers.Add(name="logits", dtype="float32")([logits, broad])
    ab = keras.layers.Activation("tanh", name="squashed", dtype="float32")(ab)
    return keras.Model(
        [luma, meaning], keras.layers.Rescaling(AB_SCALE, dtype="float32", name="ab")(ab), name="frame_colorizer"
    )


def _with_context(x: keras.KerasTensor, meaning: keras.KerasTensor) -> keras.KerasTensor:
    """Add what the whole picture shows to every place of it: the sky's colour depends on the scene."""
    context = keras.layers.GlobalAveragePooling2D(keepdims=True, name="context_pool")(x)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, activation="relu", name="context_hidden")(context)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_out")(context)
    known = keras.layers.GlobalAveragePooling2D(keepdims=True, name="meaning_pool")(meaning)
    known = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_meaning")(known)
    x = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_in")(x)
    x = keras.layers.Add(name="context_add")([x, context, known])
    return keras.layers.ReLU(name="context_relu")(x)


def _meaning_like(
    meaning: keras.KerasTensor, like: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(filters, 1, name=name)(meaning)
    return ResizeLike(name=f"{name}_up")([x, like])


def _up_block(x: keras.KerasTensor, beside: list[keras.KerasTensor], filters: int, name: str) -> keras.KerasTensor:
    x = keras.layers.UpSampling2D(2, name=f"{name}_up")(x)
    x = keras.layers.Concatenate(name=f"{name}_concat")([x, *beside])
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _fine_block(x: keras.KerasTensor, skip: keras.KerasTensor) -> keras.KerasTensor:
    """Go up to half the input's size: few filters, and a depthwise convolution, a tenth of a plain one's work."""
    x = keras.layers.Conv2D(NARROW_FILTERS, 1, name="fine_narrow")(x)
    x = keras.layers.UpSampling2D(2, name="fine_up")(x)
    x = keras.layers.Concatenate(name="fine_concat")([x, skip])
    x = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="fine_depthwise")(x)
    x = keras.layers.Conv2D(FINE_FILTERS, 1, use_bias=False, name="fine_conv")(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name="fine_bn")(x)
    return keras.layers.ReLU(name="fine_relu")(x)


@keras.saving.register_keras_serializable(package="vidcolor")
class ResizeLike(keras.layers.Layer):
    """A grid (B, h, w, C) enlarged or shrunk to the height and width of another (B, H, W, D), bilinearly."""

    def call(self, inputs: list) -> keras.KerasTensor:
        """Resize the first of two grids."""
        x, like = inputs
        (_, before_y, before_x, _), (_, height, width, _) = ops.shape(x), ops.shape(like)
        down, across = linear_matrix(height, before_y), linear_matrix(width, before_x)
        return ops.einsum("yi,xj,bijc->byxc", down, across, x)

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Say the shape of the result."""
        x, like = input_shape
        return (x[0], *like[1:3], x[-1])


def linear_matrix(length: Any, count: Any) -> Any:
    """Weights (length, count) with which `length` values are read between `count` others, by lines; ends go on."""
    places = ops.cast(count, "float32")  # JAX makes `arange` of a size, not of what was computed from one
    at = (ops.arange(length, dtype="float32") + 0.5) * (places / ops.cast(length, "float32")) - 0.5
    at = ops.minimum(ops.maximum(at, 0.0), places - 1)
    return ops.relu(1 - ops.abs(at[:, None] - ops.arange(count, dtype="float32")))


@keras.saving.register_keras_serializable(package="vidcolor")
class DepthToSpace(keras.layers.Layer):
    """(B, h, w, 4 C) to (B, 2 h, 2 w, C): channel c of the four pixels of a cell are channels 4 c to 4 c + 3."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Lay the channels out."""
        batch, height, width, _ = ops.shape(x)
        channels = x.shape[-1] // 4
        cells = ops.reshape(x, (batch, height, width, channels, 2, 2))
        return ops.reshape(ops.transpose(cells, (0, 1, 4, 2, 5, 3)), (batch, 2 * height, 2 * width, channels))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Say the shape of the result."""
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels // 4


def listed(tensors: Any) -> list:
    """What a layer's `input` or `output` holds, as a list also where that is one tensor."""
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def same_padding(layer: keras.Layer) -> tuple[int, int]:
    """Rows of zeros, and as many columns, that a convolution lays before its input, and after it.

    For inputs whose sizes its stride divides. Of an odd number one more lies after it, as in TensorFlow; 0 and 0
    unless the layer's padding is "same".
    """
    (size, _), (stride, _) = layer.kernel_size, layer.strides
    rows = size - stride if size > 1 and layer.padding == "same" else 0
    return rows // 2, rows - rows // 2
