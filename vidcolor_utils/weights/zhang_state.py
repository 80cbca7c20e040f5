"""What the released weights of Zhang, Isola & Efros (2016) look like: names and shapes, no network.

Apart from `models.zhang` so that a file of weights can be checked without importing Keras.

Source of the numbers: the table of layers in the appendix of arXiv 1603.08511, and the authors' public
PyTorch release (`ECCVGenerator`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from vidcolor_utils.system.errors import InputError

NUM_BINS = 313  # ab bins that the release tells apart
DECODER_FILTERS = 256
OUTPUT_KEY = "model_out"  # the fixed map from the bins to ab / 110
NORM_PARTS = ("weight", "bias", "running_mean", "running_var")


class Block(NamedTuple):
    """Convolutions 3x3 with ReLU, then batch normalization; the last convolution has the stride."""

    filters: int
    convolutions: int
    stride: int
    dilation: int


BLOCKS = (
    Block(64, 2, stride=2, dilation=1),
    Block(128, 2, stride=2, dilation=1),
    Block(256, 3, stride=2, dilation=1),
    Block(512, 3, stride=1, dilation=1),
    Block(512, 3, stride=1, dilation=2),
    Block(512, 3, stride=1, dilation=2),
    Block(512, 3, stride=1, dilation=1),
)


def convolution_keys() -> dict[str, str]:
    """Layer name (after the paper and its Caffe files) to the release's key, for all convolutions."""
    keys = {
        f"conv{number}_{index + 1}": f"model{number}.{2 * index}"  # the odd ones are ReLUs
        for number, block in enumerate(BLOCKS, 1)
        for index in range(block.convolutions)
    }
    last_block = {"conv8_1": "model8.0", "conv8_2": "model8.2", "conv8_3": "model8.4"}
    return keys | last_block | {"conv8_313": "model8.6", "class8_ab": OUTPUT_KEY}


def norm_keys() -> dict[str, str]:
    """Layer name to the release's key, for the batch normalization at the end of each block."""
    return {
        f"conv{number}_{block.convolutions}norm": f"model{number}.{2 * block.convolutions}"
        for number, block in enumerate(BLOCKS, 1)
    }


def zhang_state_shapes() -> dict[str, tuple[int, ...]]:
    """Key to shape (PyTorch's order of axes) of every tensor in the release."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 1
    for number, block in enumerate(BLOCKS, 1):
        for index in range(block.convolutions):
            shapes[f"model{number}.{2 * index}.weight"] = (block.filters, channels, 3, 3)
            shapes[f"model{number}.{2 * index}.bias"] = (block.filters,)
            channels = block.filters
        for part in NORM_PARTS:
            shapes[f"model{number}.{2 * block.convolutions}.{part}"] = (channels,)
    shapes["model8.0.weight"] = (channels, DECODER_FILTERS, 4, 4)  # transposed: inputs come first
    shapes["model8.2.weight"] = shapes["model8.4.weight"] = (DECODER_FILTERS, DECODER_FILTERS, 3, 3)
    shapes["model8.6.weight"] = (NUM_BINS, DECODER_FILTERS, 1, 1)
    shapes["model8.0.bias"] = shapes["model8.2.bias"] = shapes["model8.4.bias"] = (DECODER_FILTERS,)
    shapes["model8.6.bias"] = (NUM_BINS,)
    shapes[f"{OUTPUT_KEY}.weight"] = (2, NUM_BINS, 1, 1)
    return shapes


def check_zhang_state(state: Mapping[str, np.ndarray]) -> None:
    """Refuse weights that are not those of the released network.

    `num_batches_tracked`, a counter that PyTorch keeps beside each normalization, may be there or not.

    Raises:
        InputError: if a tensor is missing, has another shape, or is one too many; the message names it.
    """
    shapes = zhang_state_shapes()
    for key, shape in shapes.items():
        if key not in state:
            raise InputError(f"not the weights of Zhang et al.: {key} is missing")
        if tuple(state[key].shape) != shape:
            found = tuple(state[key].shape)
            raise InputError(f"not the weights of Zhang et al.: {key} should be {shape}, and is {found}")
    counters = {f"{key}.num_batches_tracked" for key in norm_keys().values()}
    extra = sorted(set(state) - set(shapes) - counters)
    if extra:
        raise InputError(f"not the weights of Zhang et al.: nothing is called {extra[0][:100]!r} there")
