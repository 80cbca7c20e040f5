"""Paint the segments of a film: its frames read, their colours made, both written, at the same time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.film.picture import ColorSource, Picture
from vidcolor_utils.film.record import SegmentRecord
from vidcolor_utils.film.repair import Kept, with_kept
from vidcolor_utils.film.tape import Cutting, Remember, Tape, TapeFrame, as_it_is
from vidcolor_utils.film.work_folder import WorkFolder
from vidcolor_utils.pictures.active_area import Area, ab_in_area, find_active_area
from vidcolor_utils.pictures.chroma import (
    hdr_planes,
    lightness_table,
    resize_ab,
    shown_luma,
    uv_planes,
)
from vidcolor_utils.pictures.restore import Deflicker, denoised
from vidcolor_utils.pictures.sizes import resized, shrunk_in_steps
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.machine import give_back
from vidcolor_utils.system.pipeline import paired, running_ahead
from vidcolor_utils.video.codecs import Encoding, is_large
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.ffmpeg import packet_order
from vidcolor_utils.video.fields import deinterlaced, without_second_field
from vidcolor_utils.video.files import sample_lumas
from vidcolor_utils.video.formats import NOTHING, LumaFrame, chroma_planes, to_depth
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import open_output
from vidcolor_utils.video.times import WHOLE, Span
from vidcolor_utils.video.writer import VideoWriter

FINE_SIDE = 192  # where the U plane's short side is less, colours are made from the luma at its full size


class Waiting(NamedTuple):
    """Results that may wait between the steps of `Painter.paint`."""

    pictures: int
    colored: int  # more of these, as a network makes them in bursts
    encodable: int


USUAL, FEW = Waiting(2, 4, 1), Waiting(1, 1, 1)  # few: 125 MB less at 2160p, and as fast there


class Plan(NamedTuple):
    """All that the segments of a video depend on; another process can make them if `colors` can be sent there."""

    source: Path
    colors: ColorSource
    fields: str | None  # the order of fields of frames to de-interlace; None: they stay as they are
    restore_luma: bool  # whether flicker and grain are taken out of what is written, after that
    encoding: Encoding
    span: Span
    cutting: Cutting
    shape: tuple[int, int]  # (height, width), before it is turned, of the luma that colours are made from
    area: Area | None  # the picture between black bars; None if they are to be coloured as well
    kept: Kept | None = None  # where frames keep the colours of an earlier result

    @property
    def lost_fields(self) -> str | None:
        """The order of fields that what is written has no longer."""
        return self.fields if self.restore_luma else None


class Painter:
    """Makes segments of one video in colour.

    Args:
        reader: the open video.
        plan: how; times count from the start of its span.
    """

    def __init__(self, reader: VideoReader, plan: Plan):
        self._reader, self._plan = reader, plan
        self._transfer = reader.colors.transfer
        self._start = round((reader.start + Fraction(plan.span.start)) / reader.time_base)

    def make(self, work: WorkFolder, index: int, tape: Tape, tell: Callable[[int], None]) -> SegmentRecord:
        """Colour the segment that a tape stands at and keep it; return its record.

        Args:
            work: where to keep it.
            index: of the segment.
            tape: frames of the painter's video.
            tell: called with the number of frames done, after every frame.

        Raises:
            InputError, OutputError: as `paint` does.
        """
        times, end = [], 0
        with (
            work.segment(index) as part,
            closing(self.paint(tape.segment(), part, shown=work.target)) as painted,
        ):
            for time, duration in painted:
                times.append(time)
                end = time + duration
                tell(len(times))
        path, following = work.segment_path(index), tape.following()
        is_end = following is None and self._plan.span == WHOLE
        record = SegmentRecord(
            times=times,
            order=packet_order(path),
            end=end,
            following=following and following.anchor,
            warning=self._reader.truncation_warning() if is_end else None,
            bytes=path.stat().st_size,
        )
        work.keep(index, record)
        give_back()
        return record

    def paint(
        self, frames: Generator[TapeFrame, None, None], path: Path, *, shown: Path
    ) -> Generator[tuple[int, int], None, None]:
        """Write the frames of one segment; reading, colouring and writing overlap.

        Args:
            frames: see `Tape.segment`.
            path: file to write; in it times count from the segment's first frame.
            shown: how messages call it.

        Yields:
            After each frame its time, from the start of the span, and how long it is shown.

        Raises:
            InputError: if there is no frame.
            OutputError: if the file cannot be written.
        """
        first = None
        waiting = FEW if is_large(self._reader.info.stored_size) else USUAL
        with (
            open_output(
                self._reader,
                path,
                self._plan.encoding,
                is_deinterlaced=bool(self._plan.lost_fields),
                shown=shown,
            ) as writer,
            running_ahead(self._pictures(frames), waiting.pictures) as pictures,
            running_ahead(self._colored(pictures), waiting.colored) as colored,
            running_ahead(self._encodable(colored, writer), waiting.encodable) as encodable,
        ):
            for frame, planes in encodable:
                time = frame.pts - self._start
                first = time if first is None else first
                writer.write_planes(*planes, pts=time - first)
                yield time, frame.duration
            if first is None:
                raise InputError(f"{self._reader.path}: there is no frame between the start and the end asked for")

    def _pictures(self, shown: Iterable[TapeFrame]) -> Generator[Picture, None, None]:
        """Yield what is written of each frame, and what is looked at."""
        info, plan = self._reader.info, self._plan
        for (original, is_own), frame in paired(shown, self._treated):
            luma = small_luma(frame.luma, info, plan.shape)
            yield Picture(frame if plan.restore_luma else original, luma, is_own)

    def _treated(self, shown: Iterable[TapeFrame]) -> Iterator[LumaFrame]:
        """Yield frames de-interlaced and restored, as far as the plan has it."""
        info, plan = self._reader.info, self._plan
        frames: Iterator[LumaFrame] = (frame for frame, _ in shown)
        if plan.fields:
            # To average pairs of lines, as `small_luma` does, is not enough: what moves is then seen twice.
            frames = deinterlaced(frames, plan.fields, bit_depth=info.bit_depth)
        return map(luma_restorer(info), frames) if plan.restore_luma else frames

    def _colored(self, pictures: Iterable[Picture]) -> Generator[tuple[Picture, np.ndarray | None], None, None]:
        """Yield the segment's own pictures with their ab, as small as it comes; None where they have colour."""
        own = (item for item in paired(pictures, self._colors) if item[0].is_own)
        if self._plan.kept:
            own = with_kept(own, self._plan.kept)
        yield from own

    def _colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of pictures, of what lies between black bars."""
        area = self._plan.area

        def shown(picture: Picture) -> Picture:
            luma = area.cut(picture.luma) if area else picture.luma
            return picture._replace(luma=shown_luma(luma, self._transfer))

        return self._plan.colors.colors(map(shown, pictures))

    def _made_for(self, picture: Picture, ab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the luma that U and V are made for, no finer than these colours in a large frame, and its ab."""
        luma, area = picture.luma, self._plan.area
        if area and not area.is_all_of(luma.shape):
            return luma, ab_in_area(ab, luma.shape, area)
        is_shrunk = luma.size < picture.frame.luma.size
        if is_shrunk and min(ab.shape[:2]) < min(luma.shape):
            luma = shrunk_in_steps(luma, ab.shape[:2])
        return luma, resize_ab(ab, luma.shape)

    def _encodable(
        self, colored: Iterable[tuple[Picture, np.ndarray | None]], writer: VideoWriter
    ) -> Generator[tuple[LumaFrame, tuple[np.ndarray, np.ndarray, np.ndarray]], None, None]:
        """Yield each frame with its Y, U and V as the writer takes them."""
        lightness_table()  # while the first frame is still without colours
        for picture, ab in colored:
            u, v = self._kept_chroma(picture, writer) if ab is None else self._chroma(picture, ab, writer)
            luma = to_depth(picture.frame.luma, self._reader.info.bit_depth, writer.bit_depth)
            yield picture.frame, (luma, u, v)

    def _kept_chroma(self, picture: Picture, writer: VideoWriter) -> tuple[np.ndarray, np.ndarray]:
        decoded, fields = picture.frame.decoded, self._plan.lost_fields
        u, v = chroma_planes(decoded, writer.pixel_format)
        if fields and decoded.interlaced_frame:
            return without_second_field(u, fields), without_second_field(v, fields)
        return u, v

    def _chroma(self, picture: Picture, ab: np.ndarray, writer: VideoWriter) -> tuple[np.ndarray, np.ndarray]:
        colors, bits = self._reader.colors, writer.bit_depth
        luma, ab = self._made_for(picture, ab)
        seen = shown_luma(luma, self._transfer)
        planes = uv_planes(seen, ab, colors.weights, bit_depth=bits, full_range=writer.full_range)
        if colors.is_hdr:
            planes = hdr_planes(planes, luma, self._transfer, bit_depth=bits)
        u, v = (resized(self._reader.info.orientation.stored(plane), writer.chroma_shape) for plane in planes)
        return u, v


