"""What is measured in processes of their own: how long something takes to start, and how much memory it takes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from records.films import write_walk
from records.speed.colorizing import FILM_FRAMES, FILMS, STANDARD
from records.speed.networks import LUMA_SIZE
from records.speed.timing import ROUNDS

MEMORY_FILMS = {"720p": 10, "2160p": 2}  # how many times as long the film is that memory must not grow with
SHORT_FRAMES = 10  # of the film that the command starts with
NUMBER = re.compile(r"[\d.]+")
# Linux counts for `ru_maxrss` what the process that started this one had, but not for `VmHWM`.
PEAK = """
import re, resource, sys
from pathlib import Path
status, peak = Path("/proc/self/status"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if status.exists():
    peak = int(re.search(r"VmHWM:\\s+([0-9]+)", status.read_text())[1])
print(peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024))  # in KiB, but in bytes on macOS
"""
START = """
import sys, time
started = time.perf_counter()
import numpy as np
from records.speed.runtimes import RUNTIMES
RUNTIMES[sys.argv[1]]().predict_ab([np.zeros((int(sys.argv[2]), int(sys.argv[3])), np.float32)])
print(time.perf_counter() - started)
"""
COLORIZE = """
import sys
from vidcolor_utils.cli import main
sys.argv = ["vidcolor", "colorize", sys.argv[1], "-o", sys.argv[2]]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
"""
# The command as it is, but that the first frame given to the encoder is told.
COMMAND = """
import sys, time
from vidcolor_utils.cli import main
began, film, output = sys.argv[1:]
def told(*arguments, **options):
    VideoWriter.write_planes = write_planes
    print(time.time() - float(began), file=sys.stderr)
    write_planes(*arguments, **options)
sys.argv = ["vidcolor", "colorize", film, "-o", output]
from vidcolor_utils.video.writer import VideoWriter
write_planes, VideoWriter.write_planes = VideoWriter.write_planes, told
main()
"""


class Start(TypedDict):
    """What it takes to colour one frame in a process of its own."""

    start_s: float  # until the frame is done, without Python's own start
    peak_mb: float  # the process's memory


class CommandStart(TypedDict):
    """How long `vidcolor colorize` takes for a short film, with Python's own start."""

    height: int
    frames: int
    first_frame_s: float  # until a frame is in colour
    film_s: float  # until the command ends


class MemoryUse(TypedDict):
    """Memory for a film, and for a longer one."""

    frames: int
    peak_mb: float
    long_frames: int
    long_peak_mb: float
    ratio: float  # the second peak over the first


def bench_start(runtime: str) -> Start:
    """Start a process that colours one frame; `runtime` is one of `RUNTIMES`."""
    start_s, peak_mb = _numbers(run_apart(START + PEAK, runtime, *LUMA_SIZE).stdout)
    return {"start_s": start_s, "peak_mb": peak_mb}


def bench_command(
    size: tuple[int, int] = FILMS[STANDARD], frames: int = SHORT_FRAMES, rounds: int = ROUNDS
) -> CommandStart:
    """Colorize a short film by the command line, several times; the fastest counts.

    Args:
        size: (height, width) of the film.
        frames: its length.
        rounds: how many times, after one that brings the files into memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        write_walk(film, size, frames)
        times = [_time_command(film, output) for _ in range(1 + rounds)][1:]
    first, whole = map(min, zip(*times, strict=True))
    return {"height": size[0], "frames": frames, "first_frame_s": first, "film_s": whole}


def _time_command(film: Path, output: Path) -> tuple[float, float]:
    """Seconds to the first frame and to the end."""
    began = time.time()
    said = run_apart(COMMAND, began, film, output).stderr
    return _numbers(said)[0], time.time() - began


def bench_memory(
    size: tuple[int, int], longer: int, *, frames: int = FILM_FRAMES, scenery: int | None = None
) -> MemoryUse:
    """Colorize a film and a longer one, each in a process of its own.

    Args:
        size: (height, width) of the films.
        longer: how many times as long the second is.
        frames: length of the first.
        scenery: frames of each that are rendered; None for all.
    """
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        for length in (frames, frames * longer):
            write_walk(film, size, length, scenery=scenery)
            peaks += _numbers(run_apart(COLORIZE + PEAK, film, output).stdout)
    short, long = peaks
    return {
        "frames": frames,
        "peak_mb": short,
        "long_frames": frames * longer,
        "long_peak_mb": long,
        "ratio": long / short,
    }


def run_apart(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own; returns what it says."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def _numbers(said: str) -> list[float]:
    """Take the numbers that stand alone on lines."""
    return [float(line) for line in said.splitlines() if NUMBER.fullmatch(line)]
