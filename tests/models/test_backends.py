"""The shipped network gives the same colours on every Keras backend."""

import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.backends import backend_environment

PREDICT = """
import sys
import numpy as np
from vidcolor_utils.colorizers.frame import FrameColorizer, View
from vidcolor_utils.weights.shipped import shipped_weights_path

luma = np.load(sys.argv[1])
colorizer = FrameColorizer(shipped_weights_path("frame.safetensors"), views=[View(96), View(64)])
np.save(sys.argv[2], colorizer.predict_ab([luma, luma[::-1].copy()]))
"""


def predict_with(backend, folder):
    result = folder / f"{backend}.npy"
    environment = backend_environment(backend)
    command = [sys.executable, "-c", PREDICT, str(folder / "luma.npy"), str(result)]
    subprocess.run(command, env=environment, check=True, timeout=1800)
    return np.load(result)


@pytest.mark.backends
def test_frame_colorizer_agrees_with_tensorflow(tmp_path):
    y, x = np.mgrid[:96, :128]
    luma = (0.5 + 0.4 * np.sin(x / 9) * np.cos(y / 13)).astype(np.float32)
    np.save(tmp_path / "luma.npy", luma)
    reference = predict_with("tensorflow", tmp_path)
    assert np.abs(reference).max() > 1
    for backend in ("torch", "jax"):
        np.testing.assert_allclose(predict_with(backend, tmp_path), reference, atol=2e-3, err_msg=backend)
