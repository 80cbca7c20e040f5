"""An ONNX graph in the making: nodes and constants by name."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vidcolor_utils.models.stored_weights import Stored, to_stored

OPSET = 17  # of ONNX 1.12 (2022); newer operators bring nothing to these networks
IR_VERSION = 8  # the file format of the same ONNX version
RESULT = "result"  # the name of a graph's output


class Graph:
    """Nodes and constants of an ONNX graph in the making, known by their names.

    Pictures and grids are channels first, rows of tokens (B, T, C) as they are in Keras.

    Args:
        stored: keep weights in the bits that `to_stored` rounds to, instead of as they are.
    """

    def __init__(self, *, stored: bool = True) -> None:
        self._stored = stored
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.enlarged: dict[str, tuple[str, int]] = {}  # outputs of twofold up-sampling: its input, its channels
        self.joined: dict[str, list[str]] = {}  # outputs of concatenations: their inputs

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def split(
        self, x: str, sizes: tuple[int, int], name: str, parts: tuple[str, str] | None = None, axis: int = 1
    ) -> tuple[str, str]:
        """Cut a tensor in two along an axis, by default its channels."""
        parts = parts or (f"{name}_first", f"{name}_second")
        lengths = self.constant(f"{name}_sizes", sizes, np.int64)
        self._nodes.append(helper.make_node("Split", [x, lengths], parts, name=name, axis=axis))
        return parts

    def constant(self, name: str, values: object, dtype: type = np.float32) -> str:
        """Add a constant."""
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weight(self, name: str, values: keras.KerasTensor, perm: tuple[int, ...] | None = None) -> str:
        """Add a constant stored as `stored_weights.to_stored` has it, its axes in the order of `perm`."""
        stored = to_stored(values) if self._stored else Stored(keras.ops.convert_to_numpy(values), None)
        return self.rounded(name, *stored, perm)

    def matrix(self, name: str, values: keras.KerasTensor, shape: tuple[int, int] | None) -> str:
        """Add a weight as a matrix of this shape."""
        if shape is None or not self._stored:
            return self.weight(name, values if shape is None else keras.ops.reshape(values, shape))
        whole = self.weight(f"{name}_whole", values)  # rounded in the shape in which Keras stores it
        return self.add("Reshape", [whole, self.constant(f"{name}_shape", shape, np.int64)], name)

    def rounded(
        self, name: str, numbers: np.ndarray, scale: np.ndarray | None, perm: tuple[int, ...] | None = None
    ) -> str:
        """Add a weight as it is stored: `numbers` times `scale`, mostly in fewer bits than it is used in."""
        if numbers.dtype == np.float32 and scale is None:
            return self.constant(name, numbers.transpose(perm) if perm else numbers)
        self._constants.append(numpy_helper.from_array(numbers, f"{name}_numbers"))
        x = self.add("Cast", [f"{name}_numbers"], f"{name}_wide", to=TensorProto.FLOAT)
        if scale is not None:
            x = self.add("Mul", [x, self.constant(f"{name}_scale", scale)], f"{name}_scaled")
        return self.add("Transpose", [x], name, perm=perm) if perm else x

    def to_model(self, name: str, inputs: dict[str, int], channels: int) -> onnx.ModelProto:
        """Close the graph, without what nothing uses, and check it.

        Args:
            name: of the network.
            inputs: their names and channels; each is (B, h, w, channels), as the output is.
            channels: of the output.
        """
        used = {RESULT}
        for node in reversed(self._nodes):
            if used.intersection(node.output):
                used.update(node.input)
        nodes = [node for node in self._nodes if used.intersection(node.output)]
        constants = [constant for constant in self._constants if constant.name in used]
        infos = [_grid_info(each, width, each) for each, width in inputs.items()]
        graph = helper.make_graph(nodes, name, infos, [_grid_info(RESULT, channels, RESULT)], constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model


def _grid_info(name: str, channels: int, sides: str) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["batch", f"{sides}_height", f"{sides}_width", channels]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
