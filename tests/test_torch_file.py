import io
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest
from torch_bytes import (
    LAYOUTS,
    call,
    checkpoint,
    named,
    number,
    pickled,
    sequence,
    state,
    storage,
    tensor,
    text,
    zipped,
)

from vidcolor_utils.errors import InputError
from vidcolor_utils.torch_file import read_torch_state_dict


def saved(tmp_path, content):
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    return path


def refusal(tmp_path, content):
    """The message with which a file is refused."""
    with pytest.raises(InputError) as error:
        read_torch_state_dict(saved(tmp_path, content))
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path))
    return message


WEIGHT = np.arange(6, dtype=np.float32)


def plain_checkpoint(layout):
    return checkpoint(layout, state(w=tensor(storage("0", 6), (2, 3))), **{"0": WEIGHT})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_gives_values_types_and_order(tmp_path, layout):
    body = state(
        second=tensor(storage("7", 3, "LongStorage"), (3,)),
        first=tensor(storage("0", 6), (2, 3)),
        scalar=tensor(storage("7", 3, "LongStorage"), (), offset=2),
        empty=tensor(storage("0", 6), (0, 4)),
        half=tensor(storage("8", 2, "HalfStorage"), (2,)),
    )
    storages = {"0": WEIGHT, "7": np.array([3, -4, 5]), "8": np.array([0.5, -2], np.float16)}
    arrays = read_torch_state_dict(saved(tmp_path, checkpoint(layout, body, **storages)))
    assert list(arrays) == ["second", "first", "scalar", "empty", "half"]
    np.testing.assert_array_equal(arrays["first"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(arrays["second"], [3, -4, 5])
    assert arrays["scalar"].shape == () and arrays["scalar"] == 5
    assert arrays["empty"].shape == (0, 4)
    assert [array.dtype.name for array in arrays.values()] == ["int64", "float32", "int64", "float32", "float16"]
    assert arrays["first"].flags.owndata and arrays["first"].flags.writeable


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_follows_offset_and_strides(tmp_path, layout):
    body = state(w=tensor(storage("0", 6), (2, 2), offset=1, strides=(1, 2)))
    arrays = read_torch_state_dict(saved(tmp_path, checkpoint(layout, body, **{"0": WEIGHT})))
    np.testing.assert_array_equal(arrays["w"], [[1, 3], [2, 4]])


def test_read_accepts_parameters_metadata_and_memo(tmp_path):
    parameter = call(
        named("torch._utils", "_rebuild_parameter"),
        tensor(storage("0", 6) + pickle.BINPUT + b"\x05", (6,)),
        pickle.NEWTRUE,
        pickle.NONE,
    )
    again = tensor(pickle.BINGET + b"\x05", (3,))
    metadata = pickle.EMPTY_DICT + text("_metadata") + pickle.EMPTY_DICT + pickle.SETITEM
    body = state(w=parameter, tied=again) + metadata + pickle.BUILD
    arrays = read_torch_state_dict(saved(tmp_path, checkpoint("legacy", body, **{"0": WEIGHT})))
    np.testing.assert_array_equal(arrays["w"], WEIGHT)
    np.testing.assert_array_equal(arrays["tied"], WEIGHT[:3])


def test_read_accepts_dictionaries_of_python_2(tmp_path):
    short_text = pickle.SHORT_BINSTRING + b"\x01w"
    pair = pickle.EMPTY_LIST + pickle.MARK + short_text + tensor(storage("0", 6), (6,)) + pickle.APPENDS
    pairs = pickle.EMPTY_LIST + pickle.MARK + pair + pickle.APPENDS
    body = call(named("collections", "OrderedDict"), pairs)
    arrays = read_torch_state_dict(saved(tmp_path, checkpoint("legacy", body, **{"0": WEIGHT})))
    np.testing.assert_array_equal(arrays["w"], WEIGHT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_runs_no_code(tmp_path, layout):
    victim = tmp_path / "victim"

    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(victim),)

    whole = pickle.dumps(Payload(), protocol=2)
    pickle.loads(whole)
    assert victim.exists(), "the payload must be a live one"
    victim.rmdir()
    value = whole[2:-1]
    messages = [
        refusal(tmp_path, whole),
        refusal(tmp_path, zipped({"data.pkl": whole})),
        refusal(tmp_path, checkpoint(layout, state(w=value))),
        refusal(tmp_path, checkpoint(layout, state(w=tensor(value, (6,))), **{"0": WEIGHT})),
        refusal(tmp_path, checkpoint(layout, state() + value + pickle.BUILD)),
    ]
    assert not victim.exists()
    assert all("mkdir" in message for message in messages)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (call(named("builtins", "eval"), text("1")), "builtins.eval"),
        (call(named("torch.storage", "_load_from_bytes"), text("x")), "_load_from_bytes"),
        (text("builtins") + text("eval") + pickle.STACK_GLOBAL, "builtins.eval"),
        (number(1) + number(2) + pickle.STACK_GLOBAL, "no text"),
        (state(w=tensor(storage("0", 6, "BFloat16Storage"), (6,))), "BFloat16Storage"),
        (pickle.MARK + pickle.INST + b"os\nsystem\n", "INST"),
        (named("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.NEWOBJ, "NEWOBJ"),
        (pickle.EXT1 + b"\x01", "EXT1"),
        (named("torch", "FloatStorage") + sequence(number(9)) + pickle.REDUCE, "call"),
        (named("torch", "FloatStorage"), "dictionary"),
        (state(w=number(3)), "'w': int"),
        (state(inner=state(w=tensor(storage("0", 6), (6,)))), "'inner': dict"),
        (pickle.EMPTY_DICT + number(1) + number(2) + pickle.SETITEM, "no text"),
        (text("storage") + pickle.BINPERSID, "tensor data"),
        (pickle.BINGET + b"\x09", ""),
        (pickle.TUPLE, ""),
        (pickle.POP, "POP"),
        (b"", ""),
    ],
)
def test_read_refuses_what_is_no_tensor(tmp_path, body, reason):
    for layout in LAYOUTS:
        assert reason in refusal(tmp_path, checkpoint(layout, body, **{"0": WEIGHT}))


@pytest.mark.parametrize(
    "value",
    [
        tensor(storage("0", 6), (7,)),
        tensor(storage("0", 6), (2, 3), offset=1),
        tensor(storage("0", 6), (2, 3), strides=(4, 1)),
        tensor(storage("0", 6), (1 << 20, 1 << 20), strides=(0, 0)),
        tensor(storage("0", 6), (2, -3)),
        tensor(storage("0", 6), (2,), offset=-1),
        tensor(storage("0", 6), (2,), strides=(-1,)),
        tensor(storage("0", 6), (2, 3), strides=(1,)),
        tensor(storage("0", 6), (1,) * 65),
        tensor(storage("0", 1 << 60), (6,)),
        tensor(storage("0", -6), (6,)),
        tensor(storage("0", 5), (5,)),
        tensor(storage("1", 6), (6,)),
        tensor(storage("0", 6, "DoubleStorage"), (6,)),
    ],
)
def test_read_refuses_views_outside_their_data(tmp_path, value):
    for layout in LAYOUTS:
        refusal(tmp_path, checkpoint(layout, state(w=value), **{"0": WEIGHT}))


def test_read_refuses_one_storage_of_two_types(tmp_path):
    body = state(w=tensor(storage("0", 6), (6,)), v=tensor(storage("0", 6, "IntStorage"), (6,)))
    refusal(tmp_path, checkpoint("zip", body, **{"0": WEIGHT}))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_refuses_tensors_that_multiply_the_file(tmp_path, layout):
    big = np.zeros(100_000, np.float32)
    names = {f"w{index}": tensor(storage("0", big.size), (big.size,)) for index in range(20)}
    assert "larger than the file" in refusal(tmp_path, checkpoint(layout, state(**names), **{"0": big}))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_refuses_truncated_files(tmp_path, layout):
    whole = plain_checkpoint(layout)
    assert read_torch_state_dict(saved(tmp_path, whole))
    for length in range(len(whole)):
        refusal(tmp_path, whole[:length])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_of_damaged_files_never_fails_otherwise(tmp_path, layout):
    whole, rng = plain_checkpoint(layout), np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(whole)
        for position in rng.integers(len(whole), size=rng.integers(1, 4)):
            damaged[position] = rng.integers(256)
        path = saved(tmp_path, bytes(damaged))
        try:
            arrays = read_torch_state_dict(path)
        except InputError:
            continue
        assert sum(array.nbytes for array in arrays.values()) <= 4 * len(whole)


def test_read_refuses_packed_archives(tmp_path):
    bomb = zipped({"data.pkl": bytes(100 << 20)}, zipfile.ZIP_DEFLATED)
    started = time.perf_counter()
    assert "packed" in refusal(tmp_path, bomb)
    assert time.perf_counter() - started < 1


def test_read_refuses_overlapping_archive_members(tmp_path):
    """Twenty names for the same bytes: each name would be read in full."""
    keys = [str(index) for index in range(20)]
    big = np.zeros(50_000, np.float32)
    body = state(**{f"w{key}": tensor(storage(key, big.size), (big.size,)) for key in keys})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(body))
        archive.writestr("archive/data/0", big.tobytes())
        for key in keys[1:]:
            copy = zipfile.ZipInfo(f"archive/data/{key}")
            for field in ("header_offset", "CRC", "file_size", "compress_size", "flag_bits", "external_attr"):
                setattr(copy, field, getattr(archive.getinfo("archive/data/0"), field))
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive._didModify = True
    assert "larger than the whole" in refusal(tmp_path, buffer.getvalue())


@pytest.mark.parametrize(
    "files",
    [
        {"other.txt": b"x"},
        {"data.pkl": b"", "code/data.pkl": b""},
        {"data.pkl": pickled(state()), "byteorder": b"big"},
        {"data.pkl": bytes(5 << 20)},
    ],
)
def test_read_refuses_other_archives(tmp_path, files):
    refusal(tmp_path, zipped(files))


@pytest.mark.parametrize(
    "body",
    [
        pickle.BINUNICODE8 + struct.pack("<Q", 1 << 62),
        pickle.BINUNICODE + struct.pack("<I", (1 << 32) - 1) + b"x",
        pickle.LONG4 + struct.pack("<i", (1 << 31) - 1),
        pickle.LONG4 + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20),
        # a tuple that holds the empty one 2 ** 60 times: hashing it as a key would never end
        pickle.EMPTY_DICT + pickle.EMPTY_TUPLE
        + (pickle.BINPUT + b"\x00" + pickle.BINGET + b"\x00" + pickle.TUPLE2) * 60 + pickle.NONE + pickle.SETITEM,
        pickle.NONE * 300_000 + (pickle.MARK + pickle.TUPLE) * 300_000,
        pickle.EMPTY_LIST * 300_000,
        pickle.EMPTY_LIST + pickle.MEMOIZE + (pickle.EMPTY_LIST + pickle.BINGET + b"\x00" + pickle.APPEND) * 100,
    ],
    ids=["text8", "text4", "long", "huge", "nested", "marks", "lists", "loops"],
)  # fmt: skip
def test_read_of_hostile_descriptions_is_quick(tmp_path, body):
    started = time.perf_counter()
    refusal(tmp_path, checkpoint("legacy", body))
    assert time.perf_counter() - started < 15


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"just text\n", bytes(1000), pickle.dumps({"a": 1})])
def test_read_refuses_other_files(tmp_path, content):
    assert "checkpoint" in refusal(tmp_path, content)


