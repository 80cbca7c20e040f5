import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import run_vidcolor
from vidcolor_utils.colorizers import devices, networks
from vidcolor_utils.colorizers.devices import CPU, PROVIDERS
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.networks import OnnxNetwork, open_session, uses_accelerator
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.weights.shipped import shipped_weights_path

CUDA, DIRECTML = PROVIDERS["cuda"], PROVIDERS["directml"]


@pytest.mark.parametrize("name", ["frame.onnx", "frame.safetensors"])
def test_shipped_files_are_small_and_have_their_sha256(name):
    path = shipped_weights_path(name)
    assert path.stat().st_size <= 8e6
    assert path.with_name(f"{name}.sha256").read_text().split() == [file_sha256(path), name]


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ("", "key_colors"),
        ("", "frame_vit"),
        ("_vit", "frame"),
        ("_meaning", "frame_vit"),
        ("_vit", "frame_meaning"),
    ],
)
def test_another_network_in_the_place_of_one_is_named(tmp_path, place, other):
    for part in ("", "_vit", "_meaning"):
        source = other if part == place else f"frame{part}"
        (tmp_path / f"a{part}.onnx").symlink_to(shipped_weights_path(f"{source}.onnx"))
    with pytest.raises(InputError, match=r"a.*\.onnx: holds another network"):
        FrameColorizer(tmp_path / "a.onnx")


@pytest.mark.parametrize("name", ["frame.onnx", "frame.safetensors"])
def test_damaged_files_are_refused(tmp_path, name):
    path = tmp_path / name
    content = bytearray(shipped_weights_path(name).read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    shutil.copy(shipped_weights_path(f"{name}.sha256"), tmp_path)
    with pytest.raises(InputError, match="sha256"):
        FrameColorizer(path)
    (tmp_path / f"{name}.sha256").unlink()
    path.write_bytes(b"no network")
    with pytest.raises(InputError, match=r"not a (network|weights file)"):
        FrameColorizer(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=name):
        FrameColorizer(path)


def test_other_kinds_of_weights_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.onnx or \.safetensors"):
        FrameColorizer(tmp_path / "frame.h5")


class Session:
    """ONNX Runtime's session by a build with CUDA, on a machine that has a GPU or not."""

    providers: ClassVar[list] = []  # those that start
    failing: ClassVar[set] = set()  # those that raise when they start
    running: ClassVar[set] = set()  # those that raise when they run
    opened: ClassVar[list] = []

    def __init__(self, content, options, *, providers, enable_fallback):
        assert not enable_fallback  # it would print several lines
        self.opened.append((providers, options.enable_mem_pattern))
        if self.failing & set(providers):
            raise RuntimeError("CUDA failure 100:\nno device")
        if content != b"network":
            raise RuntimeError("protobuf")
        self._providers = [name for name in providers if name in (CPU, *self.providers)]

    def get_providers(self):
        return self._providers

    def get_inputs(self):
        return [SimpleNamespace(name="x")]

    def get_outputs(self):
        return [SimpleNamespace(name="y")]

    def run(self, names, inputs):
        if self._providers[0] in self.running:
            raise RuntimeError("out of memory")
        return [np.sum(inputs["x"]) + np.zeros(1)]


@pytest.fixture
def build(monkeypatch):
    """A function that puts a build of ONNX Runtime in place of the installed one."""
    monkeypatch.setattr(devices, "_replaced", set())

    def put(*available, starts=(), failing=(), running=()):
        settings = {"providers": list(starts), "failing": set(failing), "running": set(running), "opened": []}
        fake = type("Fake", (Session,), settings)
        monkeypatch.setattr("onnxruntime.InferenceSession", fake)
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [*available, CPU])
        monkeypatch.setattr("onnxruntime.preload_dlls", lambda: print("Failed to load libcudnn"), raising=False)
        return fake

    return put


def test_an_accelerator_that_starts_is_used(build, caplog, capfd):
    fake = build(CUDA, starts=[CUDA])
    assert open_session(b"network", "auto").get_providers() == [CUDA, CPU] and uses_accelerator("auto")
    assert len(fake.opened) == 1 and not caplog.records and capfd.readouterr() == ("", "")
    assert not uses_accelerator("cpu")


@pytest.mark.parametrize("failing", [(), (CUDA,)], ids=["left out", "raises"])
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_one_that_does_not_start_is_replaced_in_one_line(build, caplog, capfd, device, failing):
    fake = build(CUDA, failing=failing)
    for _ in range(3):
        assert open_session(b"network", device).get_providers() == [CPU]
    (record,) = caplog.records
    assert record.getMessage().startswith("cuda: it does not start") and "\n" not in record.getMessage()
    assert len(fake.opened) == 4 and capfd.readouterr() == ("", "")  # tried once


