"""Colour a video segment by segment, go on where an earlier run was interrupted, and put the segments together.

One process reads the video once and makes one segment after the other. Where several make them, the first process
only reads, to find where segments begin, and each of the others opens the video at the segment that it is given.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from functools import partial
from itertools import tee
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.chroma import luma01, resize_ab, uv_planes
from vidcolor_utils.cluster import Spread
from vidcolor_utils.colorizer import ab_in_area
from vidcolor_utils.deinterlace import deinterlaced, without_second_field
from vidcolor_utils.errors import InputError
from vidcolor_utils.film_record import identify, versions
from vidcolor_utils.joining import Segment, join_segments, open_output, packet_order
from vidcolor_utils.kept_streams import interlacing_warning, keep_streams
from vidcolor_utils.pipeline import running_ahead
from vidcolor_utils.segments import UNCUT, WHOLE, Cutting, Place, Span, Tape, TapeFrame, unfinished
from vidcolor_utils.video_codecs import INTERMEDIATE, Encoding
from vidcolor_utils.video_io import LumaFrame, VideoInfo, VideoReader, chroma_planes, sample_lumas, upright
from vidcolor_utils.video_writer import VideoWriter, chroma_shape
from vidcolor_utils.work_folder import WorkFolder

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them
FINE_SIDE = 192  # where the U plane's short side is less, colours are made from the luma at its full size

Progress = Callable[[int, int | None], None]  # frames done, frames in all if the file says


class Picture(NamedTuple):
    """A frame of the source, and what its colours are made from."""

    frame: LumaFrame
    luma: np.ndarray  # float32 (h, w) in [0, 1], upright, as large as the plan says
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


class Plan(NamedTuple):
    """All that the segments of a video depend on; another process can make them if `load` can be sent there."""

    source: Path
    load: Callable[[], Colors]  # gives what makes the colours of one segment
    fields: str | None  # the order of fields of frames to de-interlace; None: they stay as they are
    retouch: Callable[[VideoInfo], Retouch] | None  # gives what changes the luma of one segment, after that
    encoding: Encoding
    span: Span
    cutting: Cutting
    shape: tuple[int, int]  # (height, width), before it is turned, of the luma that colours are made from
    area: Area | None  # the picture between black bars; None if they are to be coloured as well

    @property
    def lost_fields(self) -> str | None:
        """The order of fields that what is written has no longer."""
        return self.fields if self.retouch else None


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
    spread: Spread = map,
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
        spread: has the segments made, see `cluster.spread_over`; `load` and `retouch` are sent to other processes.
        progress: called after every frame, or after every segment that another process has made.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    encoding.check(output)
    with VideoReader(source) as reader, WorkFolder(output, source=source, suffix=INTERMEDIATE) as work:
        planes = _check_video(reader, work, encoding)
        fields = reader.info.fields if deinterlace else None
        is_deinterlaced = fields is not None and retouch is not None
        looks = {"find_bars": find_bars, "deinterlaced": fields, "retouched": retouch is not None}
        made_with = {**settings(), **looks, "encoding": encoding, "span": span, "cutting": cutting}
        records = work.claim({"source": identify(source), "settings": made_with, "versions": versions()})
        if not is_complete(records):
            shape = planes if min(planes) >= FINE_SIDE else reader.stored_size
            area = _find_area(reader, planes, shape) if find_bars else None
            plan = Plan(source, load, fields, retouch, encoding, span, cutting, shape, area)
            records |= _color_segments(plan, reader, work, records, spread, progress)
        records = dict(sorted(records.items()))
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
    frames = _count_frames(records.values())
    return ColorizeReport(output, frames, tuple(warning for warning in warnings if warning))


def _check_video(reader: VideoReader, work: WorkFolder, encoding: Encoding) -> tuple[int, int]:
    """Check that a video can be coloured and the output can hold what it has; return the shape of its U plane."""
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
    return any(record["next"] is None and index + 1 == len(records) for index, record in records.items())


def _segments(work: WorkFolder, records: Mapping[int, dict]) -> list[Segment]:
    return [Segment(work.segment_path(index), row["times"], row["order"]) for index, row in records.items()]


def _color_segments(
    plan: Plan,
    reader: VideoReader,
    work: WorkFolder,
    finished: Mapping[int, dict],
    spread: Spread,
    progress: Progress | None,
) -> dict[int, dict]:
    """Colour the segments that are not finished; return their records by their index."""
    done, total = _count_frames(finished.values()), expected_frames(reader.info, plan.span)

    def tell(before: int, frames: int) -> None:
        if progress:
            progress(before + frames, total)

    made: dict[int, dict] = {}
    if spread is map:
        painter = _Painter(reader, plan)
        for place, tape in unfinished(reader, plan.span, plan.cutting, finished):
            made[place.segment] = painter.make(work, place.segment, tape, partial(tell, done))
            done += _count_frames([made[place.segment]])
        return made
    tell(done, 0)
    for index, record in spread(partial(_make_elsewhere, plan, work), _places(plan, reader, finished)):
        made[index] = record
        done += _count_frames([record])
        tell(done, 0)
    return made


def _count_frames(records: Iterable[dict]) -> int:
    return sum(len(record["times"]) for record in records)


def _places(plan: Plan, reader: VideoReader, finished: Mapping[int, dict]) -> Iterator[Place]:
    """Yield the segments to be made; to find the next one, the frames of each are read here as well."""
    for place, tape in unfinished(reader, plan.span, plan.cutting, finished):
        yield place
        for _ in tape.segment():
            pass


def _make_elsewhere(plan: Plan, work: WorkFolder, place: Place) -> tuple[int, dict]:
    """Make one segment, in any process; return its index and record."""
    with VideoReader(plan.source) as reader:
        tape = Tape(reader, plan.span, plan.cutting, place)
        return place.segment, _Painter(reader, plan).make(work, place.segment, tape, lambda frames: None)


def _find_area(reader: VideoReader, planes: tuple[int, int], shape: tuple[int, int]) -> Area:
    """Find the picture in luma as small as the U plane, free of grain; return it in luma of `Plan.shape`."""
    area = find_active_area(_small_luma(luma, reader.info, planes) for luma in sample_lumas(reader.path))
    if reader.info.rotation % 180:
        planes, shape = (planes[1], planes[0]), (shape[1], shape[0])
    return area.resized(planes, shape)


def _small_luma(stored: np.ndarray, info: VideoInfo, shape: tuple[int, int]) -> np.ndarray:
    """Make upright luma (h, w) float32 in [0, 1] from a stored plane; `shape` is its size before it is turned."""
    small = _shrunk(stored, shape)
    return upright(luma01(small, bit_depth=info.bit_depth, full_range=info.full_range), info.rotation)


class _Painter:
    """Makes segments of one video in colour.

    Args:
        reader: the open video.
        plan: how; times count from the start of its span.
    """

    def __init__(self, reader: VideoReader, plan: Plan):
        self._reader, self._plan = reader, plan
        self._start = round((reader.start + Fraction(plan.span.start)) / reader.time_base)

    def make(self, work: WorkFolder, index: int, tape: Tape, tell: Callable[[int], None]) -> dict:
        """Colour the segment that a tape stands at and keep it; return its record.

        Args:
            work: where to keep it.
            index: of the segment.
            tape: frames of the painter's video.
            tell: called with the number of frames done, after every frame.

        Raises:
            InputError, OutputError: as `paint` does.
        """
        with work.segment(index) as (part, record):
            times = []
            with closing(self.paint(tape.segment(), part)) as painted:
                for time in painted:
                    times.append(time)
                    tell(len(times))
            following = tape.following()
            record |= {"times": times, "order": packet_order(part), "next": following and following.anchor}
            is_end = following is None and self._plan.span == WHOLE
            record["warning"] = self._reader.truncation_warning() if is_end else None
        return record

    def paint(self, shown: Generator[TapeFrame, None, None], path: Path) -> Generator[int, None, None]:
        """Write the frames of one segment; reading, colouring and writing overlap.

        Args:
            shown: see `Tape.segment`.
            path: file to write; in it times count from the segment's first frame.

        Yields:
            After each frame its time, from the start of the span.

        Raises:
            InputError: if there is no frame.
            OutputError: if the file cannot be written.
        """
        first = None
        with (
            open_output(
                self._reader, path, self._plan.encoding, is_deinterlaced=bool(self._plan.lost_fields)
            ) as writer,
            running_ahead(self._pictures(shown)) as pictures,
            running_ahead(self._colored(pictures)) as colored,
        ):
            for picture, ab in colored:
                time = picture.frame.pts - self._start
                first = time if first is None else first
                self._write(picture, ab, writer, time - first)
                yield time
            if first is None:
                raise InputError(f"{self._reader.path}: there is no frame between the start and the end asked for")

    def _pictures(self, shown: Iterable[TapeFrame]) -> Generator[Picture, None, None]:
        """Yield what is written of each frame, and what is looked at."""
        info, plan = self._reader.info, self._plan
        shown, same = tee(shown)
        frames: Iterator[LumaFrame] = (frame for frame, _ in shown)
        if plan.fields:
            # To average pairs of lines, as `_small_luma` does, is not enough: what moves is then seen twice.
            frames = deinterlaced(frames, plan.fields, bit_depth=info.bit_depth)
        if plan.retouch:
            frames = map(plan.retouch(info), frames)
        for (original, is_own), frame in zip(same, frames, strict=True):
            luma = _small_luma(frame.luma, info, plan.shape)
            yield Picture(frame if plan.retouch else original, luma, is_own)

    def _colored(self, pictures: Iterable[Picture]) -> Generator[tuple[Picture, np.ndarray | None], None, None]:
        """Yield the segment's own pictures with their ab, at the size of the luma; None where they have colour."""
        for picture, ab in self._in_step(pictures):
            if picture.is_own:
                yield picture, None if ab is None else self._over_picture(ab, picture.luma.shape)

    def _in_step(self, pictures: Iterable[Picture]) -> Iterator[tuple[Picture, np.ndarray | None]]:
        """Yield each picture with its ab; pictures wait for their colours."""
        waiting: deque[Picture] = deque()
        area = self._plan.area

        def shown() -> Iterator[Picture]:
            for picture in pictures:
                waiting.append(picture)
                yield picture._replace(luma=area.cut(picture.luma)) if area else picture

        for ab in self._plan.load()(shown()):
            yield waiting.popleft(), ab

    def _over_picture(self, ab: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        return ab_in_area(ab, shape, self._plan.area) if self._plan.area else resize_ab(ab, shape)

    def _write(self, picture: Picture, ab: np.ndarray | None, writer: VideoWriter, time: int) -> None:
        reader, frame = self._reader, picture.frame
        if ab is None:
            u, v = chroma_planes(frame.decoded, writer.pixel_format)
            if self._plan.lost_fields and frame.decoded.interlaced_frame:
                u, v = (without_second_field(plane, self._plan.lost_fields) for plane in (u, v))
        else:
            shape = chroma_shape(*reader.stored_size, writer.subsampling)
            planes = uv_planes(
                picture.luma, ab, reader.matrix, bit_depth=writer.bit_depth, full_range=writer.full_range
            )
            u, v = (_shrunk(upright(plane, -reader.info.rotation), shape) for plane in planes)
        writer.write_planes(_to_depth(frame.luma, reader.info.bit_depth, writer.bit_depth), u, v, pts=time)


def _shrunk(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA)


def _to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma to the bits that are written."""
    if bits == target_bits:
        return luma
    if bits < target_bits:
        return luma << (target_bits - bits)
    return (luma >> (bits - target_bits)).astype(np.uint8 if target_bits == 8 else np.uint16)
