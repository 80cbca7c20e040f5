"""The demo: a real colour clip made gray, colorized, and compared with the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.pictures.show import side_by_side, strip, to_width
from vidcolor_utils.stills.images import StillImage, write_animation, write_image
from vidcolor_utils.system.builtin import DEMO_CLIPS, builtin_clip
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, write_json, writing
from vidcolor_utils.system.progress import Progress, Steps, silent, silent_steps
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.score import Scores, score_frames
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.formats import to_depth
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter

STRIP_FRAMES = 5
PANEL_WIDTH = 640  # pixels at most, of what is shown and scored: three fit on a screen, and it answers soon
SCORED_FRAMES = 48  # from the start: to score all of them takes longer than all else
MOVING_WIDTH, MOVING_FRAMES, MOVING_STEP = 960, 40, 3  # pixels; frames shown; every how many


def run_demo(out_dir: str | Path, *, clip: str = DEMO_CLIPS[0], progress: Steps = silent_steps) -> Scores:
    """Make a clip gray, colorize it and compare.

    Writes into `out_dir`: `gray.mp4`, `color.mp4`, `side_by_side.mp4`, `strip.png`, `moving.webp`, `scores.json`.

    Args:
        out_dir: folder to write to; made if missing.
        clip: one of `DEMO_CLIPS`.
        progress: gives the progress callback for a named step.

    Returns:
        The scores of the first `SCORED_FRAMES` frames at `PANEL_WIDTH`, as written.

    Raises:
        InputError: if there is no such clip, or its package is not installed; if `out_dir` holds a film of one of
            these names, and no scores.
        OutputError: if a file cannot be written.
    """
    out_dir = Path(out_dir)
    _check_folder(out_dir)
    with writing(out_dir):
        out_dir.mkdir(parents=True, exist_ok=True)
    true, gray, color = builtin_clip(clip), out_dir / "gray.mp4", out_dir / "color.mp4"
    write_gray(true, gray, progress("making it gray"))
    colorize_file(gray, color, FrameColorizer(), progress=progress("colorizing"))
    rows = {"gray": gray, "vidcolor": color, "true": true}
    write_side_by_side(rows, out_dir / "side_by_side.mp4", progress("putting side by side"))
    write_strip(rows, out_dir / "strip.png")
    write_moving_picture(rows, out_dir / "moving.webp")
    scores = score_start((true, color, gray), progress("scoring"))
    write_json(out_dir / "scores.json", scores)
    return scores


def _check_folder(folder: Path) -> None:
    """Check that films that would be replaced are those of a demo."""
    for name in ("gray.mp4", "color.mp4", "side_by_side.mp4"):
        if (folder / name).exists() and not (folder / "scores.json").exists():
            raise InputError(f"{folder / name}: is there, and no demo's scores: remove it or name another folder")


def score_start(videos: Iterable[Path], progress: Progress = silent) -> Scores:
    """Score the first `SCORED_FRAMES` frames of the true video, the colorized and the gray one, as `panels`."""
    frames = (islice(panels(path), SCORED_FRAMES) for path in videos)
    return score_frames(*frames, progress=lambda done, _: progress(done, SCORED_FRAMES))


def write_gray(source: str | Path, output: str | Path, progress: Progress = silent) -> None:
    """Write the luma of a video as a gray video of the same size, rate and length, without sound."""
    with (
        VideoReader(source) as reader,
        finished_file(output, source=source) as part,
        VideoWriter(part, reader.info.stored_size, **reader.writer_settings()) as writer,
    ):
        for frame in reader.luma_frames():
            writer.write_luma(to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth), pts=frame.pts)
            progress(reader.counts.decoded, reader.info.frames)


def write_side_by_side(videos: dict[str, Path], output: str | Path, progress: Progress = silent) -> None:
    """Write one video that shows several of equal length beside each other, as `panels`, with their names."""
    info = video_info(next(iter(videos.values())))
    with finished_file(output) as part:
        frames = _beside_each_other(videos)
        first = next(frames)
        with VideoWriter(part, first.shape[:2], rate=info.rate) as writer:
            writer.write_rgb(first, 0)
            for index, frame in enumerate(frames, start=1):
                writer.write_rgb(frame, index)
                progress(index + 1, info.frames)


def panels(path: Path) -> Iterator[np.ndarray]:
    """Yield the frames of a video, RGB uint8 (H, W, 3), at most `PANEL_WIDTH` pixels wide."""
    for frame in iter_rgb(path):
        yield to_width(frame, min(PANEL_WIDTH, frame.shape[1]))


def _beside_each_other(videos: dict[str, Path]) -> Iterator[np.ndarray]:
    for frames in zip(*(panels(path) for path in videos.values()), strict=False):
        yield side_by_side(dict(zip(videos, frames, strict=True)))


def write_strip(videos: dict[str, Path], output: str | Path, *, frames: int = STRIP_FRAMES) -> None:
    """Write a picture with frames of several videos at the same moments, spread over their length."""
    total = video_info(next(iter(videos.values()))).frames or frames
    step = max(1, total // frames)
    rows = {name: list(islice(iter_rgb(path), step // 2, step * frames, step)) for name, path in videos.items()}
    write_image(output, StillImage(strip(rows), None))


def write_moving_picture(videos: dict[str, Path], output: str | Path) -> None:
    """Write a small animated WebP of several videos beside each other, for pages that play no video."""
    rate = video_info(next(iter(videos.values()))).rate
    frames = islice(_beside_each_other(videos), 0, MOVING_STEP * MOVING_FRAMES, MOVING_STEP)
    write_animation(output, (to_width(frame, MOVING_WIDTH) for frame in frames), rate=rate / MOVING_STEP)
