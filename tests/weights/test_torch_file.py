import hashlib
import os
import pickle

import numpy as np
import pytest

from tests.helpers.torch_bytes import (
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
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.torch_file import read_torch_state_dict


def saved(tmp_path, content):
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    return path


def read(path):
    """Read a file as one whose sha256 is known."""
    return read_torch_state_dict(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def refusal(tmp_path, content):
    """The message with which a file is refused."""
    with pytest.raises(InputError) as error:
        read(saved(tmp_path, content))
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
    arrays = read(saved(tmp_path, checkpoint(layout, body, **storages)))
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
    arrays = read(saved(tmp_path, checkpoint(layout, body, **{"0": WEIGHT})))
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
    arrays = read(saved(tmp_path, checkpoint("legacy", body, **{"0": WEIGHT})))
    np.testing.assert_array_equal(arrays["w"], WEIGHT)
    np.testing.assert_array_equal(arrays["tied"], WEIGHT[:3])


def test_read_accepts_dictionaries_of_python_2(tmp_path):
    short_text = pickle.SHORT_BINSTRING + b"\x01w"
    pair = pickle.EMPTY_LIST + pickle.MARK + short_text + tensor(storage("0", 6), (6,)) + pickle.APPENDS
    pairs = pickle.EMPTY_LIST + pickle.MARK + pair + pickle.APPENDS
    body = call(named("collections", "OrderedDict"), pairs)
    arrays = read(saved(tmp_path, checkpoint("legacy", body, **{"0": WEIGHT})))
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
        (state(w=tensor(storage("0", 6, "BFloat16Storage"), (6,))), "BFloat16Storage"),
        (pickle.MARK + pickle.INST + b"os\nsystem\n", "os.system"),
        (named("torch", "FloatStorage") + sequence(number(9)) + pickle.REDUCE, "not callable"),
        (state(w=number(3)), "something else than tensors"),
        (text("w"), "something else than tensors"),
        (state(w=tensor(storage("0", 6), (7,))), "past the end"),
        (state(w=tensor(storage("0", 6), (2, 3), offset=1)), "past the end"),
        (state(w=tensor(storage("0", 6), (2,), offset=-1)), "past the end"),
    ],
)
def test_read_refuses_what_is_no_tensor(tmp_path, body, reason):
    assert reason in refusal(tmp_path, zipped({"data.pkl": pickled(body), "data/0": WEIGHT.tobytes()}))


def test_a_file_with_another_sha256_is_not_even_opened(tmp_path):
    path = saved(tmp_path, b"cposix\nsystem\n(Vtrue\ntR.")
    with pytest.raises(InputError, match=f"not {'0' * 64}"):
        read_torch_state_dict(path, sha256="0" * 64)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_refuses_truncated_files(tmp_path, layout):
    content = plain_checkpoint(layout)
    for length in range(0, len(content), 7):
        refusal(tmp_path, content[:length])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"just text\n", bytes(1000), pickle.dumps({"a": 1})])
def test_read_refuses_other_files(tmp_path, content):
    refusal(tmp_path, content)


def test_read_of_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_torch_state_dict(tmp_path / "missing.pth", sha256="0" * 64)


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
    arrays = read(path)
    assert list(arrays) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(arrays[name], value.numpy(), strict=True)
    torch.save(dict(network.named_parameters()), path, _use_new_zipfile_serialization=layout == "zip")
    assert list(read(path)) == ["0.weight", "0.bias", "1.weight", "1.bias"]


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
        with pytest.raises(InputError, match="no dictionary of tensors"):
            read(path)
