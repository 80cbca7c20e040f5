"""Colour a video segment by segment, go on where an earlier run was interrupted, and put the segments together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from itertools import tee
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.active_area import find_active_area
from vidcolor_utils.chroma import luma01, resize_ab, uv_planes
from vidcolor_utils.colorizer import ab_in_area
from vidcolor_utils.deinterlace import deinterlaced, without_second_field
from vidcolor_utils.errors import InputError
from vidcolor_utils.film_record import identify, versions
from vidcolor_utils.joining import Segment, join_segments, open_output, packet_order
from vidcolor_utils.kept_streams import interlacing_warning, keep_streams
from vidcolor_utils.pipeline import running_ahead
from vidcolor_utils.segments import UNCUT, WHOLE, Anchor, AnchoredFrames, Cutting, Span, Tape, TapeFrame
from vidcolor_utils.video_codecs import INTERMEDIATE, Encoding
from vidcolor_utils.video_io import LumaFrame, VideoInfo, VideoReader, chroma_planes, sample_lumas, upright
from vidcolor_utils.video_writer import VideoWriter, chroma_shape
from vidcolor_utils.work_folder import WorkFolder

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them

Progress = Callable[[int, int | None], None]  # frames done, frames in all if the file says


class Picture(NamedTuple):
    """A frame of the source, and what its colours are made from."""

    frame: LumaFrame
    luma: np.ndarray  # float32 (h, w) in [0, 1], upright, at the size of the U and V planes
    is_own: bool  # of the segment, rather than looked at before or after it


# From the frames of a segment to the ab (h', w', 2) of each, None where it keeps its own colours; may read ahead
# of what it yields.
Colors = Callable[[Iterable[Picture]], Iterator[np.ndarray | None]]
Retouch = Callable[[LumaFrame], LumaFrame]  # changes the luma of a film's frames, in order


class ColorizeReport(NamedTuple):
    """What was done: the output, its number of frames, and what the user should know."""

    output: Path
    frames: int
    warnings: tuple[str, ...]


def color_video(
    source: Path,
    output: Path,
    load: Callable[[], Colors],
    *,
    settings: Callable[[], dict],
    encoding: Encoding,
    span: Span = WHOLE,
    cutting: Cutting = UNCUT,
    find_bars: bool = True,
    deinterlace: bool = False,
    retouch: Callable[[VideoInfo], Retouch] | None = None,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Write a video with the luma of `source` and everything else it has, and with new colours.

    Finished segments are kept beside `output` until it is complete, see `WorkFolder`; a later call that would
    make the same ones goes on from them.

    Args:
        source: the input.
        output: the file to write.
        load: gives what makes the colours of one segment, once the files are known to be good.
        settings: gives all that the colours depend on beside `source`, as JSON holds it, at the same time.
        encoding: codec, quality and speed.
        span: the part of `source` to colorize.
        cutting: how it is cut into segments.
        find_bars: show `load`'s result only what lies between black bars, and leave them neutral.
        deinterlace: make the colours of interlaced frames from de-interlaced ones; needs a lead and frames ahead.
        retouch: gives what changes the luma of one segment, after that; then both are changes to the output, too.
        progress: called after every frame.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    encoding.check(output)
    with VideoReader(source) as reader, WorkFolder(output, source=source, suffix=INTERMEDIATE) as work:
        shape = _check_video(reader, work, encoding)
        fields = reader.info.fields if deinterlace else None
        is_deinterlaced = fields is not None and retouch is not None
        looks = {"find_bars": find_bars, "deinterlaced": fields, "retouched": retouch is not None}
        made_with = {**settings(), **looks, "encoding": encoding, "span": span, "cutting": cutting}
        work.claim({"source": identify(source), "settings": made_with, "versions": versions()})
        if not is_complete(work.finished()):
            painter = _Painter(reader, shape, encoding, span, find_bars=find_bars, fields=fields, retouch=retouch)
            _color_segments(painter, work, load, cutting, progress)
        records = work.finished()
        with work.output() as part:
            lacking = join_segments(
                _segments(work, records),
                reader,
                part,
                encoding=encoding,
                span=span,
                is_deinterlaced=is_deinterlaced,
            )
        work.remove()
        interlacing = interlacing_warning(
            reader.info, encoding, is_seen_deinterlaced=deinterlace, is_written_deinterlaced=is_deinterlaced
        )
        warnings = [*lacking, interlacing, *(record["warning"] for record in records.values())]
    frames = sum(len(record["times"]) for record in records.values())
    return ColorizeReport(output, frames, tuple(warning for warning in warnings if warning))


def _check_video(reader: VideoReader, work: WorkFolder, encoding: Encoding) -> tuple[int, int]:
    """Check that a video can be coloured and the output can hold what it has; return the size of its U plane."""
    check_size(reader)
    with work.scratch_output() as part:
        writer = open_output(reader, part, encoding)
        try:
            keep_streams(reader, writer)
        finally:
            writer.discard()
    return chroma_shape(*reader.stored_size, writer.subsampling)


def check_size(reader: VideoReader) -> None:
    """Check that a video's frames are large enough to colorize.

    Raises:
        InputError: if they are not.
    """
    info = reader.info
    if min(info.width, info.height) < MIN_SIDE:
        raise InputError(f"{info.path}: frames of {info.width}x{info.height} are too small to colorize")


def expected_frames(info: VideoInfo, span: Span = WHOLE) -> int | None:
    """Tell how many frames a span of a video should have; None if the file does not say."""
    if span == WHOLE:
        return info.frames
    length_s = float(info.frames / info.rate) if info.frames else info.duration_s
    end = min(span.end or math.inf, length_s or math.inf)
    return None if end == math.inf else max(0, round((end - span.start) * info.rate))


def is_complete(records: Mapping[int, dict]) -> bool:
    """Tell whether these records of segments are all that a video has."""
    return any(record["ended"] for record in records.values())


def _segments(work: WorkFolder, records: Mapping[int, dict]) -> list[Segment]:
    return [Segment(work.segment_path(index), row["times"], row["order"]) for index, row in records.items()]


def _color_segments(
    painter: _Painter,
    work: WorkFolder,
    load: Callable[[], Colors],
    cutting: Cutting,
    progress: Progress | None,
) -> None:
    """Colour the segments that are not finished."""
    reader, records = painter.reader, work.finished()
    index, done = len(records), sum(len(record["times"]) for record in records.values())
    anchor = Anchor(*records[index - 1]["next"]) if records else None
    frames = AnchoredFrames(reader, painter.span, cutting, anchor)
    tape = Tape(frames, cutting, index)
    total = expected_frames(reader.info, painter.span)
    record: dict = {}
    while not record.get("ended"):
        with work.segment(index) as (part, record):
            times = []
            with closing(painter.paint(tape.segment(), load(), part)) as painted:
                for time in painted:
                    times.append(time)
                    if progress:
                        progress(done + len(times), total)
            record |= {"times": times, "order": packet_order(part), "ended": tape.ended()}
            record["next"] = frames.anchors.get(index + 1)
            record["warning"] = reader.truncation_warning() if record["ended"] and painter.span == WHOLE else None
        index, done = index + 1, done + len(times)


class _Painter:
    """Writes segments of one video in colour.

    Args:
        reader: the open video.
        shape: (height, width) of the U and V planes as stored.
        encoding: codec, quality and speed.
        span: the part of it to colour; times count from its start.
        find_bars: leave black bars out of sight and neutral.
        fields: the order of fields of frames to de-interlace; None: they stay as they are.
        retouch: gives what changes the luma of one segment.
    """

    def __init__(
        self,
        reader: VideoReader,
        shape: tuple[int, int],
        encoding: Encoding,
        span: Span,
        *,
        find_bars: bool,
        fields: str | None,
        retouch: Callable[[VideoInfo], Retouch] | None,
    ):
        self.reader, self.span, self._shape, self._encoding = reader, span, shape, encoding
        self._fields, self._retouch = fields, retouch
        self._lost_fields = fields if retouch else None  # that what is written has no longer
        self._start = round((reader.start + Fraction(span.start)) / reader.time_base)
        lumas = (self.small_luma(luma) for luma in sample_lumas(reader.path))
        self._area = find_active_area(lumas) if find_bars else None

    def small_luma(self, stored: np.ndarray) -> np.ndarray:
        """Make upright luma (h, w) float32 in [0, 1], of the size of the U and V planes, from a stored plane."""
        small = cv2.resize(stored, self._shape[::-1], interpolation=cv2.INTER_AREA)
        info = self.reader.info
        return upright(luma01(small, bit_depth=info.bit_depth, full_range=info.full_range), info.rotation)

    def paint(
        self, shown: Generator[TapeFrame, None, None], colors: Colors, path: Path
    ) -> Generator[int, None, None]:
        """Write the frames of one segment; reading, colouring and writing overlap.

        Args:
            shown: see `Tape.segment`.
            colors: makes their colours.
            path: file to write; in it times count from the segment's first frame.

        Yields:
            After each frame its time, from the start of the span.

        Raises:
            InputError: if there is no frame.
            OutputError: if the file cannot be written.
        """
        first = None
        with (
            open_output(self.reader, path, self._encoding, is_deinterlaced=bool(self._lost_fields)) as writer,
            running_ahead(self._pictures(shown)) as pictures,
            running_ahead(self._colored(pictures, colors)) as colored,
        ):
            for picture, ab in colored:
                time = picture.frame.pts - self._start
                first = time if first is None else first
                self._write(picture, ab, writer, time - first)
                yield time
            if first is None:
                raise InputError(f"{self.reader.path}: there is no frame between the start and the end asked for")

    def _pictures(self, shown: Iterable[TapeFrame]) -> Generator[Picture, None, None]:
        """Yield what is written of each frame, and what is looked at."""
        shown, same = tee(shown)
        frames: Iterator[LumaFrame] = (frame for frame, _ in shown)
        if self._fields:
            # To average pairs of lines, as `small_luma` does, is not enough: what moves is then seen twice.
            frames = deinterlaced(frames, self._fields, bit_depth=self.reader.info.bit_depth)
        if self._retouch:
            frames = map(self._retouch(self.reader.info), frames)
        for (original, is_own), frame in zip(same, frames, strict=True):
            yield Picture(frame if self._retouch else original, self.small_luma(frame.luma), is_own)

    def _colored(
        self, pictures: Iterable[Picture], colors: Colors
    ) -> Generator[tuple[Picture, np.ndarray | None], None, None]:
        """Yield the segment's own pictures with their ab, at the size of the luma; None where they have colour."""
        for picture, ab in self._in_step(pictures, colors):
            if picture.is_own:
                yield picture, None if ab is None else self._over_picture(ab, picture.luma.shape)

    def _in_step(self, pictures: Iterable[Picture], colors: Colors) -> Iterator[tuple[Picture, np.ndarray | None]]:
        """Yield each picture with its ab; pictures wait for their colours."""
        waiting: deque[Picture] = deque()

        def shown() -> Iterator[Picture]:
            for picture in pictures:
                waiting.append(picture)
                yield picture._replace(luma=self._area.cut(picture.luma)) if self._area else picture

        for ab in colors(shown()):
            yield waiting.popleft(), ab

    def _over_picture(self, ab: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        return ab_in_area(ab, shape, self._area) if self._area else resize_ab(ab, shape)

    def _write(self, picture: Picture, ab: np.ndarray | None, writer: VideoWriter, time: int) -> None:
        reader, frame = self.reader, picture.frame
        if ab is None:
            u, v = chroma_planes(frame.decoded, writer.pixel_format)
            if self._lost_fields and frame.decoded.interlaced_frame:
                u, v = (without_second_field(plane, self._lost_fields) for plane in (u, v))
        else:
            planes = uv_planes(
                picture.luma, ab, reader.matrix, bit_depth=writer.bit_depth, full_range=writer.full_range
            )
            u, v = (upright(plane, -reader.info.rotation) for plane in planes)
        writer.write_planes(_to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth), u, v, pts=time)


def _to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma to the bits that are written."""
    if bits == target_bits:
        return luma
    if bits < target_bits:
        return luma << (target_bits - bits)
    return (luma >> (bits - target_bits)).astype(np.uint8 if target_bits == 8 else np.uint16)
