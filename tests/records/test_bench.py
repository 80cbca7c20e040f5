"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

import io
import json

from rich.console import Console

from records.speed import bench
from records.speed.bench import BenchRecord, bench_table, run_bench
from records.speed.colorizing import FILMS
from records.speed.networks import ZHANG
from records.speed.runtimes import RUNTIMES
from tests.helpers.command import REPOSITORY
from tests.helpers.shapes import faults


def test_table_has_a_row_for_each_network():
    record = {
        "machine": "abacus",
        "networks": {
            "ONNX Runtime": {"fps": 40.0, "times_zhang": 32.0, "start_s": 0.4, "peak_mb": 180.2},
            ZHANG: {"fps": 1.25, "times_zhang": 1.0},
        },
        "memory": {
            "720p": {
                "frames": 10,
                "peak_mb": 400.0,
                "long_frames": 90,
                "long_peak_mb": 408,
                "ratio": 1.02,
            }
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


def test_all_is_measured_and_recorded(monkeypatch):
    recorded = json.loads((REPOSITORY / "data" / "results" / "bench.json").read_text())
    networks = {name: {"fps": 2.0, "times_zhang": 1.0} for name in (*RUNTIMES, ZHANG)}
    parts = {name: recorded[name] for name in ("command", "options", "folder", "preparation", "training")}
    for name, found in parts.items():
        monkeypatch.setattr(bench, f"bench_{name}", lambda found=found: found)
    monkeypatch.setattr(bench, "bench_networks", lambda: networks)
    monkeypatch.setattr(bench, "bench_start", lambda runtime: {"start_s": 1.0, "peak_mb": 200.0})
    monkeypatch.setattr(
        bench, "bench_film", lambda size, effort: {"colorize_fps": 5.0, "copy_fps": effort.frames, "ratio": 0.5}
    )
    monkeypatch.setattr(bench, "bench_memory", lambda size, longer, scenery: recorded["memory"]["720p"])
    record = run_bench()
    assert faults(record, BenchRecord) == [] and {name: record[name] for name in parts} == parts
    assert list(record["films"]) == list(FILMS) and record["films"]["2160p"]["copy_fps"] == 150
    assert record["memory"] == dict.fromkeys(["720p", "2160p"], recorded["memory"]["720p"])
    assert record["films"]["480p"]["times_zhang"] == 2.5 and record["networks"]["Keras"]["peak_mb"] == 200
