"""A strip of frames spread over a film, gray above colour, to decide on before the long run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.active_area import find_active_area
from vidcolor_utils.chroma import luma01, with_chroma
from vidcolor_utils.color import to_uint8
from vidcolor_utils.colorizer import Colorizer, ab_in_area, load_colorizer
from vidcolor_utils.deinterlace import deinterlaced
from vidcolor_utils.direction import Album, Reference
from vidcolor_utils.errors import InputError
from vidcolor_utils.film import ColorizeReport, Progress, check_size
from vidcolor_utils.image_io import IMAGE_SUFFIXES, StillImage, is_image, write_image
from vidcolor_utils.output import finished_file
from vidcolor_utils.restore import denoised
from vidcolor_utils.saturation import SaturatedColorizer
from vidcolor_utils.show import side_by_side, to_width
from vidcolor_utils.stored_color import ColorDetector
from vidcolor_utils.times import time_text
from vidcolor_utils.video_io import LumaFrame, VideoReader, sample_lumas, upright

WIDTH = 320  # of each frame in the strip, in pixels
ROWS_GAP = 4
PAPER = 255


def preview_file(
    source: str | Path,
    output: str | Path,
    count: int,
    colorizer: Colorizer | None = None,
    *,
    method: str = "frame",
    saturation: float = 1.0,
    skip_colored: bool = False,
    references: Sequence[Reference] = (),
    restore: bool = False,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Colorize a few frames of a video, each by itself, and write them as one picture.

    The frames are sought, so a long film takes no longer than a short one. Each stands under its time; those that
    would be the same frame of a short video stand there once.

    Args:
        source: the video.
        output: the picture to write.
        count: number of frames.
        colorizer: predicts the chroma; if not given, one is loaded.
        method: which one to load, see `load_colorizer`.
        saturation: as for `colorize_file`.
        skip_colored: show frames that have colour as they are.
        references: as for `colorize_file`.
        restore: make colours from a copy of each frame without grain and interlacing.
        progress: called after every frame.

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if `source` is no video that can be read and sought in, or `output` names no picture.
        OutputError: if `output` cannot be written.
        ValueError: if `count` is below 1.
    """
    source, output = Path(source), Path(output)
    if count < 1:
        raise ValueError(f"`count` must be at least 1. Received: {count}")
    if not is_image(output):
        raise InputError(f"{output}: a preview is a picture: name a file that ends in {', '.join(IMAGE_SUFFIXES)}")
    if source.exists() and is_image(source):
        raise InputError(f"{source}: a preview is for videos; this is a picture")
    with VideoReader(source) as reader, finished_file(output, source=source) as part:
        check_size(reader)
        album, unguided = Album(references, source), colorizer or load_colorizer(method)
        looks = cache(lambda guides: SaturatedColorizer(album.guided(unguided, guides), saturation))
        has_color = ColorDetector() if skip_colored else lambda decoded: False
        area = find_active_area(_shown(luma, reader) for luma in sample_lumas(source))
        columns = {}
        for done, frame in enumerate(_spread(reader, count, deinterlace=restore), start=1):
            luma = _shown(frame.luma, reader)
            if has_color(frame.decoded):
                rgb = upright(frame.decoded.to_ndarray(format="rgb24"), reader.info.rotation)
            else:
                copy = denoised(area.cut(luma)) if restore else area.cut(luma)
                (ab,) = looks(album.guides_at(frame.seconds)).predict_ab([copy])
                rgb = with_chroma(luma, ab_in_area(ab, luma.shape, area))
            columns[time_text(frame.seconds)] = _gray_above_color(luma, rgb)
            if progress:
                progress(done, count)
        write_image(part, StillImage(side_by_side(columns), None))
    return ColorizeReport(output, len(columns), ())


def _spread(reader: VideoReader, count: int, *, deinterlace: bool) -> Iterator[LumaFrame]:
    """Yield the frames shown in the middle of each of `count` equal parts of the video."""
    info = reader.info
    duration = info.duration_s or float((info.frames or 0) / info.rate)
    for index in range(count):
        frames = reader.frames_from(duration * (index + 0.5) / count)
        if deinterlace and info.fields:
            frames = deinterlaced(frames, info.fields, bit_depth=info.bit_depth)
        frame = next(frames, None)
        if frame is not None:
            yield frame


def _shown(luma: np.ndarray, reader: VideoReader) -> np.ndarray:
    """Luma as stored to upright luma in [0, 1], no wider than two frames of the strip."""
    info = reader.info
    luma = upright(luma, info.rotation)
    height, width = luma.shape
    scale = min(1, 2 * WIDTH / width)
    luma = cv2.resize(luma, (round(width * scale), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    return luma01(luma, bit_depth=info.bit_depth, full_range=info.full_range)


def _gray_above_color(luma: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    gray, color = (to_width(picture, WIDTH) for picture in (np.dstack([to_uint8(luma)] * 3), rgb))
    return np.concatenate([gray, np.full((ROWS_GAP, WIDTH, 3), PAPER, np.uint8), color])
