"""How the layers of transformers are written as ONNX, and those between tokens and grids."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from vidcolor_utils.models.frame_colorizer import DepthToSpace, ResizeLike
from vidcolor_utils.models.meaning import Flatten, LikeGrid, SplitChannels
from vidcolor_utils.models.onnx_graph import Graph
from vidcolor_utils.models.stored_weights import halved
from vidcolor_utils.models.vit import CUBIC, TokenGrid, TokensOfPatches


def _layer_norm(graph: Graph, layer: keras.Layer, x: str) -> str:
    weights = [graph.weight(f"{layer.name}_{part}", getattr(layer, part)) for part in ("gamma", "beta")]
    return graph.add("LayerNormalization", [x, *weights], layer.name, epsilon=layer.epsilon)


def _dense(graph: Graph, layer: keras.Layer, x: str) -> str:
    x = _affine(graph, x, layer.name, layer.kernel, layer.bias)
    return _gelu(graph, x, layer.name) if layer.activation.__name__ == "gelu" else x


def _affine(
    graph: Graph,
    x: str,
    name: str,
    kernel: keras.KerasTensor,
    bias: keras.KerasTensor,
    shape: tuple[int, int] | None = None,
) -> str:
    """(B, T, C) times a kernel, plus a bias; `shape` is that of the matrix, (C, D), if not the kernel's."""
    matrix = graph.matrix(f"{name}_kernel", kernel, shape)
    x = graph.add("MatMul", [x, matrix], f"{name}_product")
    return graph.add("Add", [x, graph.weight(f"{name}_bias", keras.ops.reshape(bias, (-1,)))], f"{name}_sum")


def _gelu(graph: Graph, x: str, name: str) -> str:
    """x (1 + erf(x / sqrt 2)) / 2, in the order in which ONNX Runtime finds it and makes one step of it."""
    root, one, half = (
        graph.constant(f"{name}_{word}", np.float32(value))
        for word, value in zip(("root", "one", "half"), (np.sqrt(2), 1, 0.5), strict=True)
    )
    y = graph.add("Erf", [graph.add("Div", [x, root], f"{name}_scaled")], f"{name}_erf")
    y = graph.add("Mul", [x, graph.add("Add", [y, one], f"{name}_above")], f"{name}_gated")
    return graph.add("Mul", [y, half], name)


def _attention(graph: Graph, layer: keras.Layer, x: str, *_: str) -> str:
    """Self-attention (Vaswani et al. 2017, equation 1) with `num_heads` heads."""
    name, heads, size = layer.name, layer.num_heads, layer.key_dim
    split = graph.constant(f"{name}_split", [0, -1, heads, size], np.int64)
    parts = []
    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    for part, order in orders.items():
        dense = getattr(layer, f"{part}_dense")
        y = _affine(graph, x, f"{name}_{part}", dense.kernel, dense.bias, (-1, heads * size))
        y = graph.add("Reshape", [y, split], f"{name}_{part}_heads")
        parts.append(graph.add("Transpose", [y], f"{name}_{part}_turned", perm=order))
    query, key, value = parts
    scores = graph.add("MatMul", [query, key], f"{name}_scores")
    scores = graph.add("Mul", [scores, graph.constant(f"{name}_scale", np.float32(size**-0.5))], f"{name}_scaled")
    shares = graph.add("Softmax", [scores], f"{name}_shares", axis=-1)
    y = graph.add(
        "Transpose", [graph.add("MatMul", [shares, value], f"{name}_mixed")], f"{name}_back", perm=[0, 2, 1, 3]
    )
    y = graph.add(
        "Reshape", [y, graph.constant(f"{name}_join", [0, -1, heads * size], np.int64)], f"{name}_joined"
    )
    out = layer.output_dense
    return _affine(graph, y, f"{name}_out", out.kernel, out.bias, (heads * size, -1))


def _rows(graph: Graph, x: str, name: str) -> str:
    """(B, C, h, w) to (B, h w, C)."""
    x = graph.add("Reshape", [x, graph.constant(f"{name}_flat", [0, 0, -1], np.int64)], f"{name}_columns")
    return graph.add("Transpose", [x], f"{name}_rows", perm=[0, 2, 1])


def _grid(graph: Graph, rows: str, like: str, name: str) -> str:
    """(B, h w, C) to (B, C, h, w), the sides of `like`."""
    columns = graph.add("Transpose", [rows], f"{name}_turned", perm=[0, 2, 1])
    keep = graph.constant(f"{name}_keep", [0, 0], np.int64)
    shape = graph.add("Concat", [keep, _sides(graph, like, name)], f"{name}_shape", axis=0)
    return graph.add("Reshape", [columns, shape], name)


def _sides(graph: Graph, x: str, name: str) -> str:
    """Height and width of (B, C, h, w)."""
    shape = graph.add("Shape", [x], f"{name}_all_sides")
    from_, to = (graph.constant(f"{name}_{word}", [at], np.int64) for word, at in (("from", 2), ("to", 4)))
    return graph.add("Slice", [shape, from_, to], f"{name}_sides")


