"""What points of a frame look like, to find them again in another one: the colour network's encoder, and more."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from vidcolor_utils.colorizers.meaning import UNKNOWN
from vidcolor_utils.colorizers.networks import open_session
from vidcolor_utils.colorizers.reference import LEAST_SPREAD, spread
from vidcolor_utils.pictures.sizes import fit_short_side
from vidcolor_utils.system.files import read_checked
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.weights.shipped import STRIDE as INPUT_STRIDE
from vidcolor_utils.weights.shipped import shipped_weights_path

STRIDE = 12  # pixels from point to point, of a frame as tracked
LAYERS = ("_blocks_6__add", "_blocks_14__add")  # of the encoder, strides 8 and 16
SIDE = 112  # short side of what the encoder sees
LEARNED = 3.0  # length of a layer's vectors
LUMA_UNIT, WIDE_UNIT, TEXTURE_UNIT = 0.05, 0.12, 0.5  # what counts as one unit of difference
PLACE_UNIT = 0.25  # of the frame's height and width
RADII = 0.7, 3.0  # of a point and of what is around it, in points
GRAPH, GRAPH_OUTPUT, NAME, TYPE = 7, 12, 1, 2  # fields of ONNX's ModelProto, GraphProto and ValueInfoProto
FLOAT_TENSOR = b"\x0a\x02\x08\x01"  # a TypeProto: tensor_type { elem_type: FLOAT }


def describe(gray: np.ndarray) -> np.ndarray:
    """Describe the points of a frame.

    Args:
        gray: uint8 (h, w).

    Returns:
        (N, C) float32, N points in rows of `grid(shape)`; the last two are their place.
    """
    luma = gray.astype(np.float32) / 255
    size = height, width = grid(gray.shape)
    points = cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA)
    near, wide = (cv2.GaussianBlur(points, (0, 0), radius) for radius in RADII)
    texture = spread(points, RADII[1])
    place = np.mgrid[:height, :width] / (np.array([height, width])[:, None, None] * PLACE_UNIT)
    plain = [near / LUMA_UNIT, wide / WIDE_UNIT, np.log(texture + LEAST_SPREAD) / TEXTURE_UNIT]
    layers = [_resized(layer, size) for layer in _encode(luma)]
    return np.dstack([*plain, *layers, *place]).reshape(height * width, -1).astype(np.float32)


def grid(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of points of a frame (h, w)."""
    return max(1, round(shape[0] / STRIDE)), max(1, round(shape[1] / STRIDE))


def _resized(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring a layer (C, h, w) to `size` as (h, w, C), centred, its vectors of a length of `LEARNED` on average."""
    rows = np.ascontiguousarray(layer.transpose(1, 2, 0))
    rows -= rows.mean(axis=(0, 1))
    rows *= LEARNED / max(float(np.linalg.norm(rows, axis=-1).mean()), 1e-6)
    return cv2.resize(rows, size[::-1])


def _encode(luma: np.ndarray) -> list[np.ndarray]:
    session, options = _encoder()
    height, width = fit_short_side(luma.shape, SIDE)
    height, width = (max(INPUT_STRIDE, round(side / INPUT_STRIDE) * INPUT_STRIDE) for side in (height, width))
    seen = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)[None, ..., None]
    return [layer[0] for layer in session.run(list(LAYERS), {"luma": seen, "meaning": UNKNOWN[None]}, options)]


@lru_cache(maxsize=1)
def _encoder() -> tuple[Any, Any]:
    """The shipped network, of which no more is computed than the layers that are asked for."""
    session = open_session(with_outputs(read_checked(shipped_weights_path()), LAYERS))
    with quiet_native_logs():
        import onnxruntime

        run = onnxruntime.RunOptions()
        run.only_execute_path_to_fetches = True
        return session, run


def with_outputs(model: bytes, names: tuple[str, ...]) -> bytes:
    """Make tensors inside an ONNX model outputs of it.

    Parsers of Protocol Buffers merge messages that are written one after the other, so outputs can be added
    without reading the model (https://protobuf.dev/programming-guides/encoding, "Last One Wins").
    """
    outputs = (_field(NAME, name.encode()) + _field(TYPE, FLOAT_TENSOR) for name in names)
    return model + _field(GRAPH, b"".join(_field(GRAPH_OUTPUT, output) for output in outputs))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])
