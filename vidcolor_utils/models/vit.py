"""A Vision Transformer that looks at gray pictures: one token, a vector of 384 numbers, for every 14x14 pixels.

ViT-S/14 (Dosovitskiy et al. 2021, arXiv 2010.11929) with the layer scale of DINOv2 (Oquab et al. 2023, arXiv
2304.07193), whose marks the weights that ship bear. What a colorizer lacks on photographs by the ten
thousand is to know what things are, and this knows; on a GPU it learns along, slowly.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, read_checked, write_sidecar
from vidcolor_utils.weights.shipped import PATCH

WIDTH, HEADS, DEPTH = 384, 6, 12
MIDDLE = 6  # blocks after which the tokens are handed out, beside those after the last
TOKEN_WIDTH = 2 * WIDTH
GRID = 37  # tokens to a side of the pictures that the positions were learned on
EPSILON = 1e-6
CUBIC = -0.75  # of the kernel that PyTorch and ONNX enlarge positions with (Keys 1981, equation 4)


def build_vit() -> keras.Model:
    """Build the network.

    Returns:
        A model from luma (B, H, W, 1) float32 in [0, 1], H and W multiples of `PATCH`, to tokens
        (B, H/14, W/14, 768): 384 numbers from the middle of the network, where shapes and parts are told, and 384
        from its end, where things are.
    """
    luma = keras.Input((None, None, 1), name="luma")
    patches = keras.layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches")(luma)
    x, taps = TokensOfPatches(name="tokens")(patches), []
    for number in range(1, DEPTH + 1):
        x = transformer_block(x, f"block{number}", heads=HEADS, hidden=4 * WIDTH, epsilon=EPSILON)
        if number == MIDDLE:
            taps.append(x)
    taps.append(keras.layers.LayerNormalization(epsilon=EPSILON, name="norm")(x))
    return keras.Model(luma, TokenGrid(name="grid")([*taps, patches]), name="vit")


def transformer_block(
    x: keras.KerasTensor, name: str, *, heads: int, hidden: int, epsilon: float
) -> keras.KerasTensor:
    """Add a pre-norm transformer block: (B, T, C) to the same, `hidden` units between its two dense layers."""
    width = x.shape[-1]
    y = keras.layers.LayerNormalization(epsilon=epsilon, name=f"{name}_norm1")(x)
    y = keras.layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")(y, y)
    x = keras.layers.Add(name=f"{name}_add1")([x, y])
    y = keras.layers.LayerNormalization(epsilon=epsilon, name=f"{name}_norm2")(x)
    y = keras.layers.Dense(hidden, activation="gelu", name=f"{name}_hidden")(y)
    y = keras.layers.Dense(width, name=f"{name}_out")(y)
    return keras.layers.Add(name=f"{name}_add2")([x, y])


@keras.saving.register_keras_serializable(package="vidcolor")
class TokensOfPatches(keras.layers.Layer):
    """Patches (B, h, w, 384) to tokens (B, 1 + h w, 384): a class token first, and positions added."""

    def build(self, input_shape: tuple) -> None:
        """Make the weights."""
        width = input_shape[-1]
        self.first = self.add_weight(shape=(1, 1, width), name="first")
        self.positions = self.add_weight(shape=(GRID, GRID, width), name="positions")

    def call(self, patches: Any) -> Any:
        """Lay the positions, enlarged or shrunk to the grid of `patches`, over it."""
        batch, height, width, channels = ops.shape(patches)
        down, across = cubic_matrix(height), cubic_matrix(width)
        positions = ops.einsum("yi,xj,ijc->yxc", down, across, self.positions)
        tokens = ops.reshape(patches + positions, (batch, height * width, channels))
        return ops.concatenate([ops.broadcast_to(self.first, (batch, 1, channels)), tokens], axis=1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Say the shape of the tokens."""
        batch, height, width, channels = input_shape
        known = height is not None and width is not None
        return batch, 1 + height * width if known else None, channels


