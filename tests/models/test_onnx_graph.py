import numpy as np
import onnx
from onnx import numpy_helper

from vidcolor_utils.models.onnx_graph import Graph


def test_nodes_and_constants_are_known_by_their_names():
    graph = Graph()
    assert graph.add("Relu", ["x"], "a") == "a" and graph.constant("two", [2.0]) == "two"
    first, second = graph.split("a", (1, 2), "cut")
    assert (first, second) == ("cut_first", "cut_second")


def test_weights_are_kept_whole_or_as_they_are_stored():
    values = np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    whole, stored = Graph(stored=False), Graph()
    whole.weight("w", values, (1, 0))
    stored.weight("w", values)
    (array,) = whole._constants
    np.testing.assert_array_equal(numpy_helper.to_array(array), values.T)
    assert all(each.data_type != onnx.TensorProto.FLOAT or np.prod(each.dims) <= 64 for each in stored._constants)
