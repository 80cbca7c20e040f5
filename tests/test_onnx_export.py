import keras
import numpy as np
import onnx
import pytest

from vidcolor_utils.models.frame_colorizer import OBJECTIVES, build_frame_colorizer
from vidcolor_utils.networks import load_network
from vidcolor_utils.onnx_export import save_onnx
from vidcolor_utils.weights_io import load_weights, save_weights


def with_lively_weights(model):
    """Statistics, biases and outputs unlike the neutral ones that a fresh model starts with."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape[0]
            parts = [rng.uniform(0.5, 1.5, size), rng.normal(0, 0.3, size), rng.normal(0, 0.3, size)]
            layer.set_weights([*parts, rng.uniform(0.3, 2, size)])
        elif layer.name in ("head", "scores"):
            kernel, bias = layer.get_weights()
            layer.set_weights([rng.normal(0, 0.05, kernel.shape), rng.normal(0, 0.3, bias.shape)])
    return model


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_onnx_runtime_and_keras_agree_at_every_size(tmp_path, objective):
    model = with_lively_weights(build_frame_colorizer(objective))
    save_weights(model, tmp_path / "frame.safetensors", {"objective": objective})
    load_weights(model, tmp_path / "frame.safetensors")  # rounded, as exported
    save_onnx(model, tmp_path / "frame.onnx")
    network = load_network(tmp_path / "frame.onnx")
    for shape in ((1, 32, 32, 1), (3, 96, 64, 1), (2, 32, 128, 1)):
        luma = np.random.default_rng(1).random(shape, np.float32)
        ab, expected = network(luma), model.predict_on_batch(luma)
        assert ab.shape == (shape[0], shape[1] // 2, shape[2] // 2, 2) and ab.dtype == np.float32
        assert np.ptp(expected) > 1
        np.testing.assert_allclose(ab, expected, atol=0.02)


def test_the_file_holds_8_and_16_bits(tmp_path):
    model = build_frame_colorizer()
    save_onnx(model, tmp_path / "frame.onnx")
    constants = onnx.load(tmp_path / "frame.onnx").graph.initializer
    numbers = {kind: 0 for kind in (onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT)}
    for array in constants:
        if array.data_type in numbers:
            numbers[array.data_type] += int(np.prod(array.dims))
    in_bytes, in_halves, rest = numbers.values()
    assert in_bytes + in_halves == model.count_params()
    assert in_bytes > 0.9 * model.count_params() and rest < 0.01 * model.count_params()


def test_unknown_layers_are_refused(tmp_path):
    luma = keras.Input((32, 32, 1))
    with pytest.raises(ValueError, match="Dense 'extra'"):
        save_onnx(keras.Model(luma, keras.layers.Dense(2, name="extra")(luma)), tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_nothing_is_enlarged_before_it_is_convolved(tmp_path):
    save_onnx(build_frame_colorizer("mixture"), tmp_path / "frame.onnx")
    graph = onnx.load(tmp_path / "frame.onnx").graph
    operators = [node.op_type for node in graph.node]
    assert operators.count("ConvTranspose") == 4 and "Concat" not in operators and "Softmax" not in operators
    assert [node.name for node in graph.node if node.op_type == "Resize"] == ["annealed_mean_up"]
    used = {name for node in graph.node for name in node.input}
    assert {constant.name for constant in graph.initializer} <= used
