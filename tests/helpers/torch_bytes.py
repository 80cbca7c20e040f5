"""Checkpoints as PyTorch writes them, assembled by hand, so that tests need no PyTorch."""

import io
import pickle
import struct
import zipfile

import numpy as np

from vidcolor_utils.weights.torch_file import LEGACY_MAGIC_NUMBER

LAYOUTS = ("zip", "legacy")


def pickled(body):
    return pickle.PROTO + b"\x02" + body + pickle.STOP


def named(module, name):
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def text(string):
    return pickle.BINUNICODE + struct.pack("<I", len(string)) + string.encode()


def number(value):
    return pickle.LONG1 + b"\x08" + struct.pack("<q", value)


def sequence(*items):
    return pickle.MARK + b"".join(items) + pickle.TUPLE


def call(function, *arguments):
    return function + sequence(*arguments) + pickle.REDUCE


def storage(key, numel, kind="FloatStorage"):
    parts = text("storage"), named("torch", kind), text(key), text("cpu"), number(numel)
    return sequence(*parts) + pickle.BINPERSID


def tensor(data, shape, *, offset=0, strides=None):
    strides = strides if strides is not None else contiguous(shape)
    sizes = number(offset), sequence(*map(number, shape)), sequence(*map(number, strides))
    hooks = call(named("collections", "OrderedDict"))
    return call(named("torch._utils", "_rebuild_tensor_v2"), data, *sizes, pickle.NEWFALSE, hooks)


def contiguous(shape):
    return [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]


def state(**tensors):
    items = b"".join(text(name) + value for name, value in tensors.items())
    return call(named("collections", "OrderedDict")) + pickle.MARK + items + pickle.SETITEMS


def checkpoint(layout, body, **storages):
    """Bytes of a checkpoint with this description; `storages` are arrays."""
    raw = {key: np.ascontiguousarray(array).tobytes() for key, array in storages.items()}
    if layout == "zip":
        return zipped({"data.pkl": pickled(body), **{f"data/{key}": value for key, value in raw.items()}})
    head = [LEGACY_MAGIC_NUMBER, 1001, {"little_endian": True}]
    blocks = [struct.pack("<q", storages[key].size) + raw[key] for key in storages]
    return b"".join(
        [
            *(pickle.dumps(value, protocol=2) for value in head),
            pickled(body),
            pickle.dumps(list(storages), protocol=2),
            *blocks,
        ]
    )


def zipped(files, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(f"archive/{name}", content)
    return buffer.getvalue()
