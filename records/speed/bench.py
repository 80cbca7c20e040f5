"""Timings, as ratios inside one run: machines differ and are noisy, ratios travel."""

from __future__ import annotations

from typing import Literal, TypedDict

from rich.table import Table

from records.speed.apart import MEMORY_FILMS, CommandStart, MemoryUse, bench_command, bench_memory, bench_start
from records.speed.colorizing import (
    EFFORTS,
    FILMS,
    USUAL,
    FilmSpeed,
    OptionSpeed,
    bench_film,
    bench_options,
)
from records.speed.networks import ZHANG, NetworkSpeed, bench_networks
from records.speed.photographs import FolderSpeed, bench_folder
from records.speed.preparing import PreparationSpeed, bench_preparation, bench_training
from records.speed.runtimes import RUNTIMES
from records.speed.timing import TrainingSpeed
from vidcolor_utils.system.machine import machine


class BenchRecord(TypedDict):
    """What `run_bench` found."""

    machine: str
    cores: int
    networks: dict[str, NetworkSpeed]
    command: CommandStart
    memory: dict[str, MemoryUse]  # of the films `apart.MEMORY_FILMS`
    films: dict[str, FilmSpeed]
    options: dict[str, OptionSpeed]  # of the film `colorizing.STANDARD`
    folder: FolderSpeed
    preparation: PreparationSpeed
    training: TrainingSpeed


def run_bench() -> BenchRecord:
    """Measure what makes colorizing fast or slow on this machine."""
    starts = {name: bench_start(name) for name in RUNTIMES}
    command = bench_command()
    memory = {
        name: bench_memory(FILMS[name], longer, scenery=EFFORTS.get(name, USUAL).scenery)
        for name, longer in MEMORY_FILMS.items()
    }
    films = {name: bench_film(size, EFFORTS.get(name, USUAL)) for name, size in FILMS.items()}
    options, folder = bench_options(), bench_folder()
    networks = bench_networks()
    for name, start in starts.items():
        networks[name].update({"start_s": start["start_s"], "peak_mb": start["peak_mb"]})
    for film in films.values():
        film["times_zhang"] = film["colorize_fps"] / networks[ZHANG]["fps"]
    return {
        "machine": str(machine()),
        "cores": machine().cores,
        "networks": networks,
        "command": command,
        "memory": memory,
        "films": films,
        "options": options,
        "folder": folder,
        "preparation": bench_preparation(),
        "training": bench_training(),
    }


def bench_table(record: BenchRecord) -> Table:
    """Lay the record of `run_bench` out for the terminal."""
    lines = [
        f"{name} film with sound: {film['colorize_fps']:.1f} frames per second, {film['times_zhang']:.1f} times "
        f"Zhang's network alone, {film['ratio']:.2f} of decoding and encoding alone ({film['copy_fps']:.1f})"
        for name, film in record["films"].items()
    ]
    lines += [
        f"memory: {memory['peak_mb']:.0f} MB for {memory['frames']} frames of {name}, "
        f"{memory['ratio']:.2f} times that for {memory['long_frames']}"
        for name, memory in record["memory"].items()
    ]
    table = Table(title=record["machine"], caption="\n".join(lines), caption_justify="left")
    table.add_column("network")
    for title in ("frames per second", "times Zhang's", "start, s", "memory, MB"):
        table.add_column(title, justify="right")
    digits: dict[Literal["fps", "times_zhang", "start_s", "peak_mb"], str]
    digits = {"fps": ".1f", "times_zhang": ".1f", "start_s": ".1f", "peak_mb": ".0f"}
    for name, row in record["networks"].items():
        table.add_row(name, *(format(row[key], form) if key in row else "-" for key, form in digits.items()))
    return table
