"""Read tensors from a PyTorch checkpoint without PyTorch and without unpickling.

A checkpoint is a pickle that describes tensors, plus their raw bytes. `pickle.load` would run whatever
the file asks for, so the opcodes are read with `pickletools` and only those that a dictionary of tensors
needs are interpreted, here, on plain Python values. Nothing in the file can name code that is then called.

The file is taken to be hostile: every size it declares is compared with the file's own size before memory
is asked for, so reading costs at most a few times the file's size.

Both layouts are read: the zip archive (PyTorch 1.6 and later) and the older stream of pickles.
"""

from __future__ import annotations

import io
import math
import os
import pickletools
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from vidcolor_utils.errors import InputError

LEGACY_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL_VERSION = 1001
ZIP_SIGNATURE = b"PK\x03\x04"
ZIP_ENCRYPTED = 0x1  # bit of a member's flags

MAX_PICKLE_BYTES = 4 << 20  # ten thousand tensors need a quarter; a byte of it may cost a hundred in memory
MAX_DIMENSIONS = 64  # numpy's limit
MAX_SHARING = 4  # tensors may overlap (tied weights), yet together be this many times the file at most

STORAGE_DTYPES: dict[str, np.dtype] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}  # bfloat16 is missing on purpose: numpy has no such type
REBUILD_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
REBUILD_PARAMETER = ("torch._utils", "_rebuild_parameter")
ORDERED_DICT = ("collections", "OrderedDict")
KNOWN_GLOBALS = {
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    ORDERED_DICT,
    *(("torch", name) for name in STORAGE_DTYPES),
}

_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    ArithmeticError,
    RuntimeError,  # zipfile: an unknown compression or version
    struct.error,
    zipfile.BadZipFile,
)
_PUSH_ARGUMENT = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING",
}  # fmt: skip
_PUSH_CONSTANT = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_PUSH_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list}
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

    @property
    def nbytes(self) -> int:
        return self.numel * self.dtype.itemsize


