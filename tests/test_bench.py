"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

import io

import numpy as np
import pytest
from rich.console import Console

from vidcolor_utils import bench
from vidcolor_utils.bench import (
    ZHANG,
    bench_film,
    bench_memory,
    bench_start,
    bench_table,
    copy_film,
    fastest,
    write_film,
)
from vidcolor_utils.runtimes import RUNTIMES
from vidcolor_utils.video_io import video_info


def test_fastest_takes_turns_and_keeps_the_best(monkeypatch):
    calls, seconds = [], {"a": iter([0, 5, 1, 3]), "b": iter([0, 2, 4, 6])}
    now = 100
    monkeypatch.setattr(bench.time, "perf_counter", lambda: now)

    def run(name):
        nonlocal now
        calls.append(name)
        now += next(seconds[name])

    best = fastest({name: lambda name=name: run(name) for name in seconds}, rounds=3)
    assert calls == list("abababab")
    assert best == {"a": 1, "b": 2}


def test_start_is_measured_in_a_process_of_its_own():
    start = bench_start("ONNX Runtime")
    assert start["start_s"] > 0 and 20 < start["peak_mb"] < 5000


def test_all_runtimes_paint_the_same_colours():
    pytest.importorskip("openvino", reason="`make bench` installs it")
    (luma,) = np.random.default_rng(0).random((1, 64, 96), np.float32)
    found = [load().predict_ab([luma]) for load in RUNTIMES.values()]
    assert len(found) == 3
    for each in found[1:]:
        np.testing.assert_allclose(each, found[0], atol=0.01)


def test_memory_is_that_of_processes_of_their_own():
    memory = bench_memory((64, 96), 3, 2)
    assert (memory["height"], memory["frames"], memory["long_frames"]) == (64, 3, 6)
    assert memory["ratio"] == memory["long_peak_mb"] / memory["peak_mb"] and 20 < memory["peak_mb"] < 5000


def test_the_film_has_sound_and_the_copy_keeps_it(tmp_path):
    write_film(tmp_path / "film.mp4", (64, 96), 60)
    copy_film(tmp_path / "film.mp4", tmp_path / "copy.mp4")
    for name in ("film.mp4", "copy.mp4"):
        info = video_info(tmp_path / name)
        assert (info.height, info.width, info.frames, info.sound) == (64, 96, 60, ("aac",))


def test_bench_film_compares_two_rates():
    film = bench_film((64, 96), 5)
    assert film["ratio"] == film["colorize_fps"] / film["copy_fps"] > 0


def test_table_has_a_row_for_each_network():
    record = {
        "machine": "abacus",
        "networks": {
            "ONNX Runtime": {"fps": 40.0, "times_zhang": 32.0, "start_s": 0.4, "peak_mb": 180.2},
            ZHANG: {"fps": 1.25, "times_zhang": 1.0},
        },
        "memory": {
            "height": 720,
            "frames": 10,
            "peak_mb": 400.0,
            "long_frames": 90,
            "long_peak_mb": 408,
            "ratio": 1.02,
        },
        "films": {"720p": {"colorize_fps": 30.0, "copy_fps": 60.0, "ratio": 0.5, "times_zhang": 24.0}},
    }
    console = Console(width=100, file=io.StringIO())
    console.print(bench_table(record))
    text = console.file.getvalue()
    assert all(
        part in text
        for part in ("abacus", "40.0", "32.0", "0.4", "180", "1.2", "0.50 of", "24.0 times", "400 MB", "1.02")
    )
