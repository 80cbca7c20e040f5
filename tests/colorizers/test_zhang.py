import numpy as np
import pytest

from vidcolor_utils.colorizers import zhang
from vidcolor_utils.models import zhang as network
from vidcolor_utils.pictures.color import lightness_from_luma
from vidcolor_utils.system.errors import InputError


def test_the_network_sees_the_lightness_of_a_small_square(tmp_path, monkeypatch):
    seen, path = [], tmp_path / "zhang.safetensors"
    path.write_bytes(b"weights")

    class Network:
        def predict_on_batch(self, batch):
            seen.append(batch)
            return np.ones((len(batch), 4, 4, 2))

    monkeypatch.setattr(zhang, "find_weights", lambda name: path)
    monkeypatch.setattr(network, "load_zhang", lambda path: Network())
    colorizer = zhang.ZhangColorizer()
    ab = colorizer.predict_ab([np.full((48, 64), value, np.float32) for value in (0.25, 0.5)])
    assert ab.shape == (2, 4, 4, 2) and ab.dtype == np.float32
    assert seen[0].shape == (2, 256, 256, 1)
    expected = lightness_from_luma(np.array([[0.25, 0.5]], np.float32))[0]
    np.testing.assert_allclose(seen[0].mean(axis=(1, 2, 3)), expected, atol=1e-3)
    # SHA-256 of "weights", by sha256sum.
    assert colorizer.fingerprint()["weights"][0].startswith("9a129038")


def test_weights_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCOLOR_HOME", str(tmp_path))
    with pytest.raises(InputError, match="vidcolor weights get zhang"):
        zhang.ZhangColorizer()