@dataclass(frozen=True)
class _TensorView:
    """A tensor as an offset, shape and strides (all in elements) into a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.storage.dtype.itemsize


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
            size = os.fstat(file.fileno()).st_size
            is_zip = file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE
            file.seek(0)
            return _read_zip(file, size) if is_zip else _read_legacy(file, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: not a PyTorch checkpoint, or a truncated one ({reason})") from None


def _read_zip(file: BinaryIO, size: int) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & ZIP_ENCRYPTED:
                raise InputError(f"refused: {_shown(member.filename)} is packed, which PyTorch never does")
        # Stored members that add up to more than the file overlap: the trick of zip bombs.
        if sum(max(member.file_size, member.compress_size) for member in members) > size:
            raise InputError("refused: an archive whose parts are larger than the whole")
        names = {member.filename: member.file_size for member in members}
        pickles = [name for name in names if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise InputError("not a PyTorch checkpoint: no data.pkl in the archive")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
            raise InputError("a checkpoint of a big-endian machine, which is not supported")
        if names[pickles[0]] > MAX_PICKLE_BYTES:
            raise InputError("refused: a description larger than any dictionary of tensors needs")
        machine = _PickleMachine(io.BytesIO(archive.read(pickles[0])))
        views = _named_tensors(machine.run())
        storages = ((key, archive.read(f"{root}data/{key}")) for key in machine.storages)
        return _arrays(views, storages, size)


def _read_legacy(file: BinaryIO, size: int) -> dict[str, np.ndarray]:
    head = io.BytesIO(file.read(MAX_PICKLE_BYTES))
    for expected in (LEGACY_MAGIC_NUMBER, LEGACY_PROTOCOL_VERSION):
        if _PickleMachine(head).run() != expected:
            raise InputError("not a PyTorch checkpoint")
    _PickleMachine(head).run()  # sizes of the C types on the machine that wrote the file
    machine = _PickleMachine(head)
    views = _named_tensors(machine.run())
    keys = _PickleMachine(head).run()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InputError("not a PyTorch checkpoint")
    file.seek(head.tell())
    storages = ((key, _legacy_bytes(file, size, machine.storages[key])) for key in keys)
    return _arrays(views, storages, size)


def _legacy_bytes(file: BinaryIO, size: int, storage: _Storage) -> bytes:
    if int.from_bytes(file.read(8), "little") != storage.numel or storage.nbytes > size - file.tell():
        raise InputError("truncated: a tensor reaches past the end of its data")
    return file.read(storage.nbytes)


def _named_tensors(state: Any) -> dict[str, _TensorView]:
    if not isinstance(state, dict):
        raise InputError(f"expected a dictionary of tensors, found {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(value, _TensorView):
            raise InputError(f"expected only tensors, found {_shown(name)}: {type(value).__name__}")
    return state


def _arrays(
    views: dict[str, _TensorView], storages: Iterable[tuple[str, bytes]], size: int
) -> dict[str, np.ndarray]:
    """Cut all tensors out of their storages, holding one storage in memory at a time."""
    if sum(view.nbytes for view in views.values()) > MAX_SHARING * size:
        raise InputError("refused: tensors much larger than the file")
    names: dict[str, list[str]] = {}
    for name, view in views.items():
        names.setdefault(view.storage.key, []).append(name)
    arrays: dict[str, np.ndarray] = {}
    for key, raw in storages:
        for name in names.get(key, ()):
            arrays[name] = _array(views[name], raw)
    for name in views:
        if name not in arrays:
            raise InputError(f"truncated: no data for {_shown(name)}")
    return {name: arrays[name] for name in views}


def _array(view: _TensorView, raw: bytes) -> np.ndarray:
    """Copy a view out of its storage, refusing one that reaches outside it."""
    storage = view.storage
    if len(raw) != storage.nbytes:
        raise InputError("truncated: a tensor reaches past the end of its data")
    numel = math.prod(view.shape)
    steps = [(side - 1) * stride for side, stride in zip(view.shape, view.strides, strict=True)]
    last = view.offset + sum(steps)
    if numel > storage.numel or (numel and last >= storage.numel):
        raise InputError("refused: a tensor larger than its data")
    if not numel:
        return np.zeros(view.shape, storage.dtype)
    flat = np.frombuffer(raw, storage.dtype)[view.offset :]
    strides = [stride * storage.dtype.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(flat, view.shape, strides).copy()


class _PickleMachine:
    """Evaluates one pickle from `file`, leaving the file just behind it.

    The values on the stack are numbers, text, None, tuples, lists, dictionaries with text keys, and the three
    dataclasses above. No step costs more time than the bytes it reads: dictionary keys are text because to
    hash, compare or print a tuple that names itself many times over can take forever.
    """

    def __init__(self, file: BinaryIO):
        self.file = file
        self.stack: list[Any] = []
        self.marks: list[int] = []  # stack heights
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def run(self) -> Any:
        for name, argument in self._opcodes():
            if name == "STOP":
                return self.stack.pop()
            self._step(name, argument)
        raise EOFError("the file ends early")

    def _opcodes(self) -> Iterator[tuple[str, Any]]:
        for opcode, argument, _ in pickletools.genops(self.file):
            yield opcode.name, argument

    def _step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _PUSH_ARGUMENT:
            stack.append(argument)
        elif name in _PUSH_CONSTANT:
            stack.append(_PUSH_CONSTANT[name])
        elif name in _PUSH_EMPTY:
            stack.append(_PUSH_EMPTY[name]())
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(self._pop_to_mark()))
        elif name in _TUPLE_SIZES:
            items = [stack.pop() for _ in range(_TUPLE_SIZES[name])]
            stack.append(tuple(reversed(items)))
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            _set_items(stack[-1], [key, value])
        elif name == "SETITEMS":
            items = self._pop_to_mark()
            _set_items(stack[-1], items)
        elif name == "APPEND":
            value = stack.pop()
            _extend(stack[-1], [value])
        elif name == "APPENDS":
            values = self._pop_to_mark()
            _extend(stack[-1], values)
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name == "GLOBAL":
            stack.append(_known_global(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            stack.append(_known_global(module, attribute))
        elif name == "BINPERSID":
            stack.append(self._storage(stack.pop()))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(_call(function, arguments))
        elif name == "BUILD":  # attributes of a state dict (`_metadata`): read past, never set
            stack.pop()
        elif name not in ("PROTO", "FRAME"):
            raise InputError(f"refused: pickle instruction {name}, which no dictionary of tensors needs")

    def _pop_to_mark(self) -> list[Any]:
        position = self.marks.pop()
        items = self.stack[position:]
        del self.stack[position:]
        return items

    def _storage(self, persistent_id: Any) -> _Storage:
        match persistent_id:
            # A sixth entry that is not None makes it a part of another storage: never seen in practice.
            case ("storage", _Global("torch", kind), str(key), str(), int(numel), *rest) if (
                numel >= 0 and rest in ([], [None])
            ):
                storage = _Storage(STORAGE_DTYPES[kind], key, numel)
                if self.storages.setdefault(key, storage) == storage:
                    return storage
        raise InputError("refused: an unknown kind of tensor data")


def _set_items(target: Any, items: list[Any]) -> None:
    keys, values = items[::2], items[1::2]
    if not isinstance(target, dict) or not all(isinstance(key, str) for key in keys):
        raise InputError("refused: a dictionary with keys that are no text")
    target.update(zip(keys, values, strict=True))


def _extend(target: Any, values: list[Any]) -> None:
    if not isinstance(target, list):
        raise InputError("refused: an unknown kind of list")
    target.extend(values)


def _known_global(module: Any, name: Any) -> _Global:
    if not isinstance(module, str) or not isinstance(name, str):
        raise InputError("refused: a name that is no text")
    if (module, name) not in KNOWN_GLOBALS:
        kinds = ", ".join(dtype.name for dtype in STORAGE_DTYPES.values())
        raise InputError(
            f"refused: the file asks for {_shown(f'{module}.{name}')}; only tensors of {kinds} are read"
        )
    return _Global(module, name)


def _call(function: Any, arguments: Any) -> Any:
    """What the three known callables do, done here: build a dictionary or describe a tensor."""
    match function, arguments:
        case _Global("collections", "OrderedDict"), ():
            return {}
        case _Global("collections", "OrderedDict"), (list(pairs),):  # as Python 2 writes it
            result: dict[str, Any] = {}
            for key, value in pairs:
                _set_items(result, [key, value])
            pairs.clear()  # so that calling again and again with one long list costs nothing
            return result
        case (
            _Global("torch._utils", "_rebuild_tensor_v2"),
            (_Storage() as storage, int(offset), tuple(shape), tuple(strides), *_),
        ) if len(shape) == len(strides) <= MAX_DIMENSIONS and _are_sizes((offset, *shape, *strides)):
            return _TensorView(storage, offset, shape, strides)
        case _Global("torch._utils", "_rebuild_parameter"), (_TensorView() as view, *_):
            return view
    raise InputError("refused: a call that no dictionary of tensors needs")


def _are_sizes(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, int) and 0 <= value < 2**63 for value in values)


def _shown(text: str) -> str:
    """Text out of the file, made fit for one line of a message."""
    return repr(text[:100])
