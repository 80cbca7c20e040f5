import os
import subprocess
import sys

import numpy as np
import pytest

from records.speed.runtimes import RUNTIMES
from tests.helpers.command import REPOSITORY


def test_all_runtimes_paint_the_same_colours():
    pytest.importorskip("openvino", reason="`make bench` installs it")
    (luma,) = np.random.default_rng(0).random((1, 64, 96), np.float32)
    found = [load().predict_ab([luma]) for load in RUNTIMES.values()]
    assert len(found) == 3
    for each in found[1:]:
        np.testing.assert_allclose(each, found[0], atol=0.01)


def test_openvino_reports_to_nobody(tmp_path):
    pytest.importorskip("openvino", reason="`make bench` installs it")
    code = (
        "from vidcolor_utils.weights.shipped import shipped_weights_path\n"
        "from records.speed.runtimes import load_in_openvino\n"
        "load_in_openvino(shipped_weights_path('frame.onnx'))"
    )
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY, env=os.environ | places)
    assert not [path for path in tmp_path.rglob("*") if "intel" in path.as_posix()[len(str(tmp_path)) :]]
