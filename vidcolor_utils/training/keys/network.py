"""The network that cleans key frames' colours, in PyTorch, and the ONNX file that is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import cast

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

from vidcolor_utils.models.onnx_graph import RESULT, Graph

PICTURE = "picture"  # the input's name in ONNX
WIDTH = 32
DILATIONS = (1, 2, 4, 4, 2, 1)  # two to a residual block; a point sees 58 pixels, four blocks of JPEG's chroma
LUMA_UNIT, DIFFERENCE_UNIT, AB_UNIT = 255.0, 40.0, 20.0
CHANNELS, BLOCK = 4, 2  # planes of the input, and pixels to a point, across and down


class Cleaner(nn.Module):
    """Adds to ab what coding and resizing took away.

    It sees the luma of the frame, which is clean, and that of the picture, which suffered with its colours.
    Convolutions look at points of 2 x 2 pixels, dilated in residual blocks.
    """

    def __init__(self) -> None:
        super().__init__()
        points = CHANNELS * BLOCK**2
        self.first = nn.Conv2d(points, WIDTH, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS)
        self.last = nn.Conv2d(WIDTH, 2 * BLOCK**2, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Give the cleaned ab (B, 2, h, w) of planes (B, 4, h, w), see `Damaged`; h and w are even."""
        luma, seen, ab = picture[:, :1], picture[:, 1:2], picture[:, 2:]
        planes = [luma / LUMA_UNIT - 0.5, (seen - luma) / DIFFERENCE_UNIT, ab / AB_UNIT]
        x = F.relu(self.first(F.pixel_unshuffle(torch.cat(planes, 1), BLOCK)))
        for one, other in self.pairs():
            x = x + other(F.relu(one(x)))
        return ab + AB_UNIT * F.pixel_shuffle(self.last(x), BLOCK).float()

    def pairs(self) -> list[tuple[nn.Conv2d, nn.Conv2d]]:
        """The convolutions of each block."""
        blocks = cast(Iterable[nn.Conv2d], self.blocks)
        return list(pairwise(blocks))[::2]


def to_onnx(network: Cleaner) -> onnx.ModelProto:
    """Write the network as ONNX; it takes and returns the same, channels last."""
    graph = Graph(stored=False)
    picture = graph.add("Transpose", [PICTURE], "channels_first", perm=[0, 3, 1, 2])
    luma, rest = graph.split(picture, (1, 3), "luma_and_rest")
    seen, ab = graph.split(rest, (1, 2), "seen_and_ab")
    middle = graph.add("Sub", [_over(graph, luma, LUMA_UNIT, "luma"), graph.constant("half", 0.5)], "luma_middle")
    difference = _over(graph, graph.add("Sub", [seen, luma], "seen_above"), DIFFERENCE_UNIT, "difference")
    x = graph.add("Concat", [middle, difference, _over(graph, ab, AB_UNIT, "ab")], "planes", axis=1)
    x = graph.add("SpaceToDepth", [x], "points", blocksize=BLOCK)
    x = graph.add(
        "Relu", [_convolution(graph, x, "first", network.first, _points_first(network.first))], "seen_once"
    )
    for number, pair in enumerate(network.pairs()):
        y = x
        for place, layer in enumerate(pair):
            y = graph.add("Relu", [y], f"block_{number}_relu") if place else y
            y = _convolution(graph, y, f"block_{number}_{place}", layer)
        x = graph.add("Add", [x, y], f"block_{number}")
    x = graph.add(
        "DepthToSpace", [_convolution(graph, x, "last", network.last)], "shown", blocksize=BLOCK, mode="CRD"
    )
    x = graph.add("Mul", [x, graph.constant("ab_unit", AB_UNIT)], "added")
    graph.add("Transpose", [graph.add("Add", [ab, x], "cleaned")], RESULT, perm=[0, 2, 3, 1])
    return graph.to_model("key_colors", {PICTURE: CHANNELS}, 2)


def _over(graph: Graph, x: str, unit: float, name: str) -> str:
    return graph.add("Div", [x, graph.constant(f"{name}_unit_of", unit)], f"{name}_scaled")


def _points_first(layer: nn.Conv2d) -> np.ndarray:
    """Order a kernel's inputs as ONNX's SpaceToDepth has them, pixel by pixel; in PyTorch it is plane by plane."""
    kernel = layer.state_dict()["weight"].numpy()
    planes = kernel.reshape(len(kernel), CHANNELS, BLOCK**2, *kernel.shape[2:])
    return planes.transpose(0, 2, 1, 3, 4).reshape(kernel.shape)


def _convolution(graph: Graph, x: str, name: str, layer: nn.Conv2d, kernel: np.ndarray | None = None) -> str:
    stored = {part: value.numpy() for part, value in layer.state_dict().items()}
    kernel = stored["weight"] if kernel is None else kernel
    weights = [graph.constant(f"{name}_kernel", kernel), graph.constant(f"{name}_bias", stored["bias"])]
    around, apart = [int(each) for each in layer.padding] * 2, list(layer.dilation)
    return graph.add(
        "Conv", [x, *weights], name, pads=around, dilations=apart, kernel_shape=list(kernel.shape[2:])
    )
