"""The network of "Colorful Image Colorization" (Zhang, Isola & Efros 2016, arXiv 1603.08511).

It gives every place of the picture a probability for each of 313 colours, at a quarter of the input's
size; their mean, enlarged, is the answer. This is the network as its authors released it for PyTorch
(`eccv16` in their repository), so that their weights give their output.

What the release does at its end: softmax, a fixed 1x1 convolution from the bins to ab / 110, bilinear
enlargement by 4, times 110. There is no temperature in it: the Caffe files multiply the scores by 2.606 = 1 / 0.38
before the softmax (the annealed mean of the paper's equation 5), the PyTorch ones have no such layer. Another
temperature is had by dividing the scores, `model.get_layer("conv8_313").output`, before the layers that follow.
The 313 bins are the release's own, in the weights of class8_ab; they are not those of `ab_bins`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import ops
from safetensors import SafetensorError
from safetensors.numpy import load_file

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.zhang_state import (
    BLOCKS,
    DECODER_FILTERS,
    NORM_PARTS,
    NUM_BINS,
    Block,
    check_zhang_state,
    convolution_keys,
    norm_keys,
)

L_CENTER = 50.0
L_RANGE = 100.0
AB_RANGE = 110.0  # the release's own
BATCH_NORM_EPSILON = 1e-5  # PyTorch's default, as is the momentum
BATCH_NORM_MOMENTUM = 0.9
OUTPUT_STRIDE = 4  # the bins are told apart at this fraction of the input's size


def build_zhang() -> keras.Model:
    """Build the network, with random weights.

    Layers bear the paper's names: conv1_1 ... conv8_3, conv8_313 (the scores), class8_ab (bins to ab).

    Of its weights 32,236,011 are parameters in the release's sense (32,235,385 learned and the 626 of
    class8_ab, fixed); the running means and variances of the normalizations, 4,992, come on top.

    Returns:
        A model from lightness (B, H, W, 1) in [0, 100] to ab (B, H, W, 2) in Lab units. Any H and W: inside,
        a side is rounded up to a multiple of 8 by the zeros around each convolution, and the surplus at
        the right and bottom of the output is cut off.
    """
    lightness = keras.Input((None, None, 1), name="lightness")
    x = keras.layers.Rescaling(1 / L_RANGE, offset=-L_CENTER / L_RANGE, name="normalize_l")(lightness)
    for number, block in enumerate(BLOCKS, 1):
        x = _block(x, block, number)
    # "same" puts one zero on each side here, which is the release's padding=1.
    x = keras.layers.Conv2DTranspose(
        DECODER_FILTERS, 4, strides=2, padding="same", activation="relu", name="conv8_1"
    )(x)
    x = _convolution(x, DECODER_FILTERS, "conv8_2")
    x = _convolution(x, DECODER_FILTERS, "conv8_3")
    scores = keras.layers.Conv2D(NUM_BINS, 1, dtype="float32", name="conv8_313")(x)
    x = keras.layers.Softmax(dtype="float32", name="class8_313")(scores)
    x = keras.layers.Conv2D(2, 1, use_bias=False, trainable=False, dtype="float32", name="class8_ab")(x)
    x = keras.layers.Rescaling(AB_RANGE, dtype="float32", name="unnormalize_ab")(x)
    x = BilinearUpsampling(OUTPUT_STRIDE, dtype="float32", name="upsample")(x)
    ab = CropToSize(dtype="float32", name="ab")([x, lightness])
    return keras.Model(lightness, ab, name="zhang")


def _block(x: keras.KerasTensor, block: Block, number: int) -> keras.KerasTensor:
    for index in range(1, block.convolutions + 1):
        stride = block.stride if index == block.convolutions else 1
        x = _convolution(x, block.filters, f"conv{number}_{index}", strides=stride, dilation_rate=block.dilation)
    return keras.layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM,
        epsilon=BATCH_NORM_EPSILON,
        name=f"conv{number}_{block.convolutions}norm",
    )(x)


def _convolution(
    x: keras.KerasTensor, filters: int, name: str, *, strides: int = 1, dilation_rate: int = 1
) -> keras.KerasTensor:
    padding = "same"
    if strides > 1:  # "same" would put the zeros of even sizes at the right and bottom only
        x, padding = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")(x), "valid"
    return keras.layers.Conv2D(
        filters,
        3,
        strides=strides,
        dilation_rate=dilation_rate,
        padding=padding,
        activation="relu",
        name=name,
    )(x)


@keras.saving.register_keras_serializable(package="vidcolor")
class BilinearUpsampling(keras.layers.Layer):
    """Enlarge (B, H, W, C) to (B, factor H, factor W, C), PyTorch's bilinear with `align_corners=False`.

    Unlike `UpSampling2D`, it works on sizes unknown when the graph is built.
    """

    def __init__(self, factor: int, **kwargs: object):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Enlarge down, then across."""
        x = ops.swapaxes(_stretch_rows(x, self.factor), 1, 2)
        return ops.swapaxes(_stretch_rows(x, self.factor), 1, 2)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Shape of the enlarged map; unknown sides stay unknown."""
        batch, height, width, channels = input_shape
        sides = (None if side is None else side * self.factor for side in (height, width))
        return (batch, *sides, channels)

    def get_config(self) -> dict:
        """Return the arguments for `from_config`."""
        return {**super().get_config(), "factor": self.factor}


def _stretch_rows(x: keras.KerasTensor, factor: int) -> keras.KerasTensor:
    """Linear interpolation along axis 1; what lies outside repeats the outermost row."""
    above = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
    below = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
    phases = []
    for phase in range(factor):
        shift = (phase + 0.5) / factor - 0.5  # of the new row's centre from the old one's, in old rows
        phases.append((1 - abs(shift)) * x + abs(shift) * (above if shift < 0 else below))
    _, rows, columns, channels = ops.shape(x)
    return ops.reshape(ops.stack(phases, axis=2), (-1, rows * factor, columns, channels))


@keras.saving.register_keras_serializable(package="vidcolor")
class CropToSize(keras.layers.Layer):
    """Cut the first input's right and bottom edges off, down to the height and width of the second."""

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Crop `inputs[0]`."""
        x, reference = inputs
        _, height, width, _ = ops.shape(reference)
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Sides of the second, channels of the first."""
        return (*input_shape[1][:3], input_shape[0][3])


