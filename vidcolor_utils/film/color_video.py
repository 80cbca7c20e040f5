"""Colour a video segment by segment, go on where an earlier run was interrupted, and put the segments together.

One process reads the video once and makes one segment after the other. Where several make them, the first process
only reads, to find where segments begin, and each of the others opens the video at the segment that it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from vidcolor_utils.film.joining import Segment, join_segments
from vidcolor_utils.film.painting import FINE_SIDE, Painter, Plan, find_area, remembered_by
from vidcolor_utils.film.picture import ColorizeReport, ColorSource
from vidcolor_utils.film.record import SegmentRecord, identify, versions
from vidcolor_utils.film.repair import Repair
from vidcolor_utils.film.tape import UNCUT, Cutting, Place, Tape, unfinished
from vidcolor_utils.film.work_folder import WorkFolder
from vidcolor_utils.pictures.sizes import fit_short_side
from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.spread import HERE, Spread
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.fields import interlacing_warning
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import keep_streams, open_output, settled
from vidcolor_utils.video.times import WHOLE, Span

MIN_SIDE = 8  # smaller frames show nothing to recognise, and encoders refuse them
MOST_SIDE = 240  # where it is more, the luma that colours are made from has this one: they have no finer detail


def _uncut(info: VideoInfo) -> Cutting:
    return UNCUT


def nothing_more(film: Path) -> None:
    """Do nothing with a complete film: it is where it should be."""


class FilmJob(NamedTuple):
    """What is made of a video, beside its new colours."""

    encoding: Encoding  # codec, quality and speed
    span: Span = WHOLE  # the part of it to colorize
    only: Span | None = None  # the part of an earlier result, which is the output, to make anew; see `repair`
    cutting_of: Callable[[VideoInfo], Cutting] = _uncut  # says how it is cut into segments
    find_bars: bool = True  # show the colours only what lies between black bars, and leave these neutral
    deinterlace: bool = False  # make colours of interlaced frames from whole ones; needs a lead and frames ahead
    restore_luma: bool = False  # take flicker, grain and interlacing out of what is written, too; needs a lead


def color_video(
    source: Path,
    output: Path,
    colors: ColorSource,
    job: FilmJob,
    *,
    spread: Spread = HERE,
    progress: Progress = silent,
    deliver: Callable[[Path], None] = nothing_more,
) -> ColorizeReport:
    """Write a video with the luma of `source` and everything else it has, and with new colours.

    Finished segments are kept beside `output` until it is complete, see `WorkFolder`; a later call that would
    make the same ones goes on from them.

    Args:
        source: the input.
        output: the file to write.
        colors: where the new colours come from; asked once the files are known to be good.
        job: what else is made of it.
        spread: has the segments made, see `spread.spread_over`; `colors` is sent to other processes.
        progress: called after every frame, or after every segment that another process has made.
        deliver: called with the complete film before its segments are removed; if it fails they stay.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    job = job._replace(encoding=job.encoding.check(output))
    suffix = job.encoding.spec.intermediate
    with VideoReader(source) as reader, WorkFolder(output, source=source, suffix=suffix) as work:
        job = job._replace(encoding=settled(job.encoding, reader, work.path / f"joined{suffix}"))
        planes = _check_video(reader, work, job.encoding)
        repair = None if job.only is None else Repair(output, reader, job.only)
        plan = _plan(reader, planes, colors, job, repair)
        if repair:
            _check_coding(reader, work, plan, repair)
        records = work.claim(_identity(plan, job, repair))
        if not is_complete(records):
            area = find_area(reader, planes, plan.shape) if job.find_bars else None
            records |= _color_segments(plan._replace(area=area), reader, work, records, spread, progress)
        records = dict(sorted(records.items()))
        with work.output() as part:
            lacking = _join(reader, work, part, records, plan, repair)
            deliver(part)
        work.remove()
    warnings = [
        *colors.warnings_of(job.span),
        *lacking,
        interlacing_warning(
            reader.info,
            job.encoding,
            is_seen_deinterlaced=job.deinterlace,
            is_written_deinterlaced=plan.lost_fields is not None,
        ),
        repair and repair.told,
        *(record.warning for record in records.values()),
    ]
    frames = _count_frames(records.values())
    return ColorizeReport(output, frames, tuple(warning for warning in warnings if warning))


def _plan(
    reader: VideoReader, planes: tuple[int, int], colors: ColorSource, job: FilmJob, repair: Repair | None
) -> Plan:
    """Plan the segments of a video whose U plane has the shape `planes`; black bars are not looked for yet."""
    return Plan(
        source=reader.path,
        colors=colors,
        fields=reader.info.fields if job.deinterlace else None,
        restore_luma=job.restore_luma,
        encoding=job.encoding,
        span=repair.span if repair else job.span,
        cutting=job.cutting_of(reader.info),
        shape=fit_short_side(planes, MOST_SIDE) if min(planes) >= FINE_SIDE else reader.info.stored_size,
        area=None,
        kept=repair.kept if repair else None,
    )


