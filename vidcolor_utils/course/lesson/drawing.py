"""A drawing of a network like the report's Figure 2: a box a layer, as high as its picture, as wide as deep."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from vidcolor_utils.course.plotting import DPI, WIDTH, show_figure

HEIGHT = 3.2  # inches
GAP = 0.35
COLORS = {"in": "#9e9e9e", "encoder": "#5b8db8", "decoder": "#d08a4e"}


def network_boxes(model: keras.Model) -> list[tuple[str, int, int]]:
    """List where the picture changes its size or depth on its way through: layer, side in pixels, channels.

    Args:
        model: its layers in order; those that change neither side nor channels are left out.
    """
    boxes: list[tuple[str, int, int]] = []
    for layer in model.layers:
        shape = layer.output.shape
        if len(shape) == 4 and (not boxes or (shape[1], shape[3]) != boxes[-1][1:]):
            boxes.append((layer.name, int(shape[1]), int(shape[3])))
    return boxes


def draw_network(model: keras.Model, *, alt: str) -> None:
    """Draw a network, the narrowest place marked.

    Args:
        model: pictures in, a picture out.
        alt: what is to be seen.
    """
    boxes = network_boxes(model)
    narrow = int(np.argmin([side for _, side, _ in boxes]))
    _, axes = plt.subplots(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    x = 0.0
    for number, (_, side, channels) in enumerate(boxes):
        width = 0.25 + np.log2(channels) / 8
        kind = "in" if number < 2 else "encoder" if number <= narrow else "decoder"
        axes.add_patch(Rectangle((x, -side / 2), width, side, facecolor=COLORS[kind], edgecolor="black"))
        axes.text(x + width / 2, side / 2 + 3, f"{side}", ha="center", fontsize=8)
        axes.text(x + width / 2, -side / 2 - 4, f"{channels}", ha="center", va="top", fontsize=7)
        if number == narrow:
            # To the right, where the boxes are still low: those to the left may be high.
            axes.text(x, -side / 2 - 22, "the narrow place", ha="left", va="top", fontsize=9)
        x += width + GAP
    axes.set(xlim=(-0.5, x), ylim=(-80, 80), title="height: side in pixels (above), width: channels (below)")
    axes.axis("off")
    show_figure(alt)


def feature_maps(model: keras.Model, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Work out what is left of a picture at each size on the way to the narrowest place.

    Args:
        model: takes `inputs`; a network inside it, as VGG16 is, is looked into in its place.
        inputs: arrays (1, H, W, C), one for each input of the model.

    Returns:
        Size, "60 x 60" say, to the mean over the channels of the last layer of that size (H, W), its least value 0
        and its largest 1.
    """
    network, given = model, list(inputs)
    inner = next((layer for layer in model.layers if isinstance(layer, keras.Model)), None)
    if inner is not None:
        before = model.layers[model.layers.index(inner) - 1].output
        network, given = inner, [keras.Model(model.inputs, before).predict(given, verbose=0)]
    last: dict[int, keras.KerasTensor] = {}
    for layer in network.layers:
        side = int(layer.output.shape[1])
        if last and side > min(last):
            break
        last[side] = layer.output
    found = keras.Model(network.inputs, list(last.values())).predict(given, verbose=0)
    return {
        f"{side} x {side}": _from_0_to_1(maps[0].mean(axis=-1)) for side, maps in zip(last, found, strict=True)
    }


def _from_0_to_1(values: np.ndarray) -> np.ndarray:
    return (values - values.min()) / max(float(np.ptp(values)), 1e-9)