def test_read_of_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_torch_state_dict(tmp_path / "missing.pth")
    with pytest.raises(InputError, match="cannot be read"):
        read_torch_state_dict(tmp_path)


@pytest.mark.backends
@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_equals_pytorch(tmp_path, layout):
    import torch

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    expected = network.state_dict()
    expected["transposed"] = torch.arange(6.0).reshape(2, 3).T
    expected["part"] = torch.arange(10, dtype=torch.int32)[3:7:2]
    expected["half"], expected["flag"] = torch.rand(5).half(), torch.tensor([True, False])
    expected["double"] = torch.rand(3, dtype=torch.float64)
    path = tmp_path / "state.pth"
    torch.save(expected, path, _use_new_zipfile_serialization=layout == "zip")
    arrays = read_torch_state_dict(path)
    assert list(arrays) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(arrays[name], value.numpy(), strict=True)
    torch.save(dict(network.named_parameters()), path, _use_new_zipfile_serialization=layout == "zip")
    assert list(read_torch_state_dict(path)) == ["0.weight", "0.bias", "1.weight", "1.bias"]


@pytest.mark.backends
@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_refuses_other_things_pytorch_saves(tmp_path, layout):
    import torch

    path = tmp_path / "state.pth"
    for thing in (
        torch.nn.Linear(2, 2),
        {"w": torch.zeros(2, dtype=torch.bfloat16)},
        {"w": torch.zeros(2).to_sparse()},
        {"state": {"w": torch.zeros(2)}, "epoch": 3},
        torch.zeros(2),
    ):
        torch.save(thing, path, _use_new_zipfile_serialization=layout == "zip")
        with pytest.raises(InputError, match=r"refused|expected"):
            read_torch_state_dict(path)
