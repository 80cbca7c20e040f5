"""Read tensors from a PyTorch checkpoint without PyTorch and without unpickling.

A checkpoint is a pickle that describes tensors, plus their raw bytes. `pickle.load` would run whatever
the file asks for, so the opcodes are read with `pickletools` and only those that a dictionary of tensors
needs are interpreted, here, on plain Python values. Nothing in the file can name code that is then called.

Both layouts are read: the zip archive (PyTorch 1.6 and later) and the older stream of pickles.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from vidcolor_utils.errors import InputError

LEGACY_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL_VERSION = 1001

STORAGE_DTYPES = {
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "DoubleStorage"): np.dtype("<f8"),
    ("torch", "HalfStorage"): np.dtype("<f2"),
    ("torch", "LongStorage"): np.dtype("<i8"),
    ("torch", "IntStorage"): np.dtype("<i4"),
    ("torch", "ByteStorage"): np.dtype("u1"),
    ("torch", "BoolStorage"): np.dtype("?"),
}
REBUILD_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
REBUILD_PARAMETER = ("torch._utils", "_rebuild_parameter")
ORDERED_DICT = ("collections", "OrderedDict")
KNOWN_GLOBALS = {*STORAGE_DTYPES, REBUILD_TENSOR, REBUILD_PARAMETER, ORDERED_DICT}

_MARK = object()
_PUSH_ARGUMENT = {
    "BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING",
}  # fmt: skip
_PUSH_CONSTANT = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_PUSH_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLE_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class _Global:
    """A name the pickle mentions. It is compared with `KNOWN_GLOBALS`, never imported."""

    module: str
    name: str


@dataclass(frozen=True)
class _Storage:
    """A block of bytes the pickle refers to."""

    dtype: np.dtype
    key: str
    numel: int


@dataclass(frozen=True)
class _TensorView:
    """A tensor as an offset, shape and strides (all in elements) into a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """Read the tensors of a PyTorch state dict.

    Args:
        path: a file written by `torch.save(state_dict, path)`, in either of PyTorch's layouts.

    Returns:
        Name to array, in file order; arrays own their memory and keep the file's dtype.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is truncated, is no checkpoint, or holds anything but tensors.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                views, storages = _read_zip(file)
            else:
                file.seek(0)
                views, storages = _read_legacy(file)
        return {name: _array(view, storages) for name, view in views.items()}
    except FileNotFoundError:
        raise
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        EOFError,
        OverflowError,
        zipfile.BadZipFile,
    ) as error:
        raise InputError(f"{path}: not a readable PyTorch checkpoint, or a truncated one ({error})") from None


def _read_zip(file: BinaryIO) -> tuple[dict[str, _TensorView], dict[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        (pickle_name,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
        root = pickle_name.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
            raise InputError("big-endian checkpoints are not supported")
        views = _named_tensors(_interpret(io.BytesIO(archive.read(pickle_name))))
        keys = {view.storage.key for view in views.values()}
        return views, {key: archive.read(f"{root}data/{key}") for key in keys}


def _read_legacy(file: BinaryIO) -> tuple[dict[str, _TensorView], dict[str, bytes]]:
    if _interpret(file) != LEGACY_MAGIC_NUMBER or _interpret(file) != LEGACY_PROTOCOL_VERSION:
        raise InputError("not a PyTorch checkpoint")
    _interpret(file)  # sizes of the C types on the machine that wrote the file
    views = _named_tensors(_interpret(file))
    storages_by_key = {view.storage.key: view.storage for view in views.values()}
    return views, {key: _legacy_bytes(file, storages_by_key[key]) for key in _interpret(file)}


def _legacy_bytes(file: BinaryIO, storage: _Storage) -> bytes:
    if int.from_bytes(file.read(8), "little") != storage.numel:
        raise InputError(f"storage {storage.key} has another size than the file says")
    return file.read(storage.numel * storage.dtype.itemsize)


def _named_tensors(state: Any) -> dict[str, _TensorView]:
    if not isinstance(state, dict):
        raise InputError(f"expected a dictionary of tensors, found {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, _TensorView):
            raise InputError(f"expected only named tensors, found {name!r}: {type(value).__name__}")
    return state


def _array(view: _TensorView, storages: dict[str, bytes]) -> np.ndarray:
    """Copy a view out of its storage, refusing one that reaches outside it."""
    dtype, raw = view.storage.dtype, storages[view.storage.key]
    last = view.offset + sum(
        (side - 1) * stride for side, stride in zip(view.shape, view.strides, strict=True)
    )
    if min((view.offset, *view.shape, *view.strides)) < 0:
        raise InputError("a tensor with a negative size")
    if math.prod(view.shape) and (last + 1) * dtype.itemsize > len(raw):
        raise InputError("a tensor reaches past the end of its data: the file is truncated")
    flat = np.frombuffer(raw, dtype)[view.offset :]
    strides = [stride * dtype.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(flat, view.shape, strides).copy()


def _interpret(file: BinaryIO) -> Any:
    """Evaluate one pickle from `file` and leave the file just behind it."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for name, argument in _opcodes(file):
        if name == "STOP":
            return stack.pop()
        _step(name, argument, stack, memo)
    raise InputError("the file is truncated")


