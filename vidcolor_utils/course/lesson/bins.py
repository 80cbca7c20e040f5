"""The plane of ab, bin by bin: the classes of Zhang et al. 2016 with their colours, and a number for each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vidcolor_utils.course.plotting import draw_maps, show_figure
from vidcolor_utils.pictures.ab_bins import BIN_WIDTH, ab_bins
from vidcolor_utils.pictures.color import rgb_from_lab

BIN_LIGHTNESS = 65  # L at which the colours of bins are shown


def show_bins(values: Mapping[str, np.ndarray], *, unit: str, alt: str, title: str | None = None) -> None:
    """Show a number for each ab bin where the bin lies in the ab plane, a upwards, b to the right, a ring at gray.

    Args:
        values: name to (Q,) numbers, in the order of `ab_bins.ab_bins`.
        unit: label of the colour bar.
        alt: what is to be seen.
        title: line above all.
    """
    cells = (ab_bins() / BIN_WIDTH).astype(int)
    lowest, highest = cells.min(axis=0), cells.max(axis=0)
    maps = {f"colours, at L = {BIN_LIGHTNESS}": _bin_colors(cells - lowest, highest - lowest + 1)}
    for name, numbers in values.items():
        maps[name] = np.full(highest - lowest + 1, np.nan)
        maps[name][tuple((cells - lowest).T)] = numbers
    a, b = (np.arange(low, high + 1) for low, high in zip(lowest, highest, strict=True))
    a = a[::-1]  # the first row of a picture is on top
    for axes in draw_maps({name: plane[::-1] for name, plane in maps.items()}, unit, title):
        axes.axis("on")
        for axis, numbered in ((axes.xaxis, b), (axes.yaxis, a)):
            fifties = np.flatnonzero(numbered * BIN_WIDTH % 50 == 0)
            axis.set_ticks(fifties, [str(numbered[place] * BIN_WIDTH) for place in fifties])
        axes.set(xlabel="b: blue to yellow", ylabel="a: green to red")
        gray = (np.flatnonzero(b == 0), np.flatnonzero(a == 0))
        axes.plot(*gray, "o", markersize=9, markerfacecolor="none", markeredgecolor="black")
        axes.plot(*gray, "o", markersize=7, markerfacecolor="none", markeredgecolor="white")
    show_figure(alt, "jpeg")


def _bin_colors(cells: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Picture (A, B, 3) of the bins' own colours, white where there is no bin."""
    lab = np.insert(ab_bins(), 0, BIN_LIGHTNESS, axis=-1)
    picture = np.ones((*shape, 3), np.float32)
    picture[tuple(cells.T)] = rgb_from_lab(lab[None])[0]
    return picture