def remembered_by(plan: Plan) -> Remember:
    """Return what makes the frames of a lead small: the colours that they lead to need no more than `small_luma`.

    A hundred whole ones would take more memory than all else. They stay whole where more of them is looked at.
    """
    if plan.fields or plan.restore_luma or plan.colors.looks_at_frames:
        return as_it_is

    def small(frame: LumaFrame) -> LumaFrame:
        return frame._replace(luma=resized(frame.luma, plan.shape), decoded=NOTHING)

    return small


def small_luma(stored: np.ndarray, info: VideoInfo, shape: tuple[int, int]) -> np.ndarray:
    """Make upright luma (h, w) float32 in [0, 1] from a stored plane; `shape` is its size before it is turned."""
    return info.orientation.upright(info.luma01(shrunk_in_steps(stored, shape)))


def luma_restorer(info: VideoInfo) -> Callable[[LumaFrame], LumaFrame]:
    """Return what restores the luma planes of a film themselves, to be called with its frames in order."""
    deflicker = Deflicker()
    black, white = info.luma_range

    def restore(frame: LumaFrame) -> LumaFrame:
        luma = info.luma01(frame.luma)
        clean = denoised(deflicker(luma).apply(luma)) * np.float32(white - black) + black
        return frame._replace(luma=np.rint(clean).astype(frame.luma.dtype))

    return restore


def find_area(reader: VideoReader, planes: tuple[int, int], shape: tuple[int, int]) -> Area:
    """Find the picture between black bars.

    Args:
        reader: the open film.
        planes: size (height, width), before it is turned, of the luma it is looked for in: that of the U plane,
            free of grain.
        shape: the same of the luma that it is given for, as `Plan.shape`.
    """
    area = find_active_area(small_luma(luma, reader.info, planes) for luma in sample_lumas(reader))
    if reader.info.orientation.is_turned:
        planes, shape = (planes[1], planes[0]), (shape[1], shape[0])
    return area.resized(planes, shape)
