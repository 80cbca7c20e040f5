import numpy as np
import pytest

from vidcolor_utils.colorizers.networks import load_network
from vidcolor_utils.models.vit import GRID, build_vit, cubic_matrix, load_vit
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.shipped import shipped_weights_path, vit_beside


def test_positions_are_read_between_by_cubic_convolution():
    as_learned = np.asarray(cubic_matrix(GRID))
    np.testing.assert_allclose(as_learned, np.eye(GRID), atol=1e-6)
    twice = np.asarray(cubic_matrix(2 * GRID))
    np.testing.assert_allclose(twice.sum(axis=1), 1, atol=1e-5)
    # Keys' kernel with a = -0.75 at distances 1.25, 0.25, 0.75, 1.75, worked out by hand
    expected = [-0.10546875, 0.87890625, 0.26171875, -0.03515625]
    np.testing.assert_allclose(twice[21, 9:13], expected, atol=1e-5)


def test_there_are_as_many_weights_as_in_vit_s_14_without_its_layer_scale():
    # published: 22,056,576, with three colours to a patch, layer scale (folded into kernels here), a token
    # for masks, and the class token apart from its position
    assert build_vit().count_params() == 22_056_576 - 384 * (2 * 14 * 14 + 2 * 12 + 2)


def test_the_shipped_transformer_reads_alike_in_keras_and_in_onnx_runtime():
    path = vit_beside(shipped_weights_path())
    y, x = np.mgrid[:56, :84]
    luma = (0.5 + 0.4 * np.sin(x / 9) * np.cos(y / 13)).astype(np.float32)[None, ..., None]
    tokens, expected = load_network(path)(luma), load_vit(path).predict_on_batch(luma)
    assert tokens.shape == expected.shape == (1, 4, 6, 768)
    assert np.linalg.norm(tokens - expected) < 0.06 * np.linalg.norm(expected)  # 8 bits against 32


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"no network")
    with pytest.raises(InputError, match="not a network"):
        load_vit(tmp_path / "a.onnx")
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(InputError, match="holds another network"):
        load_vit(tmp_path / "a.onnx")
