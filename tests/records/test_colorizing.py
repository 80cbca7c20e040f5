"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

from records.films import write_walk
from records.speed import colorizing
from records.speed.colorizing import bench_film, bench_memory, bench_start, copy_film
from vidcolor_utils.video.files import video_info


def test_start_is_measured_in_a_process_of_its_own():
    start = bench_start("ONNX Runtime")
    assert start["start_s"] > 0 and 20 < start["peak_mb"] < 5000


def test_memory_of_a_film_is_compared_with_that_of_a_longer_one(monkeypatch):
    lengths = []

    def run_apart(program, film, output):
        lengths.append(video_info(film).frames)
        return [100.0 * lengths[-1]]

    monkeypatch.setattr(colorizing, "_run_apart", run_apart)
    memory = bench_memory((64, 96), 3, 2)
    assert lengths == [3, 6]
    peaks = {"frames": 3, "peak_mb": 300.0, "long_frames": 6, "long_peak_mb": 600.0}
    assert memory == {"height": 64, **peaks, "ratio": 2.0}


def test_the_film_has_sound_and_the_copy_keeps_it(tmp_path):
    write_walk(tmp_path / "film.mp4", (64, 96), 60)
    copy_film(tmp_path / "film.mp4", tmp_path / "copy.mp4")
    for name in ("film.mp4", "copy.mp4"):
        info = video_info(tmp_path / name)
        assert (info.height, info.width, info.frames, info.sound) == (64, 96, 60, ("aac",))


def test_bench_film_compares_two_rates(monkeypatch):
    def fastest(runs):
        for run in runs.values():
            run()
        return {"colorize": 0.5, "copy": 0.125}

    monkeypatch.setattr(colorizing, "fastest", fastest)
    assert bench_film((64, 96), 5) == {"colorize_fps": 10.0, "copy_fps": 40.0, "ratio": 0.25}
