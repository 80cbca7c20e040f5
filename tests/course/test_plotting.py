from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vidcolor_utils.course import plotting


@pytest.fixture(autouse=True)
def _close_figures():
    plt.close("all")
    yield
    plt.close("all")


def test_show_image_fills_the_width_and_keeps_the_shape():
    plotting.show_image(np.full((150, 600, 3), 128, np.uint8), "a title", alt="gray")
    axes = plt.gcf().axes[0]
    box = axes.get_position()
    width, height = box.width * plt.gcf().get_figwidth(), box.height * plt.gcf().get_figheight()
    assert width == pytest.approx(plotting.WIDTH)
    assert height == pytest.approx(width / 4)
    assert axes.get_title() == "a title"
    assert not axes.axison


def test_show_image_does_not_blow_up_a_small_picture():
    plotting.show_image(np.full((300, 260, 3), 128, np.uint8), alt="gray")
    figure = plt.gcf()
    assert tuple(figure.get_size_inches() * figure.dpi) == pytest.approx((520, 600))


def test_plot_lines_draws_each_series_where_it_belongs():
    plotting.plot_lines(
        {"one": [1, 2], "two": [3, 4]}, x=[10, 20], x_label="t, s", y_label="loss", log=True, alt="two lines"
    )
    axes = plt.gcf().axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [3, 4]]
    assert [list(line.get_xdata()) for line in axes.lines] == [[10, 20]] * 2
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("t, s", "loss", "log")
    assert axes.yaxis.get_major_formatter()(6000, 0) == "6,000"
    (legend,) = plt.gcf().legends  # beside the plot, where it hides nothing
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]


def test_plot_lines_counts_from_0_and_needs_no_legend_for_one_series():
    plotting.plot_lines({"one": [5, 6, 7]}, x_label="x", y_label="y", alt="a line")
    axes = plt.gcf().axes[0]
    assert list(axes.lines[0].get_xdata()) == [0, 1, 2]
    assert plt.gcf().legends == []


def test_plot_spread_shows_the_mean_and_the_range_of_runs():
    plotting.plot_spread({"a": [[1, 4], [3, 8]]}, x_label="epoch", y_label="loss", alt="a band")
    axes = plt.gcf().axes[0]
    assert list(axes.lines[0].get_xdata()) == [1, 2]
    assert list(axes.lines[0].get_ydata()) == [2, 6]
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 8)


def test_plot_dots_shows_every_value_in_its_row():
    plotting.plot_dots({"a": [1, 2], "b": [5]}, x_label="dB", mark=0, alt="dots")
    axes = plt.gcf().axes[0]
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2], [5], [0, 0]]
    assert [set(line.get_ydata()) for line in axes.lines[:2]] == [{0}, {1}]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row is on top


def test_show_maps_uses_one_scale_for_all():
    plotting.show_maps(
        {"low": np.full((4, 4), 1.0), "high": np.array([[np.nan, 9.0]])}, unit="pixels", alt="two maps"
    )
    images = [axes.images[0] for axes in plt.gcf().axes if axes.images]
    assert [image.get_clim() for image in images] == [(1.0, 9.0)] * 2
    assert plt.gcf().axes[-1].get_ylabel() == "pixels"


def test_the_lines_of_a_plot_differ_in_style():
    plotting.plot_lines({name: [1, 2] for name in "abcd"}, x_label="x", y_label="y", alt="four lines")
    assert len({line.get_linestyle() for line in plt.gcf().axes[0].lines}) == 4


def test_plot_bars_reach_from_the_lowest_to_the_highest_run():
    plotting.plot_bars({"a": {"0.2": [1, 3], "0.8": [4, 4]}}, y_label="error", alt="bars", mark=2)
    axes = plt.gcf().axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0.2", "0.8"]
    assert list(axes.lines[0].get_ydata()) == [2, 4]
    (ends,) = (bar.get_segments() for bar in axes.collections)
    assert [sorted(end[:, 1]) for end in ends] == [[1, 3], [4, 4]]


def test_plot_bars_joins_nothing_and_names_its_line():
    plotting.plot_bars({"a": {"x": [1], "y": [4]}}, y_label="error", alt="bars", mark=2, mark_name="true clips")
    assert plt.gcf().axes[0].lines[0].get_linestyle() == "None"
    assert "true clips" in [text.get_text() for text in plt.gcf().legends[0].get_texts()]


def test_plot_points_may_write_the_names_beside_the_points():
    plotting.plot_points({"a": (1, 2), "b": (3, 4)}, x_label="x", y_label="y", alt="points", below=["b"])
    axes = plt.gcf().axes[0]
    assert axes.get_legend() is None
    assert {text.get_text(): text.xy for text in axes.texts} == {"a": (1, 2), "b": (3, 4)}
    assert {text.get_text(): text.get_va() for text in axes.texts} == {"a": "bottom", "b": "top"}


def test_plot_points_names_each_point():
    plotting.plot_points({"a": (1, 2), "b": (3, 4)}, x_label="x", y_label="y", alt="points")
    axes = plt.gcf().axes[0]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in axes.lines] == [(1, 2), (3, 4)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_a_figure_without_alt_is_refused():
    with pytest.raises(ValueError, match="must say what is on the picture"):
        plotting.plot_lines({"one": [1]}, x_label="x", y_label="y", alt=" ")


@pytest.mark.parametrize(("last", "written"), [(3, "23456789"), (30, "235"), (100_000, "")])
def test_the_longer_an_axis_the_fewer_numbers_it_writes(last, written):
    plotting.plot_lines({"one": [1, 2]}, x=[1, last], x_label="n", y_label="loss", log_x=True, alt="a line")
    axes = plt.gcf().axes[0]
    assert "".join(axes.xaxis.get_minor_formatter()(number) for number in range(2, 10)) == written
    assert axes.xaxis.get_major_formatter()(1_000_000) == "1,000,000"


@pytest.mark.parametrize("span", [1.5, 3, 6, 8, 12, 45, 70, 10_000])
@pytest.mark.parametrize("first", [0.4, 200, 9000])
def test_numbers_on_a_logarithmic_axis_do_not_print_over_each_other(first, span):
    ends = [first, first * span]
    plotting.plot_lines({"one": ends}, x=ends, x_label="n", y_label="loss", log=True, log_x=True, alt="a line")
    plt.gcf().canvas.draw()
    axes = plt.gcf().axes[0]
    for number, axis in enumerate((axes.xaxis, axes.yaxis)):
        low, high = axis.get_view_interval()
        texts = [text for text in axis.get_ticklabels(which="both") if low <= text.get_position()[number] <= high]
        boxes = [text.get_window_extent() for text in texts if text.get_text()]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_running_mean_of_few_values_is_their_mean():
    assert plotting.running_mean(range(12)) == pytest.approx([4.5, 5.5, 6.5])
    assert plotting.running_mean([1.0, 2, 6]) == pytest.approx([3])
