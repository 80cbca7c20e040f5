"""Store a model's weights as half-precision safetensors, a format that can hold nothing but arrays."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save_file

from vidcolor_utils.checksum import file_sha256, read_checked
from vidcolor_utils.errors import InputError

HALF_LIMIT = float(np.finfo(np.float16).max)


def save_weights(model: keras.Model, path: str | Path, metadata: dict[str, str]) -> str:
    """Write all weights of `model` as float16 and return the file's sha256 as hex."""
    halves = {weight.path: to_half(weight) for weight in model.weights}
    save_file(halves, str(path), metadata=metadata)
    Path(path).chmod(0o644)  # safetensors makes it readable by its owner alone
    return file_sha256(path)


def to_half(weight: keras.KerasTensor) -> np.ndarray:
    """Convert to a float16 array, clipping what it cannot hold."""
    return np.clip(keras.ops.convert_to_numpy(weight), -HALF_LIMIT, HALF_LIMIT).astype(np.float16)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Fill `model` with weights written by `save_weights`.

    If a file named `path` + ".sha256" lies beside it, the content must match.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged or belongs to another model.
    """
    content = read_checked(path)
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise InputError(f"{path}: not a weights file ({error})") from None
    for weight in model.weights:
        array = arrays.pop(weight.path, None)
        if array is None or array.shape != tuple(weight.shape):
            raise InputError(f"{path}: no weights of shape {tuple(weight.shape)} for {weight.path}")
        weight.assign(array.astype(np.float32))
    if arrays:
        raise InputError(f"{path}: weights that the model has no place for: {', '.join(sorted(arrays)[:3])}")


def read_metadata(path: str | Path) -> dict[str, str]:
    """Read the notes that `save_weights` was given; raises as `load_weights` does."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise InputError(f"{path}: not a weights file ({error})") from None