def _opcodes(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    for opcode, argument, _ in pickletools.genops(file):
        yield opcode.name, argument


def _step(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if name in _PUSH_ARGUMENT:
        stack.append(argument)
    elif name in _PUSH_CONSTANT:
        stack.append(_PUSH_CONSTANT[name])
    elif name in _PUSH_EMPTY:
        stack.append(_PUSH_EMPTY[name]())
    elif name == "MARK":
        stack.append(_MARK)
    elif name == "TUPLE":
        stack.append(tuple(_pop_to_mark(stack)))
    elif name in _TUPLE_SIZES:
        stack[-_TUPLE_SIZES[name] :] = [tuple(stack[-_TUPLE_SIZES[name] :])]
    elif name == "SETITEM":
        value, key = stack.pop(), stack.pop()
        stack[-1][key] = value
    elif name == "SETITEMS":
        items = _pop_to_mark(stack)
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
    elif name == "APPEND":
        value = stack.pop()
        stack[-1].append(value)
    elif name == "APPENDS":
        values = _pop_to_mark(stack)
        stack[-1].extend(values)
    elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
        memo[len(memo) if name == "MEMOIZE" else argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET", "GET"):
        stack.append(memo[argument])
    elif name == "GLOBAL":
        stack.append(_known_global(*argument.split(" ", 1)))
    elif name == "STACK_GLOBAL":
        attribute, module = stack.pop(), stack.pop()
        stack.append(_known_global(module, attribute))
    elif name == "BINPERSID":
        stack.append(_storage(stack.pop()))
    elif name == "REDUCE":
        arguments, function = stack.pop(), stack.pop()
        stack.append(_call(function, arguments))
    elif name == "BUILD":  # attributes of a state dict (`_metadata`): read past, never set
        stack.pop()
    elif name not in ("PROTO", "FRAME"):
        raise InputError(f"refused: pickle instruction {name}, which no dictionary of tensors needs")


def _pop_to_mark(stack: list[Any]) -> list[Any]:
    position = len(stack) - 1 - stack[::-1].index(_MARK)
    items = stack[position + 1 :]
    del stack[position:]
    return items


def _known_global(module: str, name: str) -> _Global:
    if (module, name) not in KNOWN_GLOBALS:
        raise InputError(f"refused: the file asks for {module}.{name}, which is no tensor type")
    return _Global(module, name)


def _storage(persistent_id: tuple[Any, ...]) -> _Storage:
    kind, storage_type, key, _, numel, *_ = persistent_id
    dtype = STORAGE_DTYPES.get((storage_type.module, storage_type.name))
    if kind != "storage" or dtype is None:
        raise InputError(f"refused: unknown storage {storage_type}")
    return _Storage(dtype, key, numel)


def _call(function: Any, arguments: tuple[Any, ...]) -> Any:
    """What the three known callables do, done here: build a dictionary or describe a tensor."""
    target = (function.module, function.name)
    if target == ORDERED_DICT:
        return dict(*arguments)
    if target == REBUILD_TENSOR:
        storage, offset, shape, strides = arguments[:4]
        return _TensorView(storage, offset, tuple(shape), tuple(strides))
    if target == REBUILD_PARAMETER:
        return arguments[0]
    raise InputError(f"refused: a call of {function.module}.{function.name}")
