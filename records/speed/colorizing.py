"""Timings of the networks in each runtime, and of a film from file to file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from records.films import write_walk
from records.speed.runtimes import RUNTIMES
from records.speed.timing import fastest
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.zhang import ZHANG_SIDE
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.formats import chroma_planes
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import keep_streams
from vidcolor_utils.video.writer import VideoWriter

FILM_FRAMES = 150
ZHANG = "Zhang et al., Keras"
SHOWN = "what it shows (once a second), ONNX Runtime"
LUMA_SIZE = (256, 256)  # what Zhang's network sees of a frame
FILMS = {"720p": (720, 1280), "1080p": (1080, 1920)}
MEMORY_FILM = "720p"
LONGER = 10  # how many times as long the film is that memory must not grow with
BATCH = 8
PEAK = """
import resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, but in bytes on macOS
print(peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024))
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
from vidcolor_utils.tool.colorize import colorize_file
colorize_file(sys.argv[1], sys.argv[2])
"""


class Start(TypedDict):
    """What it takes to colour one frame in a process of its own."""

    start_s: float  # until the frame is done, without Python's own start
    peak_mb: float  # the process's memory


class NetworkSpeed(TypedDict):
    """How fast a network is; of ours also what `Start` says."""

    fps: float
    times_zhang: float  # how many times that is Zhang's
    start_s: NotRequired[float]
    peak_mb: NotRequired[float]


class MemoryUse(TypedDict):
    """Memory for a film, and for a longer one."""

    height: int
    frames: int
    peak_mb: float
    long_frames: int
    long_peak_mb: float
    ratio: float  # the second peak over the first


class FilmSpeed(TypedDict):
    """How fast a film is colorized, against decoding and encoding it alone."""

    colorize_fps: float
    copy_fps: float
    ratio: float  # the first over the second
    times_zhang: NotRequired[float]  # how many times the frames per second of Zhang's network alone


def bench_start(runtime: str) -> Start:
    """Start a process that colours one frame; `runtime` is one of `RUNTIMES`."""
    start_s, peak_mb = _run_apart(START + PEAK, runtime, *LUMA_SIZE)
    return {"start_s": start_s, "peak_mb": peak_mb}


def bench_memory(
    size: tuple[int, int] = FILMS[MEMORY_FILM], frames: int = FILM_FRAMES, longer: int = LONGER
) -> MemoryUse:
    """Colorize a film and a longer one, each in a process of its own.

    Args:
        size: (height, width) of the films.
        frames: length of the first.
        longer: how many times as long the second is.
    """
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        for length in (frames, frames * longer):
            write_walk(film, size, length)
            peaks += _run_apart(COLORIZE + PEAK, film, output)
    short, long = peaks
    return {
        "height": size[0],
        "frames": frames,
        "peak_mb": short,
        "long_frames": frames * longer,
        "long_peak_mb": long,
        "ratio": long / short,
    }


def _run_apart(program: str, *arguments: object) -> list[float]:
    """Run Python in a process of its own; returns the numbers it prints."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(number) for number in result.stdout.split()]


def bench_networks() -> dict[str, NetworkSpeed]:
    """Measure frames per second of the light network in each runtime, of the other two, and of Zhang's.

    Ours look at frames of `LUMA_SIZE`. Zhang's, at 256x256 as in the authors' demo, has random weights, which take
    as long as the released ones.
    """
    rng = np.random.default_rng(0)
    lumas = list(rng.random((BATCH, *LUMA_SIZE), np.float32))
    square = rng.random((1, ZHANG_SIDE, ZHANG_SIDE, 1), np.float32) * 100
    with quiet_native_logs():
        from vidcolor_utils.models.zhang import build_zhang

        zhang = build_zhang()
    colorizers = {name: load() for name, load in RUNTIMES.items()}
    runs: dict[str, Callable[[], object]] = {
        name: partial(ours.predict_ab, lumas) for name, ours in colorizers.items()
    }
    reader = FrameColorizer()
    runs[SHOWN] = lambda: [reader.understand(luma) for luma in lumas]
    seconds = fastest(runs | {ZHANG: lambda: zhang.predict_on_batch(square)})
    fps = {name: (1 if name == ZHANG else BATCH) / best for name, best in seconds.items()}
    return {name: {"fps": value, "times_zhang": value / fps[ZHANG]} for name, value in fps.items()}


def bench_film(size: tuple[int, int], frames: int = FILM_FRAMES) -> FilmSpeed:
    """Colorize a rendered film with sound, against decoding and encoding it alone with the same settings.

    Args:
        size: (height, width) of the film.
        frames: its length.
    """
    colorizer = FrameColorizer()
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        write_walk(film, size, frames)
        seconds = fastest(
            {
                "colorize": lambda: colorize_file(film, output, colorizer),
                "copy": lambda: copy_film(film, output),
            }
        )
    fps = {name: frames / best for name, best in seconds.items()}
    return {"colorize_fps": fps["colorize"], "copy_fps": fps["copy"], "ratio": fps["colorize"] / fps["copy"]}


def copy_film(source: Path, output: Path) -> None:
    """Decode a video and encode it as it is; sound is copied, as by `colorize_file`."""
    with (
        VideoReader(source) as reader,
        VideoWriter(output, reader.info.stored_size, **reader.writer_settings()) as writer,
    ):
        keep_streams(reader, writer)
        for frame in reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start)):
            u, v = chroma_planes(frame.decoded, writer.pixel_format)
            writer.write_planes(frame.luma, u, v, pts=frame.pts)
