import shutil

import pytest

from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.weights.shipped import shipped_weights_path


@pytest.mark.parametrize("name", ["frame.onnx", "frame.safetensors"])
def test_shipped_files_are_small_and_have_their_sha256(name):
    path = shipped_weights_path(name)
    assert path.stat().st_size <= 8e6
    assert path.with_name(f"{name}.sha256").read_text().split() == [file_sha256(path), name]


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
