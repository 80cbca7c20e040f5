"""Make one span of a coloured film anew; what is around it stays, packet by packet.

What is before the span can end where all frames so far are complete; what is behind it can begin only where
nothing before is needed, at a frame that is coded by itself and that no later packet precedes. The span is widened
to such places; the frames that come in so keep the colours that they had, coded once more. All others are copied.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.film.joining import Segment
from vidcolor_utils.film.picture import Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.ffmpeg import packets_of, ranks, video_header
from vidcolor_utils.video.formats import SAME_S, LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

CLOCKS_S = 2e-3  # by which the times of a frame differ in two files: Matroska's are in thousandths


class Kept(NamedTuple):
    """Whose colours the frames outside a span keep."""

    earlier: Path
    only: Span  # seconds of the film
    moved: float  # seconds by which the film's times are later than those of the earlier result


class _Packet(NamedTuple):
    """What is known of a packet."""

    pts: int
    is_key: bool
    duration: int


class Repair:
    """One span of an earlier result, to be made anew.

    Args:
        earlier: the file of the earlier result.
        source: the film that it is of, open.
        only: the span, in seconds of the film.

    Raises:
        InputError: if there is no such result, if it is no video or one of another size, or if it has no frame in
            the span.
    """

    def __init__(self, earlier: Path, source: VideoReader, only: Span):
        if not earlier.exists():
            raise InputError(f"{earlier}: there is no earlier result to repair: colour the whole film first")
        self._path, self._source, self._only = earlier, source, only
        self._identity = identify(earlier)
        self._read()
        self._first, self._end = self._widened(only)

    @property
    def kept(self) -> Kept:
        """Say whose colours frames outside the span keep."""
        end = None if self._only.end is None else self._only.end - SAME_S
        return Kept(self._path, Span(self._only.start - SAME_S, end), self._moved)

    @property
    def span(self) -> Span:
        """What is coded anew, in seconds; it begins and ends between frames, however times were rounded."""
        end = self._before(self._end) if self._end < len(self._times) else None
        return Span(self._before(self._first), end)

    @property
    def settings(self) -> dict:
        """Give all that the result depends on beside the film and its colours, as JSON holds it."""
        return {"only": self._only, "earlier": self._identity}

    @property
    def told(self) -> str | None:
        """A sentence if frames outside the span are coded once more."""
        first, end = self._asked(self._only)
        if (first, end) == (self._first, self._end):
            return None
        times = [time_text(float(self._time_of(frame))) for frame in (self._first, self._end)]
        count = first - self._first + self._end - end
        return (
            f"{self._path}: could be cut at {times[0]} and {times[1]} only: {count} frames between these kept "
            "their colours, but were coded once more"
        )

    def segments(self, made: Sequence[Segment]) -> list[Segment]:
        """Put segments of the span between the parts that are kept.

        Args:
            made: all of them; their times count from the start of the span.

        Raises:
            InputError: if their frames are not those that were there.
        """
        unit = self._source.time_base
        zero = round(self._source.start / unit)
        offset = round((self._source.start + Fraction(self.span.start)) / unit) - zero
        moved = [
            each._replace(times=[time + offset for time in each.times], end=each.end + offset) for each in made
        ]
        self._check(moved)
        return [*self._part(0, self._first), *moved, *self._part(self._end, len(self._times))]

    def check_coding(self, joined: Path) -> None:
        """Check that one decoder decodes both what was kept and what was made anew.

        Raises:
            InputError: if not.
        """
        if video_header(joined) != video_header(self._path):
            raise InputError(
                f"{self._path}: was coded in another way than the part made anew: name the codec, the quality and "
                "the preset that it was made with"
            )

    def _read(self) -> None:
        source = self._source
        with VideoReader(self._path) as reader:
            if reader.info.stored_size != source.info.stored_size:
                raise InputError(f"{self._path}: is no earlier result of {source.path}: it has another size")
            self._moved = next(source.luma_frames()).seconds - next(reader.luma_frames()).seconds
            zero, unit = reader.start - Fraction(self._moved), reader.time_base
        packets = [
            _Packet(each.pts, each.is_keyframe, each.duration or 0)
            for each in packets_of(self._path)
            if each.pts is not None
        ]
        shown = sorted(packets)
        self._order, self._are_keys = ranks([each.pts for each in packets]), [each.is_key for each in packets]
        self._times = [each.pts * unit - zero for each in shown]  # seconds of the film
        self._over = self._times[-1] + shown[-1].duration * unit

    def _asked(self, only: Span) -> tuple[int, int]:
        """The first frame of a span, and the first one behind it."""
        first = bisect_left(self._times, only.start - SAME_S)
        end = len(self._times) if only.end is None else bisect_left(self._times, only.end - SAME_S)
        return first, end

    def _widened(self, only: Span) -> tuple[int, int]:
        first, end = self._asked(only)
        if first >= end:
            raise InputError(f"{self._path}: has no frame in the span that is to be made anew")
        ends, begins = _ends(self._order), _begins(self._order, self._are_keys)
        return ends[bisect_right(ends, first) - 1], begins[bisect_left(begins, end)]

    def _check(self, made: Sequence[Segment]) -> None:
        unit = self._source.time_base
        found = [time * unit for segment in made for time in segment.times]
        wanted = self._times[self._first : self._end]
        if len(wanted) != len(found) or any(abs(a - b) > CLOCKS_S for a, b in zip(wanted, found, strict=True)):
            raise InputError(f"{self._path}: is no earlier result of {self._source.path}: it has other frames")

    def _before(self, frame: int) -> float:
        """A time between a frame and the one before."""
        return float(self._times[frame - 1] + self._times[frame]) / 2 if frame else 0.0

    def _time_of(self, frame: int) -> Fraction:
        return self._times[frame] if frame < len(self._times) else self._over

    def _part(self, first: int, end: int) -> list[Segment]:
        unit = self._source.time_base
        times = [round(time / unit) for time in self._times[first:end]]
        order = [rank - first for rank in self._order[first:end]]
        return [Segment(self._path, times, order, round(self._time_of(end) / unit), first)] if times else []


def _ends(order: Sequence[int]) -> list[int]:
    """Numbers of packets after which so many frames are complete, 0 among them."""
    found, most = [0], -1
    for place, rank in enumerate(order):
        most = max(most, rank)
        if most == place:
            found.append(place + 1)
    return found


def _begins(order: Sequence[int], are_keys: Sequence[bool]) -> list[int]:
    """Packets from which on nothing before is needed or shown, and the one behind the last."""
    found, least = [len(order)], len(order)
    for place in reversed(range(len(order))):
        least = min(least, order[place])
        if are_keys[place] and least == order[place] == place:
            found.append(place)
    return found[::-1]


def with_kept(
    colored: Iterable[tuple[Picture, np.ndarray | None]], kept: Kept
) -> Generator[tuple[Picture, np.ndarray | None], None, None]:
    """Give frames outside a span the colours of an earlier result for their own, and say that they keep them.

    Args:
        colored: pictures in order, each with its ab, or None where it keeps its own colours.
        kept: the earlier result, and the span.

    Raises:
        InputError: if the earlier result has no such frame.
    """
    with VideoReader(kept.earlier) as reader:
        frames: Iterator[LumaFrame] | None = None
        for picture, ab in colored:
            if kept.only.holds(picture.frame.seconds):
                yield picture, ab
                continue
            begin = picture.frame.seconds - kept.moved - CLOCKS_S
            frames = frames or reader.frames_in(Span(max(0.0, begin)))
            same = next((frame for frame in frames if frame.seconds >= begin), None)
            if same is None:
                raise InputError(f"{kept.earlier}: is no earlier result of this film: it has other frames")
            yield picture._replace(frame=picture.frame._replace(decoded=same.decoded)), None
