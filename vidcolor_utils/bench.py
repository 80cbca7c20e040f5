"""Timings, as ratios inside one run: machines differ and are noisy, ratios travel."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
from rich.table import Table

from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import ZHANG_SIDE, FrameColorizer
from vidcolor_utils.kept_streams import keep_streams
from vidcolor_utils.machine import machine
from vidcolor_utils.quiet import quiet_native_logs
from vidcolor_utils.runtimes import RUNTIMES
from vidcolor_utils.synthetic import render_clip
from vidcolor_utils.video_io import VideoReader, chroma_planes
from vidcolor_utils.video_writer import VideoWriter

ZHANG = "Zhang et al., Keras"
LUMA_SIZE = (256, 256)  # what Zhang's network sees of a frame
FILMS = {"720p": (720, 1280), "1080p": (1080, 1920)}
FILM_FRAMES, FILM_RATE = 150, 25
RENDERED = 25  # frames; films show them forwards and backwards
MEMORY_FILM = "720p"
LONGER = 10  # how many times as long the film is that memory must not grow with
SOUND_RATE, SOUND_FRAME = 48000, 1024  # samples in a second, and in one AAC frame
BATCH = 8
ROUNDS = 3

PEAK = """
import resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, but in bytes on macOS
print(peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024))
"""
START = """
import sys, time
started = time.perf_counter()
import numpy as np
from vidcolor_utils.runtimes import RUNTIMES
RUNTIMES[sys.argv[1]]().predict_ab([np.zeros((int(sys.argv[2]), int(sys.argv[3])), np.float32)])
print(time.perf_counter() - started)
"""
COLORIZE = """
import sys
from vidcolor_utils.colorize import colorize_file
colorize_file(sys.argv[1], sys.argv[2])
"""


def run_bench() -> dict:
    """Measure what makes colorizing fast or slow on this machine.

    Returns:
        `machine`; `networks`, see `bench_networks`, each of ours with what `bench_start` says of it; `memory`, see
        `bench_memory`; `films`, see `bench_film`, each with `times_zhang`, how many times as many frames per
        second these are as Zhang's network alone takes; `preparation` and `training`, see `bench_course`.
    """
    from vidcolor_utils.bench_course import bench_course

    # First what is measured in new processes: on Linux their peak memory counts that of the one that starts them.
    starts = {name: bench_start(name) for name in RUNTIMES}
    memory = bench_memory()
    films = {name: bench_film(size) for name, size in FILMS.items()}
    networks = bench_networks()
    for name, start in starts.items():
        networks[name] |= start
    for film in films.values():
        film["times_zhang"] = film["colorize_fps"] / networks[ZHANG]["fps"]
    return {"machine": machine(), "networks": networks, "memory": memory, "films": films, **bench_course()}


def bench_start(runtime: str) -> dict[str, float]:
    """Start a process that colours one frame.

    Args:
        runtime: one of `RUNTIMES`.

    Returns:
        `start_s`, seconds until the frame is done, without Python's own start; `peak_mb`, the process's memory.
    """
    start_s, peak_mb = _run_apart(START + PEAK, runtime, *LUMA_SIZE)
    return {"start_s": start_s, "peak_mb": peak_mb}


def bench_memory(
    size: tuple[int, int] = FILMS[MEMORY_FILM], frames: int = FILM_FRAMES, longer: int = LONGER
) -> dict[str, float]:
    """Colorize a film and a longer one, each in a process of its own.

    Args:
        size: (height, width) of the films.
        frames: length of the first.
        longer: how many times as long the second is.

    Returns:
        `height`; `frames`, `peak_mb` and the same of the longer film: `long_frames`, `long_peak_mb`; `ratio`, the
        second peak over the first.
    """
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        for length in (frames, frames * longer):
            write_film(film, size, length)
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


def bench_networks() -> dict[str, dict[str, float]]:
    """Measure frames per second of the shipped network in each runtime, and of Zhang's.

    Ours look at frames of `LUMA_SIZE`. Zhang's, at 256x256 as in the authors' demo, has random weights, which take
    as long as the released ones.

    Returns:
        By network: `fps`; `times_zhang`, how many times that is Zhang's.
    """
    rng = np.random.default_rng(0)
    lumas = list(rng.random((BATCH, *LUMA_SIZE), np.float32))
    square = rng.random((1, ZHANG_SIDE, ZHANG_SIDE, 1), np.float32) * 100
    with quiet_native_logs():
        from vidcolor_utils.models.zhang import build_zhang

        zhang = build_zhang()
    colorizers = {name: load() for name, load in RUNTIMES.items()}
    runs = {name: lambda ours=ours: ours.predict_ab(lumas) for name, ours in colorizers.items()}
    seconds = fastest(runs | {ZHANG: lambda: zhang.predict_on_batch(square)})
    fps = {name: (1 if name == ZHANG else BATCH) / best for name, best in seconds.items()}
    return {name: {"fps": value, "times_zhang": value / fps[ZHANG]} for name, value in fps.items()}


def bench_film(size: tuple[int, int], frames: int = FILM_FRAMES) -> dict[str, float]:
    """Colorize a rendered film with sound, against decoding and encoding it alone with the same settings.

    Args:
        size: (height, width) of the film.
        frames: its length.

    Returns:
        `colorize_fps`; `copy_fps`, of decoding and encoding; `ratio`, the first over the second.
    """
    colorizer = FrameColorizer()
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        write_film(film, size, frames)
        seconds = fastest(
            {
                "colorize": lambda: colorize_file(film, output, colorizer),
                "copy": lambda: copy_film(film, output),
            }
        )
    fps = {name: frames / best for name, best in seconds.items()}
    return {"colorize_fps": fps["colorize"], "copy_fps": fps["copy"], "ratio": fps["colorize"] / fps["copy"]}


def write_film(path: Path, size: tuple[int, int], frames: int) -> None:
    """Write a rendered mountain walk, there and back again, with a tone as its sound."""
    rendered = render_clip(0, frames=min(frames, RENDERED), size=size)
    there_and_back = cycle([*rendered, *rendered[-2:0:-1]])
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FILM_RATE, options={"preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *size, "yuv420p"
        sound = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for rgb in islice(there_and_back, frames):
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(video.encode())
        for start in range(0, frames * SOUND_RATE // FILM_RATE, SOUND_FRAME):
            tone = np.sin(np.arange(start, start + SOUND_FRAME) * 0.06).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            container.mux(sound.encode(frame))
        container.mux(sound.encode())


def copy_film(source: Path, output: Path) -> None:
    """Decode a video and encode it as it is; sound is copied, as by `colorize_file`."""
    with (
        VideoReader(source) as reader,
        VideoWriter(output, reader.stored_size, **reader.writer_settings()) as writer,
    ):
        keep_streams(reader, writer)
        for frame in reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start)):
            u, v = chroma_planes(frame.decoded, writer.pixel_format)
            writer.write_planes(frame.luma, u, v, pts=frame.pts)


def fastest(runs: dict[str, Callable[[], object]], *, rounds: int = ROUNDS) -> dict[str, float]:
    """Time functions that take turns, after one call of each to warm up.

    Returns:
        The seconds that the fastest turn of each took.
    """
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def bench_table(record: dict) -> Table:
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
    digits = {"fps": ".1f", "times_zhang": ".1f", "start_s": ".1f", "peak_mb": ".0f"}
    for name, row in record["networks"].items():
        table.add_row(name, *(format(row[key], form) if key in row else "-" for key, form in digits.items()))
    return table
