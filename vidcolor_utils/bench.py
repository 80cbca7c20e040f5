"""Timings, as ratios inside one run: machines differ and are noisy, ratios travel."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rich.table import Table

from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import ZHANG_SIDE, FrameColorizer, shipped_weights_path
from vidcolor_utils.kept_streams import keep_streams
from vidcolor_utils.machine import machine
from vidcolor_utils.quiet import quiet_native_logs
from vidcolor_utils.synthetic import render_clip
from vidcolor_utils.video_io import VideoReader
from vidcolor_utils.video_writer import VideoWriter, chroma_shape

RUNTIMES = {"ONNX Runtime": "frame.onnx", "Keras": "frame.safetensors"}  # shipped weights by what they run in
ZHANG = "Zhang et al., Keras"
LUMA_SIZE = (256, 256)  # what Zhang's network sees of a frame
FILM_SIZE = (720, 1280)
FILM_FRAMES, FILM_RATE = 75, 25
SOUND_RATE, SOUND_FRAME = 48000, 1024  # samples in a second, and in one AAC frame
BATCH = 8
ROUNDS = 3

START = """
import resource, sys, time
started = time.perf_counter()
import numpy as np
from vidcolor_utils.colorizer import FrameColorizer
FrameColorizer(sys.argv[1]).predict_ab([np.zeros((int(sys.argv[2]), int(sys.argv[3])), np.float32)])
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, but in bytes on macOS
print(seconds, peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024))
"""


def run_bench() -> dict:
    """Measure what makes colorizing fast or slow on this machine.

    Returns:
        `machine`; `networks`, see `bench_networks`, each of ours with what `bench_start` says of it; `film`, see
        `bench_film`; `preparation` and `training`, see `bench_course`.
    """
    from vidcolor_utils.bench_course import bench_course

    # First the starts: on Linux a process's peak memory counts that of the one it was started from.
    starts = {name: bench_start(file) for name, file in RUNTIMES.items()}
    film = bench_film()
    networks = bench_networks()
    for name, start in starts.items():
        networks[name] |= start
    return {"machine": machine(), "networks": networks, "film": film, **bench_course()}


def bench_start(weights: str) -> dict[str, float]:
    """Start a process that colours one frame.

    Args:
        weights: name of one of the weights files that ship.

    Returns:
        `start_s`, seconds until the frame is done, without Python's own start; `peak_mb`, the process's memory.
    """
    command = [sys.executable, "-c", START, str(shipped_weights_path(weights)), *map(str, LUMA_SIZE)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(("start_s", "peak_mb"), map(float, result.stdout.split()), strict=True))


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
    colorizers = {name: FrameColorizer(shipped_weights_path(file)) for name, file in RUNTIMES.items()}
    runs = {name: lambda ours=ours: ours.predict_ab(lumas) for name, ours in colorizers.items()}
    seconds = fastest(runs | {ZHANG: lambda: zhang.predict_on_batch(square)})
    fps = {name: (1 if name == ZHANG else BATCH) / best for name, best in seconds.items()}
    return {name: {"fps": value, "times_zhang": value / fps[ZHANG]} for name, value in fps.items()}


def bench_film(size: tuple[int, int] = FILM_SIZE, frames: int = FILM_FRAMES) -> dict[str, float]:
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
    """Write a rendered mountain walk with a tone as its sound."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FILM_RATE, options={"preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *size, "yuv420p"
        sound = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for rgb in render_clip(0, frames=frames, size=size):
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(video.encode())
        for start in range(0, frames * SOUND_RATE // FILM_RATE, SOUND_FRAME):
            tone = np.sin(np.arange(start, start + SOUND_FRAME) * 0.06).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            container.mux(sound.encode(frame))
        container.mux(sound.encode())


def copy_film(source: Path, output: Path) -> None:
    """Decode a video and encode its luma with neutral chroma; sound is copied, as by `colorize_file`."""
    with (
        VideoReader(source) as reader,
        VideoWriter(output, reader.stored_size, **reader.writer_settings()) as writer,
    ):
        neutral = np.full(chroma_shape(*reader.stored_size, writer.subsampling), 128, np.uint8)
        keep_streams(reader, writer)
        for frame in reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start)):
            writer.write_planes(frame.luma, neutral, neutral, pts=frame.pts)


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
    film = record["film"]
    table = Table(
        title=record["machine"],
        caption=f"720p film with sound: colorized at {film['colorize_fps']:.1f} frames per second, "
        f"{film['ratio']:.2f} of decoding and encoding alone ({film['copy_fps']:.1f})",
    )
    table.add_column("network")
    for title in ("frames per second", "times Zhang's", "start, s", "memory, MB"):
        table.add_column(title, justify="right")
    digits = {"fps": ".1f", "times_zhang": ".1f", "start_s": ".1f", "peak_mb": ".0f"}
    for name, row in record["networks"].items():
        table.add_row(name, *(format(row[key], form) if key in row else "-" for key, form in digits.items()))
    return table
