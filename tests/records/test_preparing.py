"""Benchmarks of the course on tiny inputs; what they measure is left to `make bench`."""

import numpy as np
import pytest

from records.films import write_walk
from records.speed.preparing import bench_preparation, bench_training, prepare_as_published
from tests.helpers.eager import without_graphs


def test_preparation_is_compared_in_speed_and_bytes():
    row = bench_preparation((90, 160), 6)
    assert row["times_report"] == pytest.approx(row["fps"] / row["report_fps"])
    assert row["report_bytes_per_frame"] == pytest.approx(3 * 256 * 256 * 3, rel=0.01)
    assert row["share_of_report_bytes"] == pytest.approx(1 / 6, rel=0.02)  # 2/3 of the frames, 1/4 of each


def test_the_published_way_leaves_previous_current_and_true_frames(tmp_path):
    write_walk(tmp_path / "film.mp4", (90, 160), 5)
    prepare_as_published(tmp_path / "film.mp4", tmp_path / "report")
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["example.npy"]
    previous, current, true = np.load(tmp_path / "report" / "example.npy")
    assert true.shape == (5, 256, 256, 3) and true.dtype == np.uint8
    np.testing.assert_array_equal(previous[1:], current[:-1])
    np.testing.assert_array_equal(previous[0], current[0])
    assert true[2, 128].any() and not true[2, :40].any()  # a picture between black bars
    gray, blue = current[2, 128, :, 0].astype(int), current[2, 128, :, 2].astype(int)
    assert np.abs(blue - gray // 2).mean() < 25


@without_graphs()
def test_training_is_compared_with_arrays_in_memory():
    row = bench_training(width=1 / 64, rounds=1)
    assert row["batch"] == 8 and 0 < row["computing"] <= 1
