"""Read the tensors of a published PyTorch checkpoint, without PyTorch.

Only files whose sha256 is known are read, and it is compared first. A checkpoint is a pickle that describes
tensors, plus their raw bytes, in a zip archive (PyTorch 1.6 and later) or one behind the other. The pickle may use
the few names that a dictionary of tensors needs, and nothing else.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256

ZIP_SIGNATURE = b"PK\x03\x04"
LEGACY_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
LEGACY_PARTS = 3  # pickles before the tensors: the magic number, the protocol, sizes of C types

STORAGE_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}  # bfloat16 is missing on purpose: numpy has no such type


class Storage(NamedTuple):
    """A block of numbers that tensors lie in."""

    key: str
    dtype: np.dtype
    numel: int


class TensorView(NamedTuple):
    """A tensor: a part of a storage; all but the storage in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def cut(self, raw: bytes) -> np.ndarray:
        """Copy the tensor out of its storage's bytes; raises `ValueError` if it reaches past their end."""
        numbers = np.frombuffer(raw, self.storage.dtype, self.storage.numel)
        reach = sum((side - 1) * stride for side, stride in zip(self.shape, self.strides, strict=True))
        is_inside = min(self.offset, *self.strides, 0) == 0 and self.offset + reach < len(numbers)
        if math.prod(self.shape) and not is_inside:
            raise ValueError("a tensor reaches past the end of its data")
        steps = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps).copy()


# All that a description may name, and what is called in its place.
KNOWN_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): lambda storage, *place_and_rest: TensorView(
        storage, *place_and_rest[:3]
    ),
    ("torch._utils", "_rebuild_parameter"): lambda view, *rest: view,
    **{("torch", name): np.dtype(code) for name, code in STORAGE_DTYPES.items()},
}


class _Description(pickle.Unpickler):
    """Reads what a checkpoint says of its tensors."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in KNOWN_NAMES:
            raise pickle.UnpicklingError(f"refused: it asks for {module}.{name}")
        return KNOWN_NAMES[module, name]

    def persistent_load(self, persistent_id: Any) -> Storage:
        _, dtype, key, _, numel, *_ = persistent_id
        return Storage(key, dtype, numel)


def read_torch_state_dict(path: str | Path, *, sha256: str) -> dict[str, np.ndarray]:
    """Read a PyTorch state dict from a file that is known.

    Args:
        path: a file written by `torch.save(state_dict, path)`, in either of PyTorch's layouts.
        sha256: 64 hex digits; a file with another one is not read.

    Returns:
        Name to array, in file order; arrays own their memory and keep the file's dtype.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is another file, or holds anything but tensors.
    """
    path = Path(path)
    if (found := file_sha256(path)) != sha256:
        raise InputError(f"{path}: its sha256 is {found}, not {sha256}")
    content = path.read_bytes()
    try:
        state, raw = _zip_parts(content) if content.startswith(ZIP_SIGNATURE) else _legacy_parts(content)
        return {name: view.cut(raw(view.storage)) for name, view in state.items()}
    except (pickle.UnpicklingError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: no dictionary of tensors as PyTorch saves it ({error})") from None


def _only_tensors(state: Any) -> Mapping[str, TensorView]:
    if not isinstance(state, Mapping) or not all(isinstance(view, TensorView) for view in state.values()):
        raise ValueError("it holds something else than tensors")
    return state


def _zip_parts(content: bytes) -> tuple[Mapping[str, TensorView], Callable[[Storage], bytes]]:
    """Return the description, and what gives the bytes of a storage."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    (name,) = (name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
    root = name.removesuffix("data.pkl")
    state = _only_tensors(_Description(io.BytesIO(archive.read(name))).load())
    return state, lambda storage: archive.read(f"{root}data/{storage.key}")


def _legacy_parts(content: bytes) -> tuple[Mapping[str, TensorView], Callable[[Storage], bytes]]:
    file = io.BytesIO(content)
    magic, *_ = (_Description(file).load() for _ in range(LEGACY_PARTS))
    if magic != LEGACY_MAGIC_NUMBER:
        raise ValueError("another kind of file")
    state = _only_tensors(_Description(file).load())
    sizes = {view.storage.key: view.storage for view in state.values()}
    raw = {}
    for key in _Description(file).load():  # their bytes follow in this order, each after its length
        numel = int.from_bytes(file.read(8), "little")
        raw[key] = file.read(numel * sizes[key].dtype.itemsize)
    return state, lambda storage: raw[storage.key]
