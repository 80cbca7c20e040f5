"""Figures for the notebooks: arrays in, a figure shown, nothing computed. Matplotlib is used only here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from vidcolor_utils.ab_bins import BIN_WIDTH, ab_bins
from vidcolor_utils.color import rgb_from_lab

WIDTH = 10.0  # inches; at 100 dots an inch the width of a notebook's text
LINES_HEIGHT = 3.6
MARGIN = 0.3  # inches above a picture with a title
DPI = 100
JPEG_QUALITY = 88
BIN_LIGHTNESS = 65  # L at which the colours of bins are shown


def show_image(rgb: np.ndarray, title: str | None = None) -> None:
    """Show a picture over the full width, without axes.

    Args:
        rgb: (H, W, 3) uint8, or float in [0, 1].
        title: line above it.
    """
    height = WIDTH * rgb.shape[0] / rgb.shape[1]
    figure = plt.figure(figsize=(WIDTH, height + (MARGIN if title else 0)), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, height / figure.get_figheight()))
    axes.imshow(rgb, interpolation="antialiased")
    axes.axis("off")
    if title:
        axes.set_title(title, fontsize=11)
    with _photographs():
        plt.show()


def plot_lines(
    series: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    x_label: str,
    y_label: str,
    title: str | None = None,
    log: bool = False,
) -> None:
    """Plot one line per name over common axes.

    Args:
        series: name to values.
        x: where the values are; 0, 1, 2 ... if None.
        x_label: quantity and unit.
        y_label: quantity and unit.
        title: line above the plot.
        log: logarithmic vertical axis.
    """
    _, axes = plt.subplots(figsize=(WIDTH, LINES_HEIGHT), dpi=DPI, layout="constrained")
    for name, values in series.items():
        axes.plot(range(len(values)) if x is None else x, values, label=name)
    axes.set(xlabel=x_label, ylabel=y_label, title=title or "", yscale="log" if log else "linear")
    if x is None or all(float(place).is_integer() for place in x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no frame or epoch 1.5
    axes.grid(alpha=0.3)
    if len(series) > 1:
        axes.legend()
    plt.show()


def plot_spread(
    series: Mapping[str, Sequence[Sequence[float]]],
    *,
    x_label: str,
    y_label: str,
    first: int = 1,
    log: bool = False,
) -> None:
    """Plot for each name the mean of several runs, and the range from the lowest to the highest of them.

    Args:
        series: name to runs, each of the same number of values.
        x_label: quantity and unit.
        y_label: quantity and unit.
        first: where the first value is; the others follow by steps of 1.
        log: logarithmic vertical axis.
    """
    _, axes = plt.subplots(figsize=(WIDTH, LINES_HEIGHT), dpi=DPI, layout="constrained")
    for name, runs in series.items():
        x = range(first, first + len(runs[0]))
        (line,) = axes.plot(x, np.mean(runs, axis=0), label=name)
        axes.fill_between(x, np.min(runs, axis=0), np.max(runs, axis=0), color=line.get_color(), alpha=0.2)
    axes.set(xlabel=x_label, ylabel=y_label, yscale="log" if log else "linear")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    plt.show()


def plot_dots(groups: Mapping[str, Sequence[float]], *, x_label: str, mark: float | None = None) -> None:
    """Plot single values on a line for each name, so that every one of them is seen.

    Args:
        groups: name to values.
        x_label: quantity and unit.
        mark: where to draw a vertical line.
    """
    _, axes = plt.subplots(figsize=(WIDTH, 0.8 + 0.3 * len(groups)), dpi=DPI, layout="constrained")
    for row, values in enumerate(groups.values()):
        axes.plot(values, [row] * len(values), "o", alpha=0.6)
    axes.set_yticks(range(len(groups)), groups)
    axes.set(xlabel=x_label, ylim=(len(groups) - 0.5, -0.5))
    axes.grid(alpha=0.3, axis="x")
    if mark is not None:
        axes.axvline(mark, color="gray", linewidth=1)
    plt.show()


def show_maps(maps: Mapping[str, np.ndarray], *, unit: str, title: str | None = None) -> None:
    """Show arrays as false colours, side by side, on one scale.

    Args:
        maps: name to (H, W) numbers, or to a picture (H, W, 3), which is shown as it is, off the scale.
        unit: label of the colour bar.
        title: line above all.
    """
    numbers = [values for values in maps.values() if values.ndim == 2]
    low, high = (float(pick([pick(values) for values in numbers])) for pick in (np.nanmin, np.nanmax))
    aspect = max(values.shape[0] / values.shape[1] for values in maps.values())
    height = WIDTH / (len(maps) + 0.3) * aspect + 2 * MARGIN
    figure, row = plt.subplots(1, len(maps), figsize=(WIDTH, height), dpi=DPI, layout="constrained", squeeze=False)
    for axes, (name, values) in zip(row[0], maps.items(), strict=True):
        shown = axes.imshow(values, vmin=low, vmax=high, cmap="viridis")
        axes.set_title(name, fontsize=10)
        axes.axis("off")
    figure.colorbar(shown, ax=row[0], label=unit, shrink=0.9)
    if title:
        figure.suptitle(title, fontsize=11)
    with _photographs():
        plt.show()


def show_bins(values: Mapping[str, np.ndarray], *, unit: str, title: str | None = None) -> None:
    """Show a number for each ab bin where the bin lies in the ab plane, a upwards, b to the right.

    Args:
        values: name to (Q,) numbers, in the order of `ab_bins.ab_bins`.
        unit: label of the colour bar.
        title: line above all.
    """
    cells = (ab_bins() / BIN_WIDTH).astype(int)
    lowest, highest = cells.min(axis=0), cells.max(axis=0)
    maps = {"colours, at L = 65": _bin_colors(cells - lowest, highest - lowest + 1)}
    for name, numbers in values.items():
        maps[name] = np.full(highest - lowest + 1, np.nan)
        maps[name][tuple((cells - lowest).T)] = numbers
    show_maps({name: plane[::-1] for name, plane in maps.items()}, unit=unit, title=title)


def _bin_colors(cells: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Picture (A, B, 3) of the bins' own colours, white where there is no bin."""
    lab = np.insert(ab_bins(), 0, BIN_LIGHTNESS, axis=-1)
    picture = np.ones((*shape, 3), np.float32)
    picture[tuple(cells.T)] = rgb_from_lab(lab[None])[0]
    return picture


@contextmanager
def _photographs() -> Iterator[None]:
    """Store figures as JPEG inside the block, if this is a notebook: photographs as PNG take megabytes."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        yield
        return
    if get_ipython() is None:
        yield
        return
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": JPEG_QUALITY})
    try:
        yield
    finally:
        set_matplotlib_formats("png")