def load_zhang_state(model: keras.Model, state: Mapping[str, np.ndarray]) -> None:
    """Copy the release's weights into `model`.

    Args:
        model: from `build_zhang`.
        state: the release's key to array, e.g. from `torch_file.read_torch_state_dict`.

    Raises:
        InputError: if a tensor is missing, has another shape, or is one too many; nothing is copied then.
    """
    check_zhang_state(state)
    for name, key in convolution_keys().items():
        # PyTorch has (out, in, h, w), transposed convolutions (in, out, h, w); in Keras it is (h, w, in, out)
        # and (h, w, out, in): the same reversal.
        arrays = [state[f"{key}.weight"].transpose(2, 3, 1, 0)]
        if f"{key}.bias" in state:
            arrays.append(state[f"{key}.bias"])
        model.get_layer(name).set_weights(arrays)
    for name, key in norm_keys().items():
        model.get_layer(name).set_weights([state[f"{key}.{part}"] for part in NORM_PARTS])


def load_zhang(path: str | Path) -> keras.Model:
    """Build the network with its released weights.

    Args:
        path: what `weights.fetched.find_weights("zhang")` returned.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged or holds other weights.
    """
    try:
        state = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path}: damaged ({error}); delete it and fetch it again") from None
    model = build_zhang()
    try:
        load_zhang_state(model, state)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return model
