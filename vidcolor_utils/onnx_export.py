"""Write a Keras model as an ONNX file: the same network for a runtime without Keras and TensorFlow.

Knows the layers that `build_frame_colorizer` uses, in the settings it uses them in. Weights are stored in the same
numbers as by `weights_io`; the runtime widens them once when it loads the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from keras import layers
from onnx import TensorProto, helper, numpy_helper

from vidcolor_utils.ab_bins import TEMPERATURE, ab_bins
from vidcolor_utils.weights_io import to_stored

OPSET = 17  # of ONNX 1.12 (2022); newer operators bring nothing to this network
IR_VERSION = 8  # the file format of the same ONNX version
INPUT, OUTPUT = "gray_picture", "its_ab"  # unlike the names of layers, which name all other tensors
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh"}
# Row u: the taps of a 3-tap filter whose sum is tap u of the 4 of its transposed one, see `_conv_of_enlarged`.
TAPS = ((0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0))


def save_onnx(model: keras.Model, path: str | Path) -> None:
    """Write `model` to an ONNX file that takes and returns the same arrays, channels last.

    Args:
        model: built by `build_frame_colorizer`; every layer used once, sizes of the input multiples of its stride.
        path: the file to write.

    Raises:
        ValueError: if the model holds a layer that this does not know.
    """
    graph = _Graph()
    outputs: dict[int, str] = {}  # names of tensors already computed, by `id` of the Keras ones
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            outputs[id(layer.output)] = graph.add("Transpose", [INPUT], f"{layer.name}_first", perm=[0, 3, 1, 2])
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        outputs[id(layer.output)] = _writer(layer)(graph, layer, *(outputs[id(tensor)] for tensor in inputs))
    graph.add("Transpose", [outputs[id(model.output)]], OUTPUT, perm=[0, 2, 3, 1])
    onnx.save(graph.to_model(model.name), str(path))


class _Graph:
    """Nodes and constants of an ONNX graph in the making. Tensors are channels first, and known by their name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.enlarged: dict[str, tuple[str, int]] = {}  # outputs of twofold up-sampling: its input, its channels
        self.joined: dict[str, list[str]] = {}  # outputs of concatenations: their inputs

    def add(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def split(self, x: str, sizes: tuple[int, int], name: str) -> tuple[str, str]:
        """Cut a tensor in two along its channels."""
        parts = f"{name}_first", f"{name}_second"
        lengths = self.constant(f"{name}_sizes", sizes, np.int64)
        self._nodes.append(helper.make_node("Split", [x, lengths], parts, name=name, axis=1))
        return parts

    def constant(self, name: str, values: object, dtype: type = np.float32) -> str:
        """Add a constant."""
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weight(self, name: str, values: keras.KerasTensor, perm: tuple[int, ...] | None = None) -> str:
        """Add a constant stored as `weights_io.to_stored` has it, its axes in the order of `perm`."""
        numbers, scale = to_stored(values)
        self._constants.append(numpy_helper.from_array(numbers, f"{name}_numbers"))
        x = self.add("Cast", [f"{name}_numbers"], f"{name}_wide", to=TensorProto.FLOAT)
        if scale is not None:
            x = self.add("Mul", [x, self.constant(f"{name}_scale", scale)], f"{name}_scaled")
        return self.add("Transpose", [x], name, perm=perm) if perm else x

    def to_model(self, name: str) -> onnx.ModelProto:
        """Close the graph, without what nothing uses, and check it."""
        used = {OUTPUT}
        for node in reversed(self._nodes):
            if used.intersection(node.output):
                used.update(node.input)
        self._nodes = [node for node in self._nodes if used.intersection(node.output)]
        self._constants = [constant for constant in self._constants if constant.name in used]
        luma = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", "height", "width", 1])
        ab = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", "half_height", "half_width", 2])
        graph = helper.make_graph(self._nodes, name, [luma], [ab], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model


def _writer(layer: keras.Layer) -> Callable[..., str]:
    """Find the function that writes a layer: (graph, layer, *input names) to the output's name."""
    if isinstance(layer, layers.Lambda) and layer.name == "annealed_mean":
        return _annealed_mean
    if type(layer) not in _WRITERS:
        raise ValueError(f"`model` has a layer that cannot be written: {type(layer).__name__} {layer.name!r}")
    return _WRITERS[type(layer)]


def _conv(graph: _Graph, layer: keras.Layer, x: str) -> str:
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    # Keras has (h, w, in, out), or (h, w, in, 1) if depthwise; ONNX (out, in, h, w).
    perm = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    (size, _), (stride, _) = layer.kernel_size, layer.strides
    enlarged, *others = graph.joined.get(x, [""])
    if enlarged in graph.enlarged and len(others) == 1 and (size, stride, layer.use_bias) == (3, 1, False):
        return _conv_of_enlarged(graph, layer, enlarged, others[0])
    padding = size - stride if size > 1 else 0  # "same", for input sizes that the stride divides
    before, after = padding // 2, padding - padding // 2
    inputs = [x, graph.weight(f"{layer.name}_kernel", layer.kernel, perm)]
    if layer.use_bias:
        inputs.append(graph.weight(f"{layer.name}_bias", layer.bias))
    x = graph.add(
        "Conv",
        inputs,
        layer.name,
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[before, before, after, after],
        group=layer.kernel.shape[2] if depthwise else 1,
    )
    activation = layer.activation.__name__
    return x if activation == "linear" else graph.add(ACTIVATIONS[activation], [x], f"{layer.name}_{activation}")


def _conv_of_enlarged(graph: _Graph, layer: keras.Layer, enlarged: str, other: str) -> str:
    """Convolve a picture enlarged by repeating each pixel, joined with another, without enlarging it.

    Of the 3x3 pixels under the kernel at most 2x2 differ, so their weights can be summed beforehand: 4 products
    instead of 9. For the four ways the kernel can lie over the pixels that is one transposed convolution. ONNX
    Runtime takes the sums of weights once, when it loads the file.
    """
    x, channels = graph.enlarged[enlarged]
    kernel = graph.weight(f"{layer.name}_kernel", layer.kernel, (3, 2, 0, 1))
    sizes = channels, layer.kernel.shape[2] - channels
    of_enlarged, of_other = graph.split(kernel, sizes, f"{layer.name}_kernels")
    rows = graph.constant(f"{layer.name}_rows", TAPS)
    columns = graph.constant(f"{layer.name}_columns", np.transpose(TAPS))
    summed = graph.add("MatMul", [rows, of_enlarged], f"{layer.name}_summed_rows")
    summed = graph.add("MatMul", [summed, columns], f"{layer.name}_summed")
    summed = graph.add("Transpose", [summed], f"{layer.name}_transposed_kernel", perm=[1, 0, 2, 3])
    sides = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1] * 4}
    x = graph.add("ConvTranspose", [x, summed], f"{layer.name}_transposed", **sides)
    other = graph.add("Conv", [other, of_other], f"{layer.name}_other", kernel_shape=[3, 3], pads=[1] * 4)
    return graph.add("Add", [x, other], layer.name)


