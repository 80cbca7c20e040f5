import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
from vidcolor_utils.models.meaning import build_meaning
from vidcolor_utils.models.stored_weights import load_weights, save_weights
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.weights.shipped import shipped_weights, shipped_weights_path


def small_model(filters=2):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(filters, name="dense")], name="small")


def test_round_trip_in_16_bits(tmp_path):
    model = small_model()
    save_weights(model, tmp_path / "a.safetensors", {"model": "small"})
    other = small_model()
    load_weights(other, tmp_path / "a.safetensors")
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_large_kernels_are_stored_in_bytes(tmp_path):
    luma = keras.Input((8, 8, 64))
    pointwise = keras.layers.Conv2D(400, 1, name="pointwise")
    depthwise = keras.layers.DepthwiseConv2D(3, depth_multiplier=1, name="depthwise")
    model = keras.Model(luma, pointwise(depthwise(luma)))
    channels = np.geomspace(1e-6, 1e3, 64, dtype=np.float32)[:, None]
    channels[7] = 0  # a channel that nothing uses
    kernel = np.random.default_rng(0).normal(size=(1, 1, 64, 400)).astype(np.float32) * channels
    pointwise.set_weights([kernel, np.zeros(400)])
    before = [np.array(weight) for weight in model.get_weights()]
    for _ in range(2):  # the second rounding changes nothing
        save_weights(model, tmp_path / "a.safetensors", {})
        load_weights(model, tmp_path / "a.safetensors")
    stored = load_file(tmp_path / "a.safetensors")
    assert stored[pointwise.kernel.path].dtype == np.int8 and stored[depthwise.kernel.path].dtype == np.float16
    step = np.abs(kernel).max(axis=(0, 1, 3))[:, None] / 127
    assert (np.abs(pointwise.get_weights()[0] - kernel) <= 0.51 * step).all()
    np.testing.assert_allclose(depthwise.get_weights()[0], before[0], rtol=1e-3, atol=1e-6)


def test_numbers_that_16_bits_cannot_hold_come_back_whole(tmp_path):
    picture = keras.Input((4, 4, 3))
    norm, narrow = keras.layers.BatchNormalization(), keras.layers.Conv2D(2, 1, use_bias=False)
    model = keras.Model(picture, narrow(norm(picture)))
    norm.set_weights([np.ones(3), np.zeros(3), np.zeros(3), np.array([1e-9, 1.0, 3.4e5])])
    narrow.set_weights([np.full((1, 1, 3, 2), 1e5)])
    before = model.get_weights()
    save_weights(model, tmp_path / "a.safetensors", {})
    load_weights(model, tmp_path / "a.safetensors")
    for stored, as_it_was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(stored, as_it_was)


def test_damaged_or_foreign_files_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    digest = save_weights(small_model(), path, {})
    with pytest.raises(InputError, match="no weights of shape"):
        load_weights(small_model(filters=3), path)
    (tmp_path / "a.safetensors.sha256").write_text(digest)
    load_weights(small_model(), path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="sha256"):
        load_weights(small_model(), path)
    (tmp_path / "b.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="not a weights file"):
        load_weights(small_model(), tmp_path / "b.safetensors")
    with pytest.raises(FileNotFoundError):
        load_weights(small_model(), tmp_path / "none.safetensors")


def test_matrices_are_stored_in_bytes_row_by_row(tmp_path):
    model = keras.Sequential([keras.Input((200,)), keras.layers.Dense(150, name="dense")])
    rows = np.geomspace(1e-3, 1e3, 200, dtype=np.float32)[:, None]
    kernel = np.random.default_rng(0).normal(size=(200, 150)).astype(np.float32) * rows
    model.set_weights([kernel, np.zeros(150)])
    save_weights(model, tmp_path / "a.safetensors", {})
    load_weights(model, tmp_path / "a.safetensors")
    assert load_file(tmp_path / "a.safetensors")[model.weights[0].path].dtype == np.int8
    assert (
        np.abs(model.get_weights()[0] - kernel) <= 0.51 * np.abs(kernel).max(axis=1, keepdims=True) / 127
    ).all()


def test_shipped_weights_fit_the_budget_and_the_networks():
    files = list(shipped_weights())
    assert sum(file.stat().st_size for file in files) <= 40e6
    for file in files:
        assert file.with_name(f"{file.name}.sha256").read_text().split()[0] == file_sha256(file)
    load_weights(build_frame_colorizer(), shipped_weights_path("frame.safetensors"))
    load_weights(build_meaning(), shipped_weights_path("frame_meaning.safetensors"))
