"""Processes of their own, for tiny films."""

import subprocess

from records.films import write_walk
from records.speed import apart
from records.speed.apart import bench_command, bench_memory, bench_start
from vidcolor_utils.video.files import video_info


def test_start_is_measured_in_a_process_of_its_own():
    start = bench_start("ONNX Runtime")
    assert start["start_s"] > 0 and 20 < start["peak_mb"] < 5000


def test_the_command_is_measured_to_its_first_frame_and_to_its_end():
    start = bench_command((64, 96), 3, 1)
    assert (start["height"], start["frames"]) == (64, 3)
    assert 0 < start["first_frame_s"] < start["film_s"]


def test_the_fastest_start_after_the_first_counts(monkeypatch):
    times = iter([(0.1, 0.2), (0.8, 1.9), (0.9, 1.4)])
    monkeypatch.setattr(apart, "_time_command", lambda film, output: next(times))
    start = bench_command((64, 96), 3, 2)
    assert (start["first_frame_s"], start["film_s"]) == (0.8, 1.4)


def test_memory_of_a_film_is_compared_with_that_of_a_longer_one(monkeypatch):
    lengths = []

    def run_apart(program, film, output):
        lengths.append(video_info(film).frames)
        return subprocess.CompletedProcess([], 0, f"{100.0 * lengths[-1]}\n", "")

    monkeypatch.setattr(apart, "run_apart", run_apart)
    memory = bench_memory((64, 96), 2, frames=3)
    assert lengths == [3, 6]
    peaks = {"frames": 3, "peak_mb": 300.0, "long_frames": 6, "long_peak_mb": 600.0}
    assert memory == {**peaks, "ratio": 2.0}


def test_the_peak_is_that_of_the_command(tmp_path):
    write_walk(tmp_path / "film.mp4", (64, 96), 3)
    said = apart.run_apart(apart.COLORIZE + apart.PEAK, tmp_path / "film.mp4", tmp_path / "out.mp4").stdout
    assert "3 frames in colour" in said and 100 < apart._numbers(said)[0] < 5000