def _sized(graph: Graph, x: str, sides: str, name: str, output: str, **mode: object) -> str:
    """(B, C, h, w) to the sides given."""
    begin, end = (graph.constant(f"{name}_{word}", [at], np.int64) for word, at in (("begin", 0), ("end", 2)))
    first = graph.add("Slice", [graph.add("Shape", [x], f"{name}_x_sides"), begin, end], f"{name}_first_sides")
    sizes = graph.add("Concat", [first, sides], f"{name}_sizes", axis=0)
    return graph.add("Resize", [x, "", "", sizes], output, coordinate_transformation_mode="half_pixel", **mode)


def _resized_cubic(graph: Graph, grid: str, sides: tuple[int, int], wanted: str, name: str) -> str:
    """(1, C, h, w) to the sides wanted, as two products with matrices.

    ONNX Runtime takes as long to resize so many channels cubically as all layers of the transformer take. What it
    makes of the unit matrices (1, 1, h, h) and (1, 1, w, w) holds the same weights for all of them.
    """
    lines, columns = graph.split(wanted, (1, 1), f"{name}_wanted", axis=0)
    h, w = (graph.constant(f"{name}_{axis}", [side], np.int64) for axis, side in zip("hw", sides, strict=True))
    down = graph.add("Concat", [lines, h], f"{name}_down_sides", axis=0)
    across = graph.add("Concat", [w, columns], f"{name}_across_sides", axis=0)
    left = _cubic_shares(graph, sides[0], down, f"{name}_down")
    right = _cubic_shares(graph, sides[1], across, f"{name}_across")
    return graph.add("MatMul", [left, graph.add("MatMul", [grid, right], f"{name}_widened")], f"{name}_laid")


def _cubic_shares(graph: Graph, side: int, shape: str, name: str) -> str:
    """The unit matrix of this side, resized to a shape."""
    unit = graph.constant(f"{name}_unit", np.eye(side)[None, None])
    return _sized(graph, unit, shape, name, f"{name}_shares", mode="cubic", cubic_coeff_a=CUBIC)


def _tokens_of_patches(graph: Graph, layer: keras.Layer, patches: str) -> str:
    name = layer.name
    positions = keras.ops.transpose(layer.positions[None], (0, 3, 1, 2))
    table = graph.rounded(f"{name}_positions", halved(keras.ops.convert_to_numpy(positions)), None)
    laid = _resized_cubic(graph, table, positions.shape[2:], _sides(graph, patches, name), name)
    rows = _rows(graph, graph.add("Add", [patches, laid], f"{name}_placed"), name)
    batch = graph.add(
        "Slice",
        [
            graph.add("Shape", [rows], f"{name}_rows_sides"),
            *(graph.constant(f"{name}_batch_{word}", [at], np.int64) for word, at in (("from", 0), ("to", 1))),
        ],
        f"{name}_batch",
    )
    ones = graph.constant(f"{name}_ones", [1, 1], np.int64)
    shape = graph.add("Concat", [batch, ones], f"{name}_first_shape", axis=0)
    first = graph.add("Expand", [graph.weight(f"{name}_first", layer.first), shape], f"{name}_firsts")
    return graph.add("Concat", [first, rows], name, axis=1)


def _token_grid(graph: Graph, layer: keras.Layer, middle: str, last: str, patches: str) -> str:
    name = layer.name
    tokens = graph.add("Concat", [middle, last], f"{name}_both", axis=2)
    cut = [
        graph.constant(f"{name}_{word}", [at], np.int64) for word, at in (("one", 1), ("all", 2**31), ("axis", 1))
    ]
    return _grid(graph, graph.add("Slice", [tokens, *cut], f"{name}_tokens"), patches, name)


def _split_channels(graph: Graph, layer: keras.Layer, x: str) -> tuple[str, str]:
    parts = f"{layer.name}_first", f"{layer.name}_second"
    half = layer.input.shape[-1] // 2
    return graph.split(x, (half, half), layer.name, parts, axis=2)


def _depth_to_space(graph: Graph, layer: keras.Layer, x: str) -> str:
    return graph.add("DepthToSpace", [x], layer.name, blocksize=2, mode="CRD")


def _resize_like(graph: Graph, layer: keras.Layer, x: str, like: str) -> str:
    return _sized(graph, x, _sides(graph, like, layer.name), f"{layer.name}_", layer.name, mode="linear")


TOKEN_WRITERS: dict[type, Callable] = {
    layers.LayerNormalization: _layer_norm,
    layers.Dense: _dense,
    layers.MultiHeadAttention: _attention,
    Flatten: lambda graph, layer, x: _rows(graph, x, layer.name),
    LikeGrid: lambda graph, layer, rows, grid: _grid(graph, rows, grid, layer.name),
    SplitChannels: _split_channels,
    TokensOfPatches: _tokens_of_patches,
    TokenGrid: _token_grid,
    DepthToSpace: _depth_to_space,
    ResizeLike: _resize_like,
}
