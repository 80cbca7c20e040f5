"""Timings of the course's two long jobs: preparing clips, and training on them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

import numpy as np

from records.films import write_walk
from records.speed.timing import TrainingSpeed, fastest
from vidcolor_utils.pairs.defaults import FPS
from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.prepare import WORKING_SIZE, prepare_clips
from vidcolor_utils.pairs.sources import rendered_clips, video_clips
from vidcolor_utils.pictures.color import gray_clip, rgb_from_gray
from vidcolor_utils.pictures.sizes import fit_frame
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.writer import VideoWriter

FILM_SIZE, FILM_FRAMES = (360, 640), 90  # a clip of 3 seconds, as in Moments in Time
TRAINING_CLIPS, TRAINING_FRAMES = 3, 17  # one of them is left to train on: two batches
RUN_LENGTH = 8
STEPS, ROUNDS = 2, 2


class PreparationSpeed(TypedDict):
    """How fast a clip is prepared, and how large it is then, against the way of the original project."""

    fps: float
    report_fps: float
    times_report: float  # the first over the second
    bytes_per_frame: float
    report_bytes_per_frame: float
    share_of_report_bytes: float


def bench_preparation(size: tuple[int, int] = FILM_SIZE, frames: int = FILM_FRAMES) -> PreparationSpeed:
    """Prepare a clip, against the way of the original project.

    The colorizing network is the same in both and left out: colours are a fixed tint.

    Args:
        size: (height, width) of the clip.
        frames: its length.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        film = folder / "videos" / "film.mp4"
        write_walk(film, size, frames)

        def ours() -> None:
            (folder / "ours" / MANIFEST).unlink(missing_ok=True)
            for path in folder.glob("ours/clips/*"):
                path.unlink()
            clips = video_clips(folder / "videos", frames=frames)
            prepare_clips(clips, folder / "ours", baseline=tint, baseline_name="tint")

        seconds = fastest({"ours": ours, "report": lambda: prepare_as_published(film, folder / "report")})
        stored = {name: _bytes_below(folder / name) for name in seconds}
    return {
        "fps": frames / seconds["ours"],
        "report_fps": frames / seconds["report"],
        "times_report": seconds["report"] / seconds["ours"],
        "bytes_per_frame": stored["ours"] / frames,
        "report_bytes_per_frame": stored["report"] / frames,
        "share_of_report_bytes": stored["ours"] / stored["report"],
    }


def tint(gray: np.ndarray) -> np.ndarray:
    """Colour gray (T, H, W) uint8 with next to no work; returns (T, H, W, 3) uint8."""
    return np.stack([gray, gray, gray // 2], axis=-1)


def prepare_as_published(film: Path, folder: Path) -> None:
    """Prepare a clip as the authors of the report did, by way of videos.

    The film becomes a small true and a small gray video, the gray one a colorized one, and the true and the
    colorized one an array of previous, current and true frames of 256x256, as github.com/yangfangk/
    cs230-video-colorization (`baseline_colorize.py`, `preprocessing/process_dataset.py`) does: all frames are
    encoded three times and decoded four times.

    Args:
        film: the source.
        folder: gets `true.mp4`, `gray.mp4`, `colorized.mp4` and `example.npy`; made if missing.
    """
    folder.mkdir(exist_ok=True)
    true, gray, colorized = (folder / f"{name}.mp4" for name in ("true", "gray", "colorized"))
    _encode(
        film,
        {
            true: lambda frame: frame,
            gray: lambda frame: rgb_from_gray(gray_clip(frame[None])[0]),
        },
        fit=True,
    )
    _encode(gray, {colorized: lambda frame: tint(gray_clip(frame[None]))[0]})
    current = list(iter_rgb(colorized))
    np.save(folder / "example.npy", [[current[0], *current[:-1]], current, list(iter_rgb(true))])
    for video in (true, gray, colorized):
        video.unlink()


def _encode(source: Path, outputs: dict[Path, Callable[[np.ndarray], np.ndarray]], *, fit: bool = False) -> None:
    """Decode a video once and write what each function makes of its frames."""
    with ExitStack() as stack:
        writers = [
            (stack.enter_context(VideoWriter(path, WORKING_SIZE, rate=Fraction(FPS))), make)
            for path, make in outputs.items()
        ]
        for number, frame in enumerate(iter_rgb(source)):
            fitted = fit_frame(frame, WORKING_SIZE) if fit else frame
            for writer, make in writers:
                writer.write_rgb(make(fitted), number)


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def bench_training(width: float = 1.0, rounds: int = ROUNDS) -> TrainingSpeed:
    """Train the AlexNet-based network of the report from prepared clips, against a plain `fit` on arrays.

    Args:
        width: factor on the numbers of filters.
        rounds: as for `training.measure_training`.
    """
    with quiet_native_logs():
        from records.speed.training import measure_training
        from vidcolor_utils.course.config import ReportTrainConfig
    with tempfile.TemporaryDirectory() as folder:
        clips = rendered_clips(TRAINING_CLIPS, frames=TRAINING_FRAMES)
        prepare_clips(clips, folder, baseline=tint, baseline_name="tint")
        config = ReportTrainConfig(run_length=RUN_LENGTH, batch_clips=1, width=width)
        return measure_training(folder, config, steps=STEPS, rounds=rounds)
