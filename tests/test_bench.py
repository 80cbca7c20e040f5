"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

import io
import time

from rich.console import Console

from vidcolor_utils.bench import ZHANG, bench_film, bench_start, bench_table, copy_film, fastest, write_film
from vidcolor_utils.video_io import video_info


def test_fastest_takes_turns_and_keeps_the_best():
    calls, naps = [], {"a": iter([0, 0.05, 0.01, 0.03]), "b": iter([0, 0.02, 0.04, 0.06])}

    def run(name):
        calls.append(name)
        time.sleep(next(naps[name]))

    best = fastest({name: lambda name=name: run(name) for name in naps}, rounds=3)
    assert calls == list("abababab")
    assert 0.01 <= best["a"] < 0.03 and 0.02 <= best["b"] < 0.04


def test_start_is_measured_in_a_process_of_its_own():
    start = bench_start("frame.onnx")
    assert 0 < start["start_s"] < 60 and 20 < start["peak_mb"] < 5000


def test_the_film_has_sound_and_the_copy_keeps_it(tmp_path):
    write_film(tmp_path / "film.mp4", (64, 96), 10)
    copy_film(tmp_path / "film.mp4", tmp_path / "copy.mp4")
    for name in ("film.mp4", "copy.mp4"):
        info = video_info(tmp_path / name)
        assert (info.height, info.width, info.frames, info.sound) == (64, 96, 10, ("aac",))


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
        "film": {"colorize_fps": 30.0, "copy_fps": 60.0, "ratio": 0.5},
    }
    console = Console(width=100, file=io.StringIO())
    console.print(bench_table(record))
    text = console.file.getvalue()
    assert all(part in text for part in ("abacus", "40.0", "32.0", "0.4", "180", "1.2", "0.50 of decoding"))
