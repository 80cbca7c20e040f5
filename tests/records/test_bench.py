"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

import io

from rich.console import Console

from records.speed.bench import bench_table
from records.speed.networks import ZHANG


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