def _batch_norm(graph: _Graph, layer: keras.Layer, x: str) -> str:
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = [graph.weight(f"{layer.name}_{part}", getattr(layer, part)) for part in parts]
    return graph.add("BatchNormalization", [x, *weights], layer.name, epsilon=layer.epsilon)


def _relu(graph: _Graph, layer: keras.Layer, x: str) -> str:
    if layer.max_value is None:
        return graph.add("Relu", [x], layer.name)
    low, high = graph.constant(f"{layer.name}_low", 0), graph.constant(f"{layer.name}_high", layer.max_value)
    return graph.add("Clip", [x, low, high], layer.name)


def _rescaling(graph: _Graph, layer: keras.Layer, x: str) -> str:
    x = graph.add("Mul", [x, graph.constant(f"{layer.name}_scale", layer.scale)], f"{layer.name}_scaled")
    return graph.add("Add", [x, graph.constant(f"{layer.name}_offset", layer.offset)], layer.name)


def _up_sampling(graph: _Graph, layer: keras.Layer, x: str) -> str:
    scales = graph.constant(f"{layer.name}_scales", [1, 1, *layer.size])
    modes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    if tuple(layer.size) == (2, 2):
        graph.enlarged[layer.name] = x, layer.input.shape[-1]
    return graph.add("Resize", [x, "", scales], layer.name, **modes)


def _concatenate(graph: _Graph, layer: keras.Layer, *inputs: str) -> str:
    graph.joined[layer.name] = list(inputs)
    return graph.add("Concat", list(inputs), layer.name, axis=1)


def _annealed_mean(graph: _Graph, layer: keras.Layer, x: str) -> str:
    """`bin_losses.annealed_mean_of_scores`, the sums over the bins as a convolution.

    Softmax over channels takes ONNX Runtime three times as long as the same in steps.
    """
    x = graph.add("Mul", [x, graph.constant(f"{layer.name}_sharpness", 1 / TEMPERATURE)], f"{layer.name}_sharp")
    highest = graph.add("ReduceMax", [x], f"{layer.name}_highest", axes=[1])
    x = graph.add("Exp", [graph.add("Sub", [x, highest], f"{layer.name}_below")], f"{layer.name}_shares")
    a_b_1 = np.column_stack([ab_bins(), np.ones(len(ab_bins()))])  # exact in 16 bits: whole numbers
    summands = graph.weight(f"{layer.name}_summands", a_b_1.T[..., None, None])
    x = graph.add("Conv", [x, summands], f"{layer.name}_sums", kernel_shape=[1, 1])
    return graph.add("Div", list(graph.split(x, (2, 1), f"{layer.name}_parts")), layer.name)


def _same_inputs(operator: str, **attributes: object) -> Callable[..., str]:
    """Write a layer that is one operator without constants."""
    return lambda graph, layer, *inputs: graph.add(operator, list(inputs), layer.name, **attributes)


_WRITERS: dict[type, Callable[..., str]] = {
    layers.Conv2D: _conv,
    layers.DepthwiseConv2D: _conv,
    layers.BatchNormalization: _batch_norm,
    layers.ReLU: _relu,
    layers.Rescaling: _rescaling,
    layers.UpSampling2D: _up_sampling,
    layers.Add: _same_inputs("Add"),
    layers.Concatenate: _concatenate,
    layers.GlobalAveragePooling2D: _same_inputs("GlobalAveragePool"),
}
