"""Colorize files: a video or a still image in, the same in colour out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.chroma import luma01, resize_ab, uv_planes, with_chroma
from vidcolor_utils.colorizer import Colorizer, ab_in_area, load_colorizer
from vidcolor_utils.direction import Album, Director, Guides, LumaColors, Reference
from vidcolor_utils.errors import InputError
from vidcolor_utils.image_io import StillImage, is_image, read_image, write_image
from vidcolor_utils.kept_streams import keep_streams, skipped_warning
from vidcolor_utils.output import finished_file
from vidcolor_utils.restore import CopyRestorer, luma_restorer
from vidcolor_utils.saturation import SaturatedColorizer
from vidcolor_utils.steady import EVERY, STRENGTH, SteadyColorizer
from vidcolor_utils.video_codecs import Encoding
from vidcolor_utils.video_io import (
    LumaFrame,
    VideoInfo,
    VideoReader,
    chroma_planes,
    sample_lumas,
    upright,
)
from vidcolor_utils.video_writer import VideoWriter, chroma_shape

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them

Progress = Callable[[int, int | None], None]  # frames done, frames in all if the file says


class Picture(NamedTuple):
    """A frame of the source, and what its colours are made from."""

    frame: LumaFrame
    luma: np.ndarray  # float32 (h, w) in [0, 1], upright


# From the frames of a video to the ab (h', w', 2) of each, None where it keeps its own colours; may read ahead of
# what it yields.
Colors = Callable[[Iterable[Picture]], Iterator[np.ndarray | None]]


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
    skip_colored: bool = False,
    references: Sequence[Reference] = (),
    restore: bool = False,
    restore_luma: bool = False,
    encoding: Encoding | None = None,
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
        skip_colored: leave the colours of a video's parts that have some, see `stored_color`.
        references: photographs whose colours guide the shots named with them, or all; see `direction`.
        restore: make colours from a copy of each frame without flicker and grain, see `restore`.
        restore_luma: take flicker and grain out of a video's own luma as well.
        encoding: codec, quality and speed of a video; default: H.264.
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
        return colorizer or load_colorizer(method)

    if is_image(source):
        if encoding is not None:
            raise InputError(f"{output}: codec, crf and preset are for videos; this is a still image")
        if any(reference.at is not None for reference in references):
            raise InputError(f"{source}: a still image has no times: give the reference without one")
        album = Album(references)

        def guided() -> Colorizer:
            return SaturatedColorizer(album.guided(load(), album.guides_at(0.0)), saturation)

        return _colorize_image(source, output, guided, CopyRestorer() if restore else None, progress)

    def direct() -> Colors:
        album, unguided = Album(references, source), load()

        def colors(guides: Guides) -> LumaColors:
            looks = SaturatedColorizer(album.guided(unguided, guides), saturation)
            steady = SteadyColorizer(looks, strength=strength, every=every, offline=offline).stream
            return (lambda lumas: steady(map(copies, lumas))) if restore else steady

        copies = CopyRestorer()
        return Director(colors, album, skip_colored=skip_colored)

    retouch = luma_restorer if restore_luma else None
    return color_video(source, output, direct, retouch=retouch, encoding=encoding, progress=progress)


def _colorize_image(
    source: Path,
    output: Path,
    load: Callable[[], Colorizer],
    restore: Callable[[np.ndarray], np.ndarray] | None,
    progress: Progress | None,
) -> ColorizeReport:
    image = read_image(source)
    with finished_file(output, source=source) as part:
        colorizer = load()
        area = find_active_area([image.luma])
        inside = area.cut(image.luma)
        (ab,) = colorizer.predict_ab([restore(inside) if restore else inside])
        rgb = with_chroma(image.luma, ab_in_area(ab, image.luma.shape, area))
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
    retouch: Callable[[VideoInfo], Callable[[LumaFrame], LumaFrame]] | None = None,
    encoding: Encoding | None = None,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Write a video with the luma of `source` and everything else it has, and with new colours.

    Args:
        source: the input.
        output: the file to write.
        load: gives what makes the colours, once the files are known to be good.
        find_bars: show `load`'s result only what lies between black bars, and leave them neutral.
        retouch: for a video, gives what changes the luma of its frames, in order, before all else.
        encoding: as for `colorize_file`.
        progress: called after every frame.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    encoding = encoding or Encoding()
    encoding.check(output)
    with VideoReader(source) as reader:
        info = reader.info
        check_size(reader)
        with (
            finished_file(output, source=source) as part,
            VideoWriter(part, reader.stored_size, encoding=encoding, **reader.writer_settings()) as writer,
        ):
            warnings = keep_streams(reader, writer)
            colors = load()
            lumas = (_small_luma(luma, reader, writer) for luma in sample_lumas(source))
            area = find_active_area(lumas) if find_bars else None
            frames = reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start))
            frames = map(retouch(info), frames) if retouch else frames
            pictures = (Picture(frame, _small_luma(frame.luma, reader, writer)) for frame in frames)
            for done, (picture, ab) in enumerate(_in_step(pictures, colors, area), start=1):
                _write_colored(picture, ab, reader, writer)
                if progress:
                    progress(done, info.frames)
        warnings += [reader.truncation_warning(), skipped_warning(reader, writer)]
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
    pictures: Iterable[Picture], colors: Colors, area: Area | None
) -> Iterator[tuple[Picture, np.ndarray | None]]:
    """Yield each picture with its ab at the size of its luma; pictures wait for their colours."""
    waiting: deque[Picture] = deque()

    def shown() -> Iterator[Picture]:
        for picture in pictures:
            waiting.append(picture)
            yield picture._replace(luma=area.cut(picture.luma)) if area else picture

    for ab in colors(shown()):
        picture = waiting.popleft()
        size = picture.luma.shape
        if ab is not None:
            ab = ab_in_area(ab, size, area) if area else resize_ab(ab, size)
        yield picture, ab


def _write_colored(picture: Picture, ab: np.ndarray | None, reader: VideoReader, writer: VideoWriter) -> None:
    frame = picture.frame
    if ab is None:
        u, v = chroma_planes(frame.decoded, writer.pixel_format)
    else:
        planes = uv_planes(
            picture.luma, ab, reader.matrix, bit_depth=writer.bit_depth, full_range=writer.full_range
        )
        u, v = (upright(plane, -reader.info.rotation) for plane in planes)
    stored = _to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth)
    writer.write_planes(stored, u, v, pts=frame.pts - round(reader.start / reader.time_base))


def _small_luma(stored: np.ndarray, reader: VideoReader, writer: VideoWriter) -> np.ndarray:
    """Upright luma in [0, 1] at the size of the U and V planes."""
    height, width = chroma_shape(*reader.stored_size, writer.subsampling)
    small = cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA)
    info = reader.info
    return upright(luma01(small, bit_depth=info.bit_depth, full_range=info.full_range), info.rotation)


def _to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma to the bits that are written."""
    if bits <= target_bits:
        return luma << (target_bits - bits)
    return (luma >> (bits - target_bits)).astype(np.uint8 if target_bits == 8 else np.uint16)