def test_one_that_fails_at_work_is_replaced(build, caplog):
    build(DIRECTML, starts=[DIRECTML], running=[DIRECTML])
    network = OnnxNetwork(b"network", "directml")
    assert [network(np.full(1, 2)) for _ in range(2)] == [2.0, 2.0]
    (record,) = caplog.records
    assert record.getMessage().startswith("directml: it failed (out of memory)")


def test_what_the_processor_cannot_either_is_raised(build, caplog):
    build(CUDA, starts=[CUDA], running=[CUDA, CPU])
    with pytest.raises(RuntimeError, match="out of memory"):
        OnnxNetwork(b"network", "cuda")(np.ones(2))
    with pytest.raises(ValueError, match="not a network"):
        open_session(b"text", "cuda")
    assert not caplog.records


def test_on_the_processor_the_network_is_held_in_memory_once(build):
    build(CUDA, starts=[CUDA])
    content = bytes(bytearray(b"network"))
    held = sys.getrefcount(content)
    network = OnnxNetwork(content, "cpu")
    assert network(np.full(1, 2)) == 2.0 and sys.getrefcount(content) == held


def test_a_batch_is_computed_side_by_side_on_the_processor_and_at_once_elsewhere(build, monkeypatch):
    build(CUDA, starts=[CUDA])
    monkeypatch.setattr(networks, "usable_cores", lambda: 2)
    batch = np.arange(5.0)
    np.testing.assert_array_equal(OnnxNetwork(b"network", "cpu")(batch), [0 + 1 + 2, 3 + 4])
    np.testing.assert_array_equal(OnnxNetwork(b"network", "cuda")(batch), [10])


def test_side_by_side_or_one_by_one_the_colours_are_the_same():
    network = networks.load_network(shipped_weights_path())
    luma, meaning = (
        np.random.default_rng(0).random((5, 64, 96, 1), np.float32),
        np.zeros((5, 1, 1, 256), np.float32),
    )
    each = [network(luma[i : i + 1], meaning[i : i + 1]) for i in range(5)]
    np.testing.assert_allclose(network(luma, meaning), np.concatenate(each), atol=1e-3)


def test_one_thread_at_a_time_uses_an_accelerator(build, monkeypatch):
    fake = build(CUDA, starts=[CUDA])
    within, most = [0], [0]

    def run(self, names, inputs):
        within[0] += 1
        most[0] = max(most[0], within[0])
        time.sleep(0.02)
        within[0] -= 1
        return [inputs["x"]]

    monkeypatch.setattr(fake, "run", run)
    network = OnnxNetwork(b"network", "cuda")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(network, [np.ones(1)] * 4))
    assert most == [1]


def test_networks_that_were_loaded_ahead_are_had_once_and_what_fails_says_so_when_it_is_asked_for(tmp_path):
    meaning, broken = shipped_weights_path("frame_meaning.onnx"), tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with networks.loading_ahead([meaning, broken], "cpu"):
        pass
    ahead = networks._AHEAD[meaning, "cpu"].result()
    assert networks.load_network(meaning) is ahead
    assert networks.load_network(meaning) is not ahead and not networks._AHEAD.get((meaning, "cpu"))
    with pytest.raises(InputError, match="not a network"):
        networks.load_network(broken)


def test_nothing_is_loaded_ahead_for_an_accelerator(build):
    build(CUDA, starts=[CUDA])
    with networks.loading_ahead([shipped_weights_path()], "cuda"):
        assert not networks._AHEAD


def test_onnx_runtime_does_not_keep_the_file():
    content = shipped_weights_path("frame_meaning.onnx").read_bytes()
    held = sys.getrefcount(content)
    session = open_session(content)
    assert session.get_inputs() and sys.getrefcount(content) == held


def test_no_memory_patterns_which_directml_refuses_and_the_processor_pays_for(build):
    fake = build(DIRECTML, starts=[DIRECTML])
    open_session(b"network", "auto")
    open_session(b"network", "cpu")
    assert [patterns for _, patterns in fake.opened] == [False, False]


def test_the_line_reaches_who_typed_the_command(tmp_path):
    Image.new("L", (16, 16)).save(tmp_path / "in.png")
    out = tmp_path / "out.png"
    result = run_vidcolor("colorize", tmp_path / "in.png", "-o", out, "--device", "directml")
    assert result.returncode == 0 and out.exists()
    assert [line[:37] for line in result.stderr.splitlines()] == ["vidcolor: directml: this build of ONN"]
