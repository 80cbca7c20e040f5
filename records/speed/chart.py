"""The chart of the README: frames a second of films of several sizes, as SVG; the same record makes the same."""

from __future__ import annotations

import io

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from records.speed.colorizing import FilmSpeed

INCHES = (4.6, 3.4)  # small, so that words can be read on a phone
BAR = 0.38  # thickness, of 1 for a film
ALONE, COLORIZED = "decoding and encoding alone", "colorized"
COLORS = {ALONE: "#a8a8a8", COLORIZED: "#0b62c4"}
# White behind it, for dark pages; letters as outlines, so that no font is needed; nothing that chance decides.
STYLE = {
    "figure.facecolor": "white",
    "font.size": 11,
    "svg.fonttype": "path",
    "svg.hashsalt": "speed",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.bottom": False,
}


def speed_chart(films: dict[str, FilmSpeed], cores: int) -> str:
    """Draw two bars for each film, with their numbers, as SVG.

    Args:
        films: of a record of `bench.run_bench`.
        cores: that they were measured on.
    """
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(INCHES, layout="constrained")
        axes = figure.add_subplot(title=f"frames a second, on {cores} cores")
        places = np.arange(len(films))
        rates = {
            ALONE: [film["copy_fps"] for film in films.values()],
            COLORIZED: [film["colorize_fps"] for film in films.values()],
        }
        for (label, fps), offset in zip(rates.items(), (-BAR / 2, BAR / 2), strict=True):
            bars = axes.barh(places + offset, fps, BAR, color=COLORS[label], label=label)
            axes.bar_label(bars, [short(rate) for rate in fps], padding=3)
        axes.set_yticks(places, list(films))
        axes.tick_params(axis="y", length=0)
        axes.set_xticks([])
        axes.margins(x=0.12)
        axes.invert_yaxis()
        axes.legend(frameon=False, loc="lower right")
        return _svg(figure)


def chart_words(films: dict[str, FilmSpeed], cores: int) -> str:
    """Say what the chart shows, for those who do not see it."""
    each = ", ".join(
        f"{name} {short(film['colorize_fps'])} of {short(film['copy_fps'])}" for name, film in films.items()
    )
    return f"frames a second on {cores} cores, colorized, of those that are only decoded and encoded: {each}"


def short(fps: float) -> str:
    """Write a rate with two digits or more."""
    return format(fps, ".0f" if fps >= 10 else ".1f")


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    lines = buffer.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"
