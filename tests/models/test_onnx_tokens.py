"""Layers between tokens and grids, in ONNX Runtime and in Keras."""

import keras
import numpy as np

from vidcolor_utils.colorizers.networks import load_network
from vidcolor_utils.models.frame_colorizer import DepthToSpace, ResizeLike
from vidcolor_utils.models.onnx_export import save_onnx
from vidcolor_utils.models.vit import build_vit


def test_cells_are_laid_out_and_grids_resized_alike(tmp_path):
    grid, like = keras.Input((None, None, 8), name="grid"), keras.Input((None, None, 3), name="like")
    fine = DepthToSpace(name="fine")(grid)
    model = keras.Model([grid, like], ResizeLike(name="resized")([fine, like]))
    save_onnx(model, tmp_path / "a.onnx")
    rng = np.random.default_rng(0)
    for size in ((10, 14), (3, 2)):  # larger than the four cells by six, and smaller
        arrays = [rng.random((2, 2, 3, 8), np.float32), rng.random((2, *size, 3), np.float32)]
        expected = model.predict_on_batch(arrays)
        assert expected.shape == (2, *size, 2)
        np.testing.assert_allclose(load_network(tmp_path / "a.onnx")(*arrays), expected, atol=1e-5)


def test_depth_to_space_by_hand():
    cells = np.arange(8, dtype=np.float32).reshape(1, 1, 1, 8)
    laid = np.asarray(DepthToSpace()(cells))
    np.testing.assert_array_equal(laid[0, :, :, 0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(laid[0, :, :, 1], [[4, 5], [6, 7]])


def test_the_transformer_is_the_same_in_32_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("vidcolor_utils.models.vit.DEPTH", 2)
    monkeypatch.setattr("vidcolor_utils.models.vit.MIDDLE", 1)
    model = build_vit()
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(0.02, 0.05, weight.shape))
    save_onnx(model, tmp_path / "vit.onnx", stored=False)
    luma = np.random.default_rng(2).random((1, 28, 42, 1), np.float32)
    np.testing.assert_allclose(
        load_network(tmp_path / "vit.onnx")(luma), model.predict_on_batch(luma), atol=1e-3, rtol=1e-3
    )
