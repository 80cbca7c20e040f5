"""Write a Keras model as an ONNX file: the same network for a runtime without Keras and TensorFlow.

Knows the layers of the networks that ship, in the settings that these use them in. Weights are stored in the same
numbers as by `stored_weights`; the runtime widens them once when it loads the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
from keras import layers

from vidcolor_utils.models.frame_colorizer import listed, same_padding
from vidcolor_utils.models.onnx_graph import RESULT, Graph
from vidcolor_utils.models.onnx_tokens import TOKEN_WRITERS

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh"}
# Row u: the taps of a 3-tap filter whose sum is tap u of the 4 of its transposed one, see `_conv_of_enlarged`.
TAPS = ((0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0))


def save_onnx(model: keras.Model, path: str | Path, *, stored: bool = True) -> None:
    """Write `model` to an ONNX file that takes and returns the same arrays, channels last.

    Args:
        model: built by `build_frame_colorizer`, `build_meaning` or `build_vit`; every layer used once, sizes of
            the input multiples of its stride.
        path: the file to write. Its inputs are named as those of the model, and its output `RESULT`.
        stored: keep weights in the bits of `stored_weights`; else in 32, for tools that make 8 bits of them.

    Raises:
        ValueError: if the model holds a layer that this does not know.
    """
    onnx.save(to_onnx(model, stored=stored), str(path))


def to_onnx(model: keras.Model, *, stored: bool = True) -> onnx.ModelProto:
    """Do as `save_onnx`, but give the ONNX model instead of writing it."""
    graph = Graph(stored=stored)
    names: dict[int, str] = {}  # of tensors already computed, by `id` of the Keras ones
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            names[id(layer.output)] = graph.add(
                "Transpose", [layer.name], f"{layer.name}_first", perm=[0, 3, 1, 2]
            )
            continue
        written = _writer(layer)(graph, layer, *(names[id(tensor)] for tensor in listed(layer.input)))
        outputs = listed(layer.output)
        names.update(zip(map(id, outputs), [written] if len(outputs) == 1 else written, strict=True))
    graph.add("Transpose", [names[id(model.output)]], RESULT, perm=[0, 2, 3, 1])
    inputs = {tensor.name: tensor.shape[-1] for tensor in model.inputs}
    return graph.to_model(model.name, inputs, model.output.shape[-1])


def _writer(layer: keras.Layer) -> Callable[..., str]:
    """Find the function that writes a layer: (graph, layer, *input names) to the output's name."""
    if type(layer) not in _WRITERS:
        raise ValueError(f"`model` has a layer that cannot be written: {type(layer).__name__} {layer.name!r}")
    return _WRITERS[type(layer)]


def _conv(graph: Graph, layer: keras.Layer, x: str) -> str:
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    # Keras has (h, w, in, out), or (h, w, in, 1) if depthwise; ONNX (out, in, h, w).
    perm = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    (size, _), (stride, _) = layer.kernel_size, layer.strides
    enlarged, *others = graph.joined.get(x, [""])
    if enlarged in graph.enlarged and (size, stride, layer.use_bias, depthwise) == (3, 1, False, False):
        return _conv_of_enlarged(graph, layer, enlarged, others)
    before, after = same_padding(layer)
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


def _conv_of_enlarged(graph: Graph, layer: keras.Layer, enlarged: str, others: list[str]) -> str:
    """Convolve a picture enlarged by repeating each pixel, joined with others, without enlarging it.

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
    other = others[0] if len(others) == 1 else graph.add("Concat", others, f"{layer.name}_others", axis=1)
    other = graph.add("Conv", [other, of_other], f"{layer.name}_other", kernel_shape=[3, 3], pads=[1] * 4)
    return graph.add("Add", [x, other], layer.name)


def _batch_norm(graph: Graph, layer: keras.Layer, x: str) -> str:
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = [graph.weight(f"{layer.name}_{part}", getattr(layer, part)) for part in parts]
    return graph.add("BatchNormalization", [x, *weights], layer.name, epsilon=layer.epsilon)


def _relu(graph: Graph, layer: keras.Layer, x: str) -> str:
    if layer.max_value is None:
        return graph.add("Relu", [x], layer.name)
    low, high = graph.constant(f"{layer.name}_low", 0), graph.constant(f"{layer.name}_high", layer.max_value)
    return graph.add("Clip", [x, low, high], layer.name)


def _rescaling(graph: Graph, layer: keras.Layer, x: str) -> str:
    x = graph.add("Mul", [x, graph.constant(f"{layer.name}_scale", layer.scale)], f"{layer.name}_scaled")
    return graph.add("Add", [x, graph.constant(f"{layer.name}_offset", layer.offset)], layer.name)


def _up_sampling(graph: Graph, layer: keras.Layer, x: str) -> str:
    scales = graph.constant(f"{layer.name}_scales", [1, 1, *layer.size])
    modes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    if tuple(layer.size) == (2, 2):
        graph.enlarged[layer.name] = x, layer.input.shape[-1]
    return graph.add("Resize", [x, "", scales], layer.name, **modes)


def _concatenate(graph: Graph, layer: keras.Layer, *inputs: str) -> str:
    graph.joined[layer.name] = list(inputs)
    return graph.add("Concat", list(inputs), layer.name, axis=1 if len(layer.output.shape) == 4 else 2)


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
    layers.Add: lambda graph, layer, *inputs: graph.add(
        "Sum" if len(inputs) > 2 else "Add", list(inputs), layer.name
    ),
    layers.Concatenate: _concatenate,
    layers.GlobalAveragePooling2D: _same_inputs("GlobalAveragePool"),
    layers.Activation: lambda graph, layer, x: graph.add(ACTIVATIONS[layer.activation.__name__], [x], layer.name),
    **TOKEN_WRITERS,
}
