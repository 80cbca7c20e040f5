"""Figures for the notebooks: arrays in, a figure shown, nothing computed. What lessons draw is in `lesson`.

Every figure has an `alt`, the text for those who do not see it. Lines differ in style as well as in colour.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator, NullFormatter, StrMethodFormatter

from vidcolor_utils.course.lesson.shown import Picture, show

WIDTH = 10.0  # inches; at 100 dots an inch the width of a notebook's text
LINES_HEIGHT = 3.6
MARGIN = 0.3  # inches above a picture with a title
DPI = 100
BESIDE: Final = "outside right upper"  # where a legend hides no line
LARGEST = 2  # times its own size: pictures of few pixels say no more when they fill the page
FULL = 8  # largest over smallest value of a logarithmic axis up to which every tick has its number
CROWDED = 60  # ... and from which only powers of ten have
PLAIN: Final = "{x:,.10g}"  # a number without powers of ten
JPEG_QUALITY = 88
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P")


def show_image(rgb: np.ndarray, title: str | None = None, *, alt: str) -> None:
    """Show a picture without axes, over the full width, or at `LARGEST` times its size where that is less.

    Args:
        rgb: (H, W, 3) uint8, or float in [0, 1].
        title: line above it.
        alt: what is to be seen.
    """
    width = min(WIDTH, LARGEST * rgb.shape[1] / DPI)
    height = width * rgb.shape[0] / rgb.shape[1]
    figure = plt.figure(figsize=(width, height + (MARGIN if title else 0)), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, height / figure.get_figheight()))
    axes.imshow(rgb, interpolation="antialiased")
    axes.axis("off")
    if title:
        axes.set_title(title, fontsize=11)
    show_figure(alt, "jpeg")


def plot_lines(
    series: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    x_label: str,
    y_label: str,
    alt: str,
    title: str | None = None,
    log: bool = False,
    log_x: bool = False,
) -> None:
    """Plot one line per name over common axes.

    Args:
        series: name to values.
        x: where the values are; 0, 1, 2 ... if None.
        x_label: quantity and unit.
        y_label: quantity and unit.
        alt: what is to be seen.
        title: line above the plot.
        log: logarithmic vertical axis.
        log_x: logarithmic horizontal axis.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, LINES_HEIGHT), dpi=DPI, layout="constrained")
    for (name, values), style in zip(series.items(), cycle(STYLES), strict=False):
        axes.plot(range(len(values)) if x is None else x, values, label=name, linestyle=style)
    axes.set(xlabel=x_label, ylabel=y_label, title=title or "", yscale="log" if log else "linear")
    _plain_numbers(axes.yaxis, log)
    if log_x:
        axes.set_xscale("log")
        _plain_numbers(axes.xaxis, log_x)
    elif x is None or all(float(place).is_integer() for place in x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no frame or epoch 1.5
    axes.grid(alpha=0.3)
    if len(series) > 1:
        figure.legend(loc=BESIDE)
    show_figure(alt)


def running_mean(values: Sequence[float], window: int = 10) -> np.ndarray:
    """Average each `window` values that follow each other, or all of N where they are fewer: (N - window + 1,)."""
    window = min(window, len(values))
    return np.convolve(values, np.ones(window) / window, "valid")


def plot_spread(
    series: Mapping[str, Sequence[Sequence[float]]],
    *,
    x_label: str,
    y_label: str,
    alt: str,
    first: int = 1,
    log: bool = False,
) -> None:
    """Plot for each name the mean of several runs, and the range from the lowest to the highest of them.

    Args:
        series: name to runs, each of the same number of values.
        x_label: quantity and unit.
        y_label: quantity and unit.
        alt: what is to be seen.
        first: where the first value is; the others follow by steps of 1.
        log: logarithmic vertical axis.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, LINES_HEIGHT), dpi=DPI, layout="constrained")
    for (name, runs), style in zip(series.items(), cycle(STYLES), strict=False):
        x = range(first, first + len(runs[0]))
        (line,) = axes.plot(x, np.mean(runs, axis=0), label=name, linestyle=style)
        axes.fill_between(x, np.min(runs, axis=0), np.max(runs, axis=0), color=line.get_color(), alpha=0.2)
    axes.set(xlabel=x_label, ylabel=y_label, yscale="log" if log else "linear")
    _plain_numbers(axes.yaxis, log)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    figure.legend(loc=BESIDE)
    show_figure(alt)


def plot_dots(groups: Mapping[str, Sequence[float]], *, x_label: str, alt: str, mark: float | None = None) -> None:
    """Plot single values on a line for each name, so that every one of them is seen.

    Args:
        groups: name to values.
        x_label: quantity and unit.
        alt: what is to be seen.
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
    show_figure(alt)


def show_maps(maps: Mapping[str, np.ndarray], *, unit: str, alt: str, title: str | None = None) -> None:
    """Show arrays as false colours, side by side, on one scale.

    Args:
        maps: name to (H, W) numbers, or to a picture (H, W, 3), which is shown as it is, off the scale.
        unit: label of the colour bar.
        alt: what is to be seen.
        title: line above all.
    """
    draw_maps(maps, unit, title)
    show_figure(alt, "jpeg")


def draw_maps(maps: Mapping[str, np.ndarray], unit: str, title: str | None) -> list[Axes]:
    """The axes of the maps, without ticks."""
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
    return list(row[0])


def plot_bars(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    y_label: str,
    alt: str,
    x_label: str = "",
    mark: float | None = None,
    mark_name: str = "",
    log: bool = False,
) -> None:
    """Plot for each place on the horizontal axis the mean of several runs, and bars from lowest to highest.

    Args:
        groups: name of a kind of mark to place (a text or a number) to values, one a run.
        y_label: quantity and unit.
        alt: what is to be seen.
        x_label: quantity and unit.
        mark: where to draw a horizontal line.
        mark_name: what that line is.
        log: logarithmic vertical axis.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, LINES_HEIGHT), dpi=DPI, layout="constrained")
    for number, (name, places) in enumerate(groups.items()):
        means = [float(np.mean(values)) for values in places.values()]
        ranges = [
            [mean - min(values) for mean, values in zip(means, places.values(), strict=True)],
            [max(values) - mean for mean, values in zip(means, places.values(), strict=True)],
        ]
        x = np.arange(len(places)) + 0.08 * (number - (len(groups) - 1) / 2)
        style: dict[str, Any] = {
            "fmt": MARKS[number % len(MARKS)],
            "linestyle": "none",  # a line between places would say that they have an order
            "capsize": 4,
        }
        axes.errorbar(x, means, yerr=np.abs(ranges), label=name, **style)
    names = list(next(iter(groups.values())))
    axes.set_xticks(range(len(names)), [str(name) for name in names])
    axes.set(xlabel=x_label, ylabel=y_label, yscale="log" if log else "linear")
    if mark is not None:
        axes.axhline(mark, color="gray", linewidth=1, label=mark_name or None)
    axes.grid(alpha=0.3)
    if len(groups) > 1 or mark_name:
        figure.legend(loc=BESIDE)
    show_figure(alt)


def plot_points(
    points: Mapping[str, tuple[float, float]],
    *,
    x_label: str,
    y_label: str,
    alt: str,
    log: bool = False,
    below: Collection[str] | None = None,
) -> None:
    """Plot one named point each: two quantities against each other.

    Args:
        points: name to x and y.
        x_label: quantity and unit.
        y_label: quantity and unit.
        alt: what is to be seen.
        log: logarithmic horizontal axis.
        below: the names are written at the points, these below and all others above; `None`: in a legend.
    """
    _, axes = plt.subplots(figsize=(WIDTH, 1.4 * LINES_HEIGHT), dpi=DPI, layout="constrained")
    for number, (name, (x, y)) in enumerate(points.items()):
        axes.plot(x, y, MARKS[number % len(MARKS)], label=name)
    if below is not None:
        for name in points:
            up = -1 if name in below else 1
            axes.annotate(
                name,
                points[name],
                xytext=(4, 8 * up),
                textcoords="offset points",
                rotation=35 * up,
                va="bottom" if up > 0 else "top",
                fontsize=9,
            )
        axes.margins(x=0.1, y=0.25)
    axes.set(xlabel=x_label, ylabel=y_label, xscale="log" if log else "linear")
    _plain_numbers(axes.xaxis, log)
    axes.grid(alpha=0.3)
    if below is None:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    show_figure(alt)


def _plain_numbers(axis: Axis, log: bool) -> None:
    """Write 6,000 on a logarithmic axis, not 6 x 10^3, and no more numbers than have room."""
    if log:
        low, high = axis.get_view_interval()
        axis.set_major_formatter(StrMethodFormatter(PLAIN))
        axis.set_minor_formatter(_between_decades(high / low))


def _between_decades(span: float) -> Formatter:
    """The numbers between powers of ten: all on a short axis, 2, 3 and 5 on a longer one, none on a long one."""
    if span < FULL:
        return StrMethodFormatter(PLAIN)
    if span < CROWDED:
        return FuncFormatter(lambda x, _: PLAIN.format(x=x) if f"{x:e}"[0] in "235" else "")
    return NullFormatter()


def show_figure(alt: str, kind: str = "png") -> None:
    """Show the figure as a file with its `alt`: photographs as JPEG, since as PNG they take megabytes."""
    file, options = BytesIO(), {"quality": JPEG_QUALITY} if kind == "jpeg" else None
    plt.gcf().savefig(file, format=kind, pil_kwargs=options)
    show(Picture(file.getvalue(), kind, alt))
    if _in_notebook():
        plt.close()  # or it would be shown again, without its text


def _in_notebook() -> bool:
    return "inline" in plt.get_backend()
