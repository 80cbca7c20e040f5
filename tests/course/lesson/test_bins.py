"""Numbers of bins lie where the bins do."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vidcolor_utils.course.lesson.bins import show_bins
from vidcolor_utils.pictures.ab_bins import ab_bins


@pytest.fixture(autouse=True)
def no_figures():
    plt.close("all")


def test_show_bins_puts_numbers_where_the_bins_are():
    bins = ab_bins()
    show_bins({"a": bins[:, 0]}, unit="a", alt="bins")
    colors, numbers = (axes.images[0].get_array() for axes in plt.gcf().axes if axes.images)
    assert colors.shape == (*numbers.shape, 3)
    assert np.ma.masked_invalid(numbers).count() == len(bins)
    assert float(numbers[0].max()) == bins[:, 0].max()  # a grows upwards


def test_the_plane_of_bins_has_axes_and_a_ring_at_gray():
    show_bins({"a": ab_bins()[:, 0]}, unit="a", alt="bins")
    for axes in plt.gcf().axes[:2]:
        for axis, ring in ((axes.xaxis, axes.lines[0].get_xdata()), (axes.yaxis, axes.lines[0].get_ydata())):
            written = {
                text.get_text(): place
                for place, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            }
            assert written["0"] == ring[0] and {"-50", "50"} <= set(written)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("b: blue to yellow", "a: green to red")
    row, column = (int(line[0]) for line in (axes.lines[0].get_ydata(), axes.lines[0].get_xdata()))
    assert axes.images[0].get_array()[row, column] == 0  # the number of each bin is its a


def test_colors_of_bins_are_their_own():
    show_bins({"a": ab_bins()[:, 0]}, unit="a", alt="bins")
    picture = plt.gcf().axes[0].images[0].get_array()
    reddest, greenest = picture[0], picture[-1]
    inside = lambda row: row[(row < 1).any(axis=-1)]  # noqa: E731  white is where there is no bin
    assert (inside(reddest)[:, 0] > inside(reddest)[:, 1]).all()
    assert (inside(greenest)[:, 1] > inside(greenest)[:, 0]).all()
