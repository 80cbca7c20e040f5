"""Colorize files: a video or a still image in, the same in colour out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.chroma import luma01, resize_ab, uv_planes, with_chroma
from vidcolor_utils.colorizer import Colorizer, ab_in_area, load_colorizer, predict_full_size
from vidcolor_utils.errors import InputError
from vidcolor_utils.image_io import StillImage, is_image, read_image, write_image
from vidcolor_utils.output import finished_file
from vidcolor_utils.saturation import SaturatedColorizer
from vidcolor_utils.steady import EVERY, STRENGTH, SteadyColorizer
from vidcolor_utils.video_io import (
    LumaFrame,
    VideoReader,
    VideoWriter,
    chroma_shape,
    sample_lumas,
    upright,
)

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them

Progress = Callable[[int, int | None], None]  # frames done, frames in all if the file says
# From the luma (H, W) of each frame of a video, in [0, 1], to its ab (h, w, 2); may read ahead of what it yields.
Colors = Callable[[Iterable[np.ndarray]], Iterator[np.ndarray]]


class ColorizeReport(NamedTuple):
    """What was done: the output, its number of frames, and what the user should know."""

    output: Path
    frames: int
    warnings: tuple[str, ...]


def colorize_file(
    source: str | Path,
    output: str | Path,
    colorizer: Colorizer | None = None,
    *,
    method: str = "frame",
    strength: float = STRENGTH,
    every: int = EVERY,
    offline: bool = False,
    saturation: float = 1.0,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Colorize a video or a still image; only its luma is used, and it is kept.

    Args:
        source: the input; its suffix tells images from videos.
        output: the file to write, of the same kind as `source`. It appears when it is complete.
        colorizer: predicts the chroma; if not given, one is loaded once the files are known to be good.
        method: which one to load, see `load_colorizer`.
        strength: of a frame's neighbours on its colours, in [0, 1), see `SteadyColorizer`; 0 leaves them out.
        every: ask the network for every so many frames of a video and carry colours in between.
        offline: look at a video's frames to come as well: steadier, and needs more memory.
        saturation: factor on the chroma, in [0, 3]; luma stays as it is.
        progress: called after every few frames.

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if `source` cannot be read, or `output` is of another kind or the same file.
        OutputError: if `output` cannot be written.
    """
    source, output = Path(source), Path(output)
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file")
    if is_image(source) != is_image(output):
        kinds = ("an image", "a video") if is_image(source) else ("a video", "an image")
        raise InputError(f"{output}: the input is {kinds[0]}, but this name is that of {kinds[1]}")

    def load() -> Colorizer:
        return SaturatedColorizer(colorizer or load_colorizer(method), saturation)

    if is_image(source):
        return _colorize_image(source, output, load, progress)

    def steady() -> Colors:
        return SteadyColorizer(load(), strength=strength, every=every, offline=offline).stream

    return color_video(source, output, steady, progress=progress)


def _colorize_image(
    source: Path, output: Path, load: Callable[[], Colorizer], progress: Progress | None
) -> ColorizeReport:
    image = read_image(source)
    with finished_file(output, source=source) as part:
        colorizer = load()
        (ab,) = predict_full_size(colorizer, [image.luma], find_active_area([image.luma]))
        rgb = with_chroma(image.luma, ab)
        write_image(part, StillImage(rgb, image.alpha))
    if progress:
        progress(1, 1)
    return ColorizeReport(output, 1, ())


def color_video(
    source: Path,
    output: Path,
    load: Callable[[], Colors],
    *,
    find_bars: bool = True,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Write a video with the luma of `source` and everything else it has, and with new colours.

    Args:
        source: the input.
        output: the file to write.
        load: gives what makes the colours, once the files are known to be good.
        find_bars: show `load`'s result only what lies between black bars, and leave them neutral.
        progress: called after every frame.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    with VideoReader(source) as reader:
        info = reader.info
        check_size(reader)
        with (
            finished_file(output, source=source) as part,
            VideoWriter(part, reader.stored_size, **reader.writer_settings()) as writer,
        ):
            colors = load()
            for stream in reader.sound_streams:
                writer.copy_sound(stream)
            lumas = (_small_luma(luma, reader, writer) for luma in sample_lumas(source))
            area = find_active_area(lumas) if find_bars else None
            frames = reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start))
            pairs = ((frame, _small_luma(frame.luma, reader, writer)) for frame in frames)
            for done, (frame, luma, ab) in enumerate(_in_step(pairs, colors, area), start=1):
                _write_colored(frame, luma, ab, reader, writer)
                if progress:
                    progress(done, info.frames)
        warnings = [reader.truncation_warning(), *_format_warnings(reader)]
    return ColorizeReport(output, reader.decoded, tuple(warning for warning in warnings if warning))


def check_size(reader: VideoReader) -> None:
    """Check that a video's frames are large enough to colorize.

    Raises:
        InputError: if they are not.
    """
    info = reader.info
    if min(info.width, info.height) < MIN_SIDE:
        raise InputError(f"{info.path}: frames of {info.width}x{info.height} are too small to colorize")


def _in_step(
    pairs: Iterable[tuple[LumaFrame, np.ndarray]], colors: Colors, area: Area | None
) -> Iterator[tuple[LumaFrame, np.ndarray, np.ndarray]]:
    """Yield each frame with its luma and its ab, both at the size of the luma; frames wait for their colours."""
    waiting = deque()

    def lumas() -> Iterator[np.ndarray]:
        for frame, luma in pairs:
            waiting.append((frame, luma))
            yield area.cut(luma) if area else luma

    for ab in colors(lumas()):
        frame, luma = waiting.popleft()
        yield frame, luma, ab_in_area(ab, luma.shape, area) if area else resize_ab(ab, luma.shape)


def _write_colored(
    frame: LumaFrame, luma: np.ndarray, ab: np.ndarray, reader: VideoReader, writer: VideoWriter
) -> None:
    planes = uv_planes(luma, ab, reader.matrix, bit_depth=writer.bit_depth, full_range=writer.full_range)
    planes = [upright(plane, -reader.info.rotation) for plane in planes]
    stored = _to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth)
    writer.write_planes(stored, *planes, pts=frame.pts - round(reader.start / reader.time_base))


def _small_luma(stored: np.ndarray, reader: VideoReader, writer: VideoWriter) -> np.ndarray:
    """Upright luma in [0, 1] at the size of the U and V planes."""
    height, width = chroma_shape(*reader.stored_size, writer.subsampling)
    small = cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA)
    info = reader.info
    return upright(luma01(small, bit_depth=info.bit_depth, full_range=info.full_range), info.rotation)


def _to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma of 9, 12 or 16 bits to the 10 that are written; 8 stay 8."""
    if bits <= target_bits:
        return luma << (target_bits - bits)
    return luma >> (bits - target_bits)


def _format_warnings(reader: VideoReader) -> list[str]:
    info = reader.info
    found = []
    if info.pixel_format.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya")):
        found.append(f"{info.path}: transparency is not kept: H.264 has none")
    if info.bit_depth > 10:
        found.append(f"{info.path}: luma of {info.bit_depth} bits is written as 10")
    return found
