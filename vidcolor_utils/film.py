"""Colour a video segment by segment, go on where an earlier run was interrupted, and put the segments together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.active_area import find_active_area
from vidcolor_utils.chroma import luma01, resize_ab, uv_planes
from vidcolor_utils.colorizer import ab_in_area
from vidcolor_utils.errors import InputError
from vidcolor_utils.film_record import identify, versions
from vidcolor_utils.joining import Segment, join_segments, packet_order
from vidcolor_utils.pipeline import running_ahead
from vidcolor_utils.segments import UNCUT, WHOLE, Anchor, AnchoredFrames, Cutting, Span, Tape, TapeFrame
from vidcolor_utils.video_io import (
    INTERMEDIATE,
    LumaFrame,
    VideoInfo,
    VideoReader,
    VideoWriter,
    chroma_shape,
    sample_lumas,
    subsampling,
    upright,
)
from vidcolor_utils.work_folder import WorkFolder

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them

Progress = Callable[[int, int | None], None]  # frames done, frames in all if the file says
# From the luma (H, W) of each frame of a video, in [0, 1], to its ab (h, w, 2); may read ahead of what it yields.
Colors = Callable[[Iterable[np.ndarray]], Iterator[np.ndarray]]


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
    span: Span = WHOLE,
    cutting: Cutting = UNCUT,
    find_bars: bool = True,
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
        span: the part of `source` to colorize.
        cutting: how it is cut into segments.
        find_bars: show `load`'s result only what lies between black bars, and leave them neutral.
        progress: called after every frame.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    with VideoReader(source) as reader, WorkFolder(output, source=source, suffix=INTERMEDIATE) as work:
        check_video(reader, output)
        made_with = {**settings(), "span": span, "cutting": cutting, "find_bars": find_bars}
        work.claim({"source": identify(source), "settings": made_with, "versions": versions()})
        if not is_complete(work.finished()):
            _color_segments(_Painter(reader, span, find_bars), work, load, cutting, progress)
        records = work.finished()
        segments = [
            Segment(work.segment_path(index), row["times"], row["order"]) for index, row in records.items()
        ]
        with work.output() as part:
            join_segments(segments, reader, part, span)
        work.remove()
        warnings = [*(row["warning"] for row in records.values()), *_format_warnings(reader)]
    frames = sum(len(row["times"]) for row in records.values())
    return ColorizeReport(output, frames, tuple(warning for warning in warnings if warning))


def check_video(reader: VideoReader, output: Path) -> None:
    """Check that a video can be coloured, and that the container of `output` can hold what it has.

    Raises:
        InputError: if not.
    """
    info = reader.info
    if min(info.width, info.height) < MIN_SIDE:
        raise InputError(f"{info.path}: frames of {info.width}x{info.height} are too small to colorize")
    writer = VideoWriter(output, reader.stored_size, **reader.writer_settings())
    try:
        for stream in reader.sound_streams:
            writer.copy_sound(stream)
    finally:
        writer.discard()


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
    tape = Tape(frames, painter.small_luma, cutting, index)
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
        span: the part of it to colour; times count from its start.
        find_bars: leave black bars out of sight and neutral.
    """

    def __init__(self, reader: VideoReader, span: Span, find_bars: bool):
        self.reader, self.span, self._settings = reader, span, reader.writer_settings()
        self._start = round((reader.start + Fraction(span.start)) / reader.time_base)
        lumas = (self.small_luma(luma) for luma in sample_lumas(reader.path))
        self._area = find_active_area(lumas) if find_bars else None

    def small_luma(self, stored: np.ndarray) -> np.ndarray:
        """Make upright luma (h, w) float32 in [0, 1], of the size of the U and V planes, from a stored plane."""
        height, width = chroma_shape(*self.reader.stored_size, subsampling(*self.reader.stored_size))
        small = cv2.resize(stored, (width, height), interpolation=cv2.INTER_AREA)
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
            VideoWriter(path, self.reader.stored_size, **self._settings) as writer,
            running_ahead(shown) as read,
            running_ahead(self._colored(read, colors)) as colored,
        ):
            for frame, luma, ab in colored:
                time = frame.pts - self._start
                first = time if first is None else first
                self._write(frame, luma, ab, writer, time - first)
                yield time
            if first is None:
                raise InputError(f"{self.reader.path}: there is no frame between the start and the end asked for")

    def _colored(
        self, shown: Iterable[TapeFrame], colors: Colors
    ) -> Generator[tuple[LumaFrame, np.ndarray, np.ndarray], None, None]:
        """Yield the frames to write with their luma and ab, both at the size of the luma, as colours come."""
        waiting = deque()

        def lumas() -> Iterator[np.ndarray]:
            for frame, luma in shown:
                waiting.append((frame, luma))
                yield self._area.cut(luma) if self._area else luma

        for ab in colors(lumas()):
            frame, luma = waiting.popleft()
            if frame is not None:
                size = luma.shape
                yield frame, luma, ab_in_area(ab, size, self._area) if self._area else resize_ab(ab, size)

    def _write(self, frame: LumaFrame, luma: np.ndarray, ab: np.ndarray, writer: VideoWriter, time: int) -> None:
        reader = self.reader
        planes = uv_planes(luma, ab, reader.matrix, bit_depth=writer.bit_depth, full_range=writer.full_range)
        planes = [upright(plane, -reader.info.rotation) for plane in planes]
        writer.write_planes(_to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth), *planes, pts=time)


def _to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma of 9, 12 or 16 bits to the 10 that are written; 8 stay 8."""
    if bits == target_bits:
        return luma
    if bits < target_bits:
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
