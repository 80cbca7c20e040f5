import keras
import numpy as np
import onnx
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.colorizers.networks import load_network
from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
from vidcolor_utils.models.meaning import build_meaning
from vidcolor_utils.models.onnx_export import save_onnx
from vidcolor_utils.models.stored_weights import load_weights, save_weights
from vidcolor_utils.models.vit import TOKEN_WIDTH
from vidcolor_utils.weights.shipped import MEANING_WIDTH


def with_lively_weights(model):
    """Statistics, biases and outputs unlike the neutral ones that a fresh model starts with."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape[0]
            parts = [rng.uniform(0.5, 1.5, size), rng.normal(0, 0.3, size), rng.normal(0, 0.3, size)]
            layer.set_weights([*parts, rng.uniform(0.3, 2, size)])
        elif layer.name in ("head", "broad"):
            layer.set_weights([rng.normal(0, 0.05, weight.shape) for weight in layer.get_weights()])
    return model


def rounded_network(model, folder):
    """The model's weights rounded as they are exported, and the same network in ONNX Runtime."""
    save_weights(model, folder / "a.safetensors", {})
    load_weights(model, folder / "a.safetensors")
    save_onnx(model, folder / "a.onnx")
    return load_network(folder / "a.onnx")


def random(shape, seed):
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    """A frame colorizer, the same network in ONNX Runtime, and its file."""
    folder = tmp_path_factory.mktemp("frame")
    model = with_lively_weights(build_frame_colorizer())
    return model, rounded_network(model, folder), folder / "a.onnx"


@pytest.mark.parametrize(
    ("luma", "meaning"),
    [((1, 32, 32, 1), (1, 1, 1)), ((3, 96, 64, 1), (3, 9, 6)), ((2, 32, 128, 1), (2, 2, 7))],
)
@without_graphs()
def test_onnx_runtime_and_keras_agree_at_every_size(frame, luma, meaning):
    model, network, _ = frame
    inputs = [random(luma, 1), random((*meaning, MEANING_WIDTH), 2)]
    ab, expected = network(*inputs), model.predict_on_batch(inputs)
    assert ab.shape == (luma[0], luma[1] // 2, luma[2] // 2, 2) and ab.dtype == np.float32
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(ab, expected, atol=0.02)


@without_graphs()
def test_the_meaning_is_the_same_in_onnx_runtime(tmp_path):
    model = build_meaning()
    network = rounded_network(model, tmp_path)
    tokens = random((2, 3, 5, TOKEN_WIDTH), 0) - 0.5
    np.testing.assert_allclose(network(tokens), model.predict_on_batch(tokens), atol=1e-4)


def test_the_file_holds_8_and_16_bits_and_vectors_whole(frame):
    model, _, path = frame
    constants = onnx.load(path).graph.initializer
    numbers = {kind: 0 for kind in (onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT)}
    for array in constants:
        if array.data_type in numbers:
            numbers[array.data_type] += int(np.prod(array.dims))
    in_bytes, in_halves, rest = numbers.values()
    in_vectors = sum(int(np.prod(weight.shape)) for weight in model.weights if len(weight.shape) == 1)
    assert in_bytes + in_halves == model.count_params() - in_vectors
    assert in_bytes > 0.9 * model.count_params() and 0 <= rest - in_vectors < 0.01 * model.count_params()


def test_unknown_layers_are_refused(tmp_path):
    luma = keras.Input((32, 32, 1))
    with pytest.raises(ValueError, match="AveragePooling2D 'extra'"):
        save_onnx(keras.Model(luma, keras.layers.AveragePooling2D(2, name="extra")(luma)), tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_nothing_is_enlarged_before_it_is_convolved(frame):
    graph = onnx.load(frame[2]).graph
    assert [node.op_type for node in graph.node].count("ConvTranspose") == 3
    enlarged = {node.name for node in graph.node if node.op_type == "Resize"}
    assert enlarged == {"decoder0_meaning_up", "decoder1_meaning_up", "fine_up", "broad_up"}
    used = {name for node in graph.node for name in node.input}
    assert {constant.name for constant in graph.initializer} <= used
