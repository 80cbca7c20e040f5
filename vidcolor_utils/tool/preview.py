"""A strip of frames spread over a film, gray above colour, to decide on before the long run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Unpack

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.stills import colorize_still
from vidcolor_utils.film.color_video import check_size
from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.look import PLAIN, Look, LookOptions
from vidcolor_utils.film.picture import ColorizeReport
from vidcolor_utils.film.stored_color import ColorDetector
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.chroma import shown_luma
from vidcolor_utils.pictures.color import rgb_from_gray, to_uint8
from vidcolor_utils.pictures.show import GAP, PAPER, side_by_side, to_width
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.stills.images import StillImage, check_image_name, is_still, write_image
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.files import check_target
from vidcolor_utils.system.options import Within, check_option
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.times import time_text
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.fields import deinterlaced
from vidcolor_utils.video.files import sample_lumas
from vidcolor_utils.video.formats import LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import WHOLE, Span, checked_span

WIDTH = 320  # of each frame in the strip, in pixels
COUNT = 8  # of frames


def preview_file(
    source: str | Path,
    output: str | Path,
    colorizer: Colorizer | None = None,
    *,
    count: int = COUNT,
    look: Look = PLAIN,
    span: Span = WHOLE,
    progress: Progress = silent,
    **options: Unpack[LookOptions],
) -> ColorizeReport:
    """Colorize a few frames of a video, each by itself, and write them as one picture.

    The frames are sought, so a long film takes no longer than a short one. Each stands under its time, once. Where
    some would be the same, as in a long pause or a short video, others are taken, as far as there are.

    Args:
        source: the video.
        output: the picture to write.
        colorizer: predicts the chroma; if not given, `look` names it.
        count: number of frames.
        look: as for `colorize_file`; what is done over time, steadiness and deflickering, is not shown.
        span: the part of the video that they are spread over.
        progress: called after every frame.
        options: those of `look`, by name.

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if `source` is no video that can be read and sought in, or has no frame in `span`, or `output`
            names no picture.
        OptionError: if an option has a value that it cannot have, or there are key frames or points, which reach
            a moment only through the film.
        OutputError: if `output` cannot be written.
    """
    source, output, look = Path(source), Path(output), replace(look, **options)
    check_image_name(output)
    check_target(output, source)
    columns = preview_columns(source, colorizer, count=count, look=look, span=span, progress=progress)
    write_image(output, StillImage(side_by_side(columns), None))
    return ColorizeReport(output, len(columns), ())


def preview_columns(
    source: str | Path,
    colorizer: Colorizer | None = None,
    *,
    count: int = COUNT,
    look: Look = PLAIN,
    span: Span = WHOLE,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Colorize a few frames of a video as `preview_file` does, and write nothing.

    Returns:
        Time in words to RGB (H, `WIDTH`, 3) uint8, all of one size, gray above colour.

    Raises:
        FileNotFoundError, InputError, OptionError: as `preview_file` does.
    """
    source, span = Path(source), checked_span(span)
    check_option("count", count, Within(1, whole=True))
    if look.is_of_one_film:
        raise OptionError(f"{source}: a preview shows no key frames and no points: colorize a part of the film")
    if source.exists() and is_still(source):
        raise InputError(f"{source}: a preview is for videos; this is a picture")
    with film_to_look_at(source) as film, VideoReader(film) as reader:
        check_size(reader)
        painted = _Painted(reader, FilmColors(film, look, colorizer), look)
        found: dict[float, np.ndarray] = {}
        for done, frame in enumerate(_spread(reader, count, span, deinterlace=look.is_restored), start=1):
            pictures = painted.luma(frame), painted.rgb(frame)
            found[frame.seconds] = _gray_above_color(*pictures, reader.info.shown_pixel_aspect)
            progress(done, count)
    if not found:
        raise InputError(f"{source}: there is no frame between the start and the end asked for")
    return {time_text(seconds): found[seconds] for seconds in sorted(found)}


class _Painted:
    """Frames of a film as the preview shows them.

    Args:
        reader: the open film.
        colors: what makes their colours.
        look: the same for whether they are restored, or may have colours of their own.
    """

    def __init__(self, reader: VideoReader, colors: FilmColors, look: Look):
        self._reader, self._colors, self._look = reader, colors, look
        self._area = find_active_area(_shown(luma, reader) for luma in sample_lumas(reader))
        self._has_color = ColorDetector() if look.skip_colored else lambda decoded: False

    def luma(self, frame: LumaFrame) -> np.ndarray:
        """Give a frame's luma (h, w) float32 in [0, 1]."""
        return _shown(frame.luma, self._reader)

    def rgb(self, frame: LumaFrame) -> np.ndarray:
        """Give a frame in colour, RGB uint8 (h, w, 3)."""
        if self._has_color(frame.decoded):
            return self._reader.upright_rgb(frame.decoded)
        colorizer = self._colors.at(frame.seconds)
        return colorize_still(self.luma(frame), colorizer, area=self._area, restore=self._look.is_restored)


def _spread(reader: VideoReader, count: int, span: Span, *, deinterlace: bool) -> Iterator[LumaFrame]:
    """Yield the frames shown in the middle of each of `count` equal parts of a span of the video, each once.

    What then lacks is made up for by frames spread over the video's own, not over its time; these come last.
    """
    shown: set[float] = set()
    for seconds in chain(_middles(reader, count, span), _others(reader, count, span)):
        if len(shown) == count:
            return
        frames = reader.frames_from(seconds)
        if deinterlace and reader.info.fields:
            frames = deinterlaced(frames, reader.info.fields, bit_depth=reader.info.bit_depth)
        frame = next(frames, None)
        if frame is not None and frame.seconds not in shown:
            shown.add(frame.seconds)
            yield frame


def _middles(reader: VideoReader, count: int, span: Span) -> Iterator[float]:
    info = reader.info
    end = info.duration_s or float((info.frames or 0) / info.rate) or _length_s(reader)
    length = (end if span.end is None else min(span.end, end)) - span.start
    if length <= 0 < span.start:
        return  # it lies behind the end
    yield from (span.start + length * (index + 0.5) / count for index in range(count))


def _others(reader: VideoReader, count: int, span: Span) -> Iterator[float]:
    times = [time for time in reader.frame_times() if span.holds(time)]
    yield from (times[index] for index in evenly(len(times), count) if times)


def _length_s(reader: VideoReader) -> float:
    """Read a video that does not say how long it is to its end."""
    reader.restart()
    for _ in reader.luma_frames():
        pass
    return float(reader.end or 0)


def _shown(luma: np.ndarray, reader: VideoReader) -> np.ndarray:
    """Luma as stored to upright luma in [0, 1] of usual video, no wider than two frames of the strip."""
    info = reader.info
    luma = info.orientation.upright(luma)
    height, width = luma.shape
    scale = min(1, 2 * WIDTH / width)
    luma = cv2.resize(luma, (round(width * scale), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    return shown_luma(info.luma01(luma), reader.colors.transfer)


def _gray_above_color(luma: np.ndarray, rgb: np.ndarray, pixel_aspect: float) -> np.ndarray:
    gray, color = (to_width(picture, WIDTH, pixel_aspect) for picture in (rgb_from_gray(to_uint8(luma)), rgb))
    return np.concatenate([gray, np.full((GAP, WIDTH, 3), PAPER, np.uint8), color])