def _identity(plan: Plan, job: FilmJob, repair: Repair | None) -> dict:
    """Give all that segments depend on: a run that has the same can go on with them."""
    settings = plan.colors.settings() | {
        "find_bars": job.find_bars,
        "deinterlaced": plan.fields,
        "luma_restored": plan.restore_luma,
        "encoding": plan.encoding._replace(sound="auto"),  # of which segments have none
        "span": plan.span,
        "cutting": plan.cutting,
    }
    settings |= repair.settings if repair else {}
    return {"source": identify(plan.source), "settings": settings, "versions": versions()}


def _join(
    reader: VideoReader,
    work: WorkFolder,
    part: Path,
    records: Mapping[int, SegmentRecord],
    plan: Plan,
    repair: Repair | None,
) -> list[str]:
    """Put the finished segments together in a file; return what it lacks, in sentences."""
    segments = _segments(work, records)
    return join_segments(
        repair.segments(segments) if repair else segments,
        reader,
        part,
        encoding=plan.encoding,
        span=WHOLE if repair else plan.span,
        is_deinterlaced=plan.lost_fields is not None,
        shown=work.target,
    )


def _check_coding(reader: VideoReader, work: WorkFolder, plan: Plan, repair: Repair) -> None:
    """Check, by one gray frame, that an earlier result was coded as the part that is to be made anew will be.

    Raises:
        InputError: if it was not.
    """
    lost_fields = plan.lost_fields is not None
    with work.scratch_output() as part:
        with open_output(reader, part, plan.encoding, is_deinterlaced=lost_fields, shown=work.target) as writer:
            kind = np.uint8 if writer.bit_depth == 8 else np.uint16
            writer.write_luma(np.zeros((writer.height, writer.width), kind), pts=0)
        repair.check_coding(part)


def _check_video(reader: VideoReader, work: WorkFolder, encoding: Encoding) -> tuple[int, int]:
    """Check that a video can be coloured and the output can hold what it has; return the shape of its U plane."""
    check_size(reader)
    with work.scratch_output() as part:
        writer = open_output(reader, part, encoding, shown=work.target)
        try:
            keep_streams(reader, writer)
        finally:
            writer.discard()
    return writer.chroma_shape


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
    length_s = float(info.frames / info.rate) if info.frames else info.duration_s
    end = min(span.end or math.inf, length_s or math.inf)
    return None if end == math.inf else max(0, round((end - span.start) * info.rate))


def is_complete(records: Mapping[int, SegmentRecord]) -> bool:
    """Tell whether these records of segments are all that a video has."""
    return any(record.following is None and index + 1 == len(records) for index, record in records.items())


def _segments(work: WorkFolder, records: Mapping[int, SegmentRecord]) -> list[Segment]:
    return [
        Segment(work.segment_path(index), record.times, record.order, record.end)
        for index, record in records.items()
    ]


def _color_segments(
    plan: Plan,
    reader: VideoReader,
    work: WorkFolder,
    finished: Mapping[int, SegmentRecord],
    spread: Spread,
    progress: Progress,
) -> dict[int, SegmentRecord]:
    """Colour the segments that are not finished; return their records by their index."""
    done, total = _count_frames(finished.values()), expected_frames(reader.info, plan.span)

    def tell(before: int, frames: int) -> None:
        progress(before + frames, total)

    made: dict[int, SegmentRecord] = {}
    if spread.is_local:
        painter = Painter(reader, plan)
        for place, tape in unfinished(reader, plan.span, plan.cutting, finished, remembered_by(plan)):
            made[place.segment] = painter.make(work, place.segment, tape, partial(tell, done))
            done += _count_frames([made[place.segment]])
        return made
    tell(done, 0)
    others = spread.but_for(partial(_give_up, plan.source))
    for index, record in others(partial(_make_elsewhere, plan, work), _places(plan, reader, finished)):
        made[index] = record
        done += _count_frames([record])
        tell(done, 0)
    return made


def _count_frames(records: Iterable[SegmentRecord]) -> int:
    return sum(len(record.times) for record in records)


def _places(plan: Plan, reader: VideoReader, finished: Mapping[int, SegmentRecord]) -> Iterator[Place]:
    """Yield the segments to be made; to find the next one, the frames of each are read here as well."""
    for place, tape in unfinished(reader, plan.span, plan.cutting, finished, remembered_by(plan)):
        yield place
        for _ in tape.segment():
            pass


def _give_up(source: Path, place: Place) -> NoReturn:
    raise VidcolorError(f"{source}: its segment {place.segment + 1} took several processes down")


def _make_elsewhere(plan: Plan, work: WorkFolder, place: Place) -> tuple[int, SegmentRecord]:
    """Make one segment, in any process; return its index and record."""
    with VideoReader(plan.source) as reader:
        tape = Tape(reader, plan.span, plan.cutting, place, remembered_by(plan))
        return place.segment, Painter(reader, plan).make(work, place.segment, tape, lambda frames: None)
