"""Timings, as ratios inside one run: machines differ and are noisy, ratios travel."""

from __future__ import annotations

from typing import Literal, TypedDict

from rich.table import Table

from records.speed.colorizing import (
    FILMS,
    ZHANG,
    FilmSpeed,
    MemoryUse,
    NetworkSpeed,
    bench_film,
    bench_memory,
    bench_networks,
    bench_start,
)
from records.speed.preparing import PreparationSpeed, bench_preparation, bench_training
from records.speed.runtimes import RUNTIMES
from records.speed.timing import TrainingSpeed
from vidcolor_utils.system.machine import machine


class BenchRecord(TypedDict):
    """What `run_bench` found."""

    machine: str
    cores: int
    networks: dict[str, NetworkSpeed]
    memory: MemoryUse
    films: dict[str, FilmSpeed]
    preparation: PreparationSpeed
    training: TrainingSpeed


def run_bench() -> BenchRecord:
    """Measure what makes colorizing fast or slow on this machine."""
    # First what is measured in new processes: on Linux their peak memory counts that of the one that starts them.
    starts = {name: bench_start(name) for name in RUNTIMES}
    memory = bench_memory()
    films = {name: bench_film(size) for name, size in FILMS.items()}
    networks = bench_networks()
    for name, start in starts.items():
        networks[name].update({"start_s": start["start_s"], "peak_mb": start["peak_mb"]})
    for film in films.values():
        film["times_zhang"] = film["colorize_fps"] / networks[ZHANG]["fps"]
    return {
        "machine": str(machine()),
        "cores": machine().cores,
        "networks": networks,
        "memory": memory,
        "films": films,
        "preparation": bench_preparation(),
        "training": bench_training(),
    }


def bench_table(record: BenchRecord) -> Table:
    """Lay the record of `run_bench` out for the terminal."""
    memory = record["memory"]
    lines = [
        f"{name} film with sound: {film['colorize_fps']:.1f} frames per second, {film['times_zhang']:.1f} times "
        f"Zhang's network alone, {film['ratio']:.2f} of decoding and encoding alone ({film['copy_fps']:.1f})"
        for name, film in record["films"].items()
    ]
    lines.append(
        f"memory: {memory['peak_mb']:.0f} MB for {memory['frames']} frames of {memory['height']} lines, "
        f"{memory['ratio']:.2f} times that for {memory['long_frames']}"
    )
    table = Table(title=record["machine"], caption="\n".join(lines), caption_justify="left")
    table.add_column("network")
    for title in ("frames per second", "times Zhang's", "start, s", "memory, MB"):
        table.add_column(title, justify="right")
    digits: dict[Literal["fps", "times_zhang", "start_s", "peak_mb"], str]
    digits = {"fps": ".1f", "times_zhang": ".1f", "start_s": ".1f", "peak_mb": ".0f"}
    for name, row in record["networks"].items():
        table.add_row(name, *(format(row[key], form) if key in row else "-" for key, form in digits.items()))
    return table