@keras.saving.register_keras_serializable(package="vidcolor")
class TokenGrid(keras.layers.Layer):
    """Two sets of tokens (B, 1 + h w, C) and the patches (B, h, w, 384) they came from: joined, (B, h, w, 2 C)."""

    def call(self, inputs: list) -> Any:
        """Leave the class tokens out."""
        middle, last, patches = inputs
        batch, height, width, _ = ops.shape(patches)
        tokens = ops.concatenate([middle, last], axis=-1)[:, 1:]
        return ops.reshape(tokens, (batch, height, width, middle.shape[-1] + last.shape[-1]))

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Say the shape of the grid."""
        middle, last, patches = input_shape
        return (*patches[:3], middle[-1] + last[-1])


def cubic_matrix(length: Any) -> Any:
    """Weights (length, 37) with which `length` values are read between the 37 of a side of the positions.

    Cubic convolution without averaging, what lies beyond the ends taken for the ends, as PyTorch and ONNX do it.
    """
    at = (ops.arange(length, dtype="float32") + 0.5) * (GRID / ops.cast(length, "float32")) - 0.5
    taps = ops.arange(-2, GRID + 2, dtype="float32")
    weights = _cubic(ops.abs(at[:, None] - taps))
    before, inside, after = weights[:, :3], weights[:, 3:-3], weights[:, -3:]
    ends = [ops.sum(before, axis=1, keepdims=True), inside, ops.sum(after, axis=1, keepdims=True)]
    return ops.concatenate(ends, axis=1)


def _cubic(x: Any) -> Any:
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC
    return ops.where(x <= 1, near, ops.where(x < 2, far, 0.0))


def store_vit(model: keras.Model, path: str | Path) -> str:
    """Write the network as an ONNX file of 8 bits, and its sha256 beside it; returns that, as hex.

    Weights get a scale for each channel; what is multiplied with them gets its 8 bits picture by picture.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from vidcolor_utils.models.onnx_export import save_onnx  # needs onnx, which running the network does not

    with tempfile.TemporaryDirectory() as folder, finished_file(Path(path)) as part:
        whole = Path(folder) / "whole.onnx"
        save_onnx(model, whole, stored=False)
        quantize_dynamic(
            whole, part, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"]
        )
    return write_sidecar(Path(path))


def load_vit(path: str | Path) -> keras.Model:
    """Build the network with the weights of an ONNX file that `store_vit` wrote, widened to 32 bits.

    ONNX Runtime rounds what it multiplies with them to 8 bits, Keras does not, so the tokens differ by about 2 %.

    Args:
        path: the file. If one of that name and ".sha256" lies beside it, the content must match.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is damaged, or holds another network.
    """
    import onnx  # only here: nothing else of this module needs it
    from onnx import numpy_helper

    content = read_checked(path)
    try:
        graph = onnx.load_model_from_string(content).graph
    except Exception as error:  # protobuf's errors have no common type with ONNX's
        raise InputError(f"{path}: not a network ({' '.join(str(error).split())[:200]})") from None
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    model = build_vit()
    for weight in model.weights:
        array = _widened(arrays, _stored_name(weight.path), path)
        if array.ndim == 4:  # channels first in ONNX: positions (1, C, h, w), a kernel (out, in, h, w)
            array = array.transpose((0, 2, 3, 1) if len(array) == 1 else (2, 3, 1, 0))
        weight.assign(array.reshape(weight.shape))
    return model


def _stored_name(path: str) -> str:
    return path.replace("attention_output", "out").replace("/", "_")


def _widened(arrays: dict[str, np.ndarray], name: str, path: str | Path) -> np.ndarray:
    found = (arrays.get(f"{name}{ending}") for ending in ("_quantized", "_numbers", ""))
    numbers = next((each for each in found if each is not None), None)
    if numbers is None:
        raise InputError(f"{path}: holds another network: no weights for {name}")
    return numbers.astype(np.float32) * arrays.get(f"{name}_scale", np.float32(1))
