"""The report's two networks: an AlexNet-like encoder, or a frozen VGG16, in front of one upsampling decoder.

Layers, sizes and parameter totals are those the authors print (Chaudhri & Fang 2019, sections 4.3 and 4.4). The
chain of sizes only returns to where it began for 128x128 frames. What is ours, and can be switched off with
`as_published`: values in [0, 1] instead of 0..255, a bounded output instead of a ReLU whose values wrap around
when cast to bytes, and for VGG16 the input preprocessing its weights were trained with.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from vidcolor_utils.models.vgg16_weights import load_vgg16_weights
from vidcolor_utils.pictures.color import REC601_WEIGHTS
from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import OneOf, Within, check_option

SIDE = 128
OUTPUTS = ("rgb", "chroma", "cbcr")
MOMENTUM = 0.99  # of the moving averages; Keras' default, and the authors'
FIRST_SHARE = 0.05  # of the previous frame's chroma, before any training
RED, GREEN, BLUE = (float(weight) for weight in REC601_WEIGHTS)
VGG16_MEAN_BGR = np.array([103.939, 116.779, 123.68])  # what the published weights subtract from 0..255
VGG16_STD_BGR = np.array([57.4, 57.1, 58.4])  # spread of ImageNet's pixels


class UpBlock(NamedTuple):
    """Convolution, ReLU, upsampling by two, batch normalization."""

    filters: int
    kernel: int
    padding: str


ALEXNET_DECODER = (
    UpBlock(256, 1, "valid"),
    UpBlock(384, 3, "valid"),
    UpBlock(384, 3, "valid"),
    UpBlock(256, 5, "valid"),
    UpBlock(96, 5, "same"),
)
VGG16_DECODER = (*ALEXNET_DECODER[:4], UpBlock(256, 5, "same"), UpBlock(96, 5, "same"))


def build_alexnet_colorizer(
    *,
    as_published: bool = False,
    output: str = "rgb",
    window: int = 1,
    width: float = 1.0,
    momentum: float = MOMENTUM,
) -> keras.Model:
    """Build the AlexNet-based colorizer: 9,127,971 parameters, 9,122,467 of them trainable.

    Args:
        as_published: raw 0..255 in and an open ReLU out, as the authors had it; otherwise [0, 1] in and out.
        output: "rgb" predicts the picture; "chroma" keeps the current frame's luma, and mixes the chroma of the
            two frames, see `MixedChroma`; "cbcr" keeps the luma, too, and predicts Cb and Cr, from gray on, see
            `PredictedChroma`.
        window: previous colorized frames given as input, newest first.
        width: factor on all numbers of filters, for quick trials.
        momentum: of batch normalization; smaller where training is short.

    Returns:
        A model from [previous (B, 128, 128, 3 * window), current (B, 128, 128, 3)] to RGB (B, 128, 128, 3).

    Raises:
        OptionError: if an argument is out of range.
    """
    _check_options(as_published, output, window, width)
    norm = _Norm(momentum)
    inputs = _frame_inputs(window)
    x = keras.layers.Concatenate(name="concat")(inputs)
    if not as_published:
        x = keras.layers.Rescaling(2.0, offset=-1.0, name="centre")(x)
    x = _conv(x, _scaled(96, width), 9, "valid", "conv1", strides=2)
    x = norm(keras.layers.AveragePooling2D(3, strides=2, name="pool1")(x), "bn1")
    x = _conv(x, _scaled(256, width), 5, "same", "conv2")
    x = norm(keras.layers.AveragePooling2D(3, strides=2, name="pool2")(x), "bn2")
    x = norm(_conv(x, _scaled(384, width), 3, "same", "conv3"), "bn3")
    x = norm(_conv(x, _scaled(384, width), 3, "same", "conv4"), "bn4")
    x = _conv(x, _scaled(256, width), 3, "same", "conv5")
    x = norm(keras.layers.AveragePooling2D(3, strides=2, name="pool5")(x), "bn5")  # (B, 6, 6, 256)
    x = _decode(x, ALEXNET_DECODER, norm, width)
    return keras.Model(inputs, _head(x, inputs, as_published, output), name="alexnet_colorizer")


def build_vgg16_colorizer(
    *,
    encoder_weights: str | None = "auto",
    as_published: bool = False,
    output: str = "rgb",
    window: int = 1,
    width: float = 1.0,
    momentum: float = MOMENTUM,
) -> keras.Model:
    """Build the VGG16-based colorizer: 21,783,396 parameters, 7,065,438 trainable; VGG16 is frozen.

    Before any training VGG16 sees exactly the current frame, preprocessed as its weights expect; the layers in
    front of it then learn what to take from the previous one.

    Args:
        encoder_weights: "imagenet", "hed", "auto", a path, or None; see `vgg16_weights.load_vgg16_weights`.
        as_published: raw 0..255 in without preprocessing, and an open ReLU out; otherwise [0, 1] in and out.
        output: "rgb", "chroma" or "cbcr", see `build_alexnet_colorizer`.
        window: previous colorized frames given as input, newest first.
        width: factor on the decoder's numbers of filters.
        momentum: of batch normalization; smaller where training is short.

    Returns:
        A model like that of `build_alexnet_colorizer`; its attribute `encoder_source` is a sentence saying
        which weights the encoder has.

    Raises:
        OptionError: if an argument is out of range.
        InputError: if the weights cannot be had.
    """
    _check_options(as_published, output, window, width)
    norm = _Norm(momentum)
    inputs = _frame_inputs(window)
    x = keras.layers.Concatenate(name="concat")(inputs)
    x = norm(_conv(x, 3, 1, "valid", "mix"), "mix_bn")
    if not as_published:
        x = keras.layers.Rescaling(VGG16_STD_BGR.tolist(), name="vgg16_scale")(x)
    encoder = keras.applications.VGG16(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), name="vgg16")
    source = load_vgg16_weights(encoder, encoder_weights)
    encoder.trainable = False
    x = _decode(encoder(x), VGG16_DECODER, norm, width)  # from (B, 4, 4, 512)
    model = keras.Model(inputs, _head(x, inputs, as_published, output), name="vgg16_colorizer")
    if not as_published:
        _start_with_preprocessed_current_frame(model)
    model.encoder_source = source
    return model


def _check_options(as_published: bool, output: str, window: int, width: float) -> None:
    check_option("output", output, OneOf(OUTPUTS))
    if as_published and output != "rgb":
        raise OptionError(f"`as_published` models predict RGB. Received: output={output!r}")
    check_option("window", window, Within(1, whole=True))
    check_option("width", width, Within(0, 1, open_start=True))


def _frame_inputs(window: int) -> list[keras.KerasTensor]:
    return [
        keras.Input((SIDE, SIDE, 3 * window), name="previous"),
        keras.Input((SIDE, SIDE, 3), name="current"),
    ]


def _scaled(filters: int, width: float) -> int:
    return max(1, round(filters * width))


class _Norm:
    """Batch normalization with one momentum for the whole model."""

    def __init__(self, momentum: float):
        self.momentum = momentum

    def __call__(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return keras.layers.BatchNormalization(momentum=self.momentum, name=name)(x)


def _conv(
    x: keras.KerasTensor, filters: int, kernel: int, padding: str, name: str, *, strides: int = 1
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(filters, kernel, strides=strides, padding=padding, name=name)(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _decode(x: keras.KerasTensor, blocks: tuple[UpBlock, ...], norm: _Norm, width: float) -> keras.KerasTensor:
    for number, block in enumerate(blocks, start=1):
        x = _up_block(x, block, norm, width, f"up{number}")
    return x


def _up_block(x: keras.KerasTensor, block: UpBlock, norm: _Norm, width: float, name: str) -> keras.KerasTensor:
    x = _conv(x, _scaled(block.filters, width), block.kernel, block.padding, f"{name}_conv")
    x = keras.layers.UpSampling2D(2, name=f"{name}_upsample")(x)
    return norm(x, f"{name}_bn")


def _head(
    x: keras.KerasTensor, frames: list[keras.KerasTensor], as_published: bool, output: str
) -> keras.KerasTensor:
    """Turn features into RGB; in float32 also under mixed precision, since bytes need more than bfloat16."""
    if output == "chroma":
        x = keras.layers.Conv2D(
            1,
            5,
            padding="same",
            kernel_initializer=keras.initializers.RandomNormal(stddev=1e-3, seed=0),
            bias_initializer=keras.initializers.Constant(np.log(FIRST_SHARE / (1 - FIRST_SHARE))),
            dtype="float32",
            name="head",
        )(x)
        return MixedChroma(dtype="float32", name="rgb")([*frames, x])
    if output == "cbcr":
        gray = keras.initializers.RandomNormal(stddev=1e-3, seed=0)  # nearly, before any training
        x = keras.layers.Conv2D(
            2, 5, padding="same", kernel_initializer=gray, activation="tanh", dtype="float32", name="head"
        )(x)
        return PredictedChroma(dtype="float32", name="rgb")([frames[-1], x])
    x = keras.layers.Conv2D(3, 5, padding="same", dtype="float32", name="head")(x)
    if as_published:
        return keras.layers.ReLU(dtype="float32", name="rgb")(x)
    return keras.layers.Activation("sigmoid", dtype="float32", name="rgb")(x)


@keras.saving.register_keras_serializable(package="vidcolor")
class MixedChroma(keras.layers.Layer):
    """Mixes the chroma of the previous and the current frame, and gives it to the current luma.

    From [previous (B, H, W, 3 * window), current (B, H, W, 3), prediction (B, H, W, 1)] to RGB (B, H, W, 3),
    frames in [0, 1], newest first. The sigmoid of the prediction is the previous frame's share in the mixture of
    Cb and Cr (ITU-R BT.601).
    """

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Return RGB; colours outside the cube are clipped."""
        previous, current, prediction = inputs
        share = ops.sigmoid(prediction)
        mixed = share * _cb_cr(previous[..., 0:3]) + (1 - share) * _cb_cr(current)
        return _with_cb_cr(_luma(current), mixed)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the picture."""
        return tuple(input_shape[1])


@keras.saving.register_keras_serializable(package="vidcolor")
class PredictedChroma(keras.layers.Layer):
    """Gives a predicted chroma to the luma of the current frame.

    From [current (B, H, W, 3) in [0, 1], prediction (B, H, W, 2) in [-1, 1]] to RGB (B, H, W, 3): half of the
    prediction is Cb and Cr (ITU-R BT.601), which are in +-0.5.
    """

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Return RGB; colours outside the cube are clipped."""
        current, prediction = inputs
        return _with_cb_cr(_luma(current), prediction / 2)

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of the picture."""
        return tuple(input_shape[0])


def _luma(rgb: keras.KerasTensor) -> keras.KerasTensor:
    return RED * rgb[..., 0:1] + GREEN * rgb[..., 1:2] + BLUE * rgb[..., 2:3]


def _cb_cr(rgb: keras.KerasTensor) -> keras.KerasTensor:
    """Cb and Cr of ITU-R BT.601, in +-0.5."""
    luma = _luma(rgb)
    cb, cr = (rgb[..., 2:3] - luma) / (2 * (1 - BLUE)), (rgb[..., 0:1] - luma) / (2 * (1 - RED))
    return ops.concatenate([cb, cr], axis=-1)


def _with_cb_cr(luma: keras.KerasTensor, cb_cr: keras.KerasTensor) -> keras.KerasTensor:
    """Undo `_luma` and `_cb_cr`, clipped to [0, 1]."""
    blue_minus_luma = 2 * (1 - BLUE) * cb_cr[..., 0:1]
    red_minus_luma = 2 * (1 - RED) * cb_cr[..., 1:2]
    green_minus_luma = -(RED * red_minus_luma + BLUE * blue_minus_luma) / GREEN
    difference = ops.concatenate([red_minus_luma, green_minus_luma, blue_minus_luma], axis=-1)
    return ops.clip(luma + difference, 0.0, 1.0)


def _start_with_preprocessed_current_frame(model: keras.Model) -> None:
    """Set `mix` and `mix_bn` so that VGG16 at first gets 255 * (current frame in BGR) minus its usual mean."""
    kernel, bias = (np.zeros_like(weight) for weight in model.get_layer("mix").get_weights())
    for output_channel, rgb_channel in enumerate((2, 1, 0)):
        kernel[0, 0, kernel.shape[2] - 3 + rgb_channel, output_channel] = 1
    model.get_layer("mix").set_weights([kernel, bias])
    norm = model.get_layer("mix_bn")
    scale, offset, _, _ = norm.get_weights()
    variance = (VGG16_STD_BGR / 255) ** 2 - norm.epsilon
    norm.set_weights([scale, offset, VGG16_MEAN_BGR / 255, variance])
