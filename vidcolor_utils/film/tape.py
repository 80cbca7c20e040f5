"""Cut the frames of a video into segments that can be coloured one by one, in any run, to the same result.

A segment is a fixed number of frames, so that the source alone decides where the borders are. Each is coloured
afresh from a few frames before it (its lead), whose colours are thrown away: by its first frame the steady colours
are nearly what they would be had they been carried on (on three films 0.3 Lab units apart on average, at most). So
segments hang on no state that would have to be saved, and the same frames go through the network in the same
batches in every run.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from vidcolor_utils.colorizers.steady import BATCH, LOOKAHEAD
from vidcolor_utils.film.look import SEGMENT_S
from vidcolor_utils.film.record import SegmentRecord
from vidcolor_utils.video.counts import Anchor
from vidcolor_utils.video.formats import LumaFrame
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

FORGOTTEN = 0.02  # share of its weight that what lies before the lead still has
MAX_LEAD = 96  # frames; at a strength of 0.97 a twentieth of the weight is left by then


class Cutting(NamedTuple):
    """How a video is cut, in frames."""

    length: int  # of a segment
    lead: int  # looked at before a segment
    ahead: int  # looked at after it


UNCUT = Cutting(sys.maxsize, 0, 0)
Remember = Callable[[LumaFrame], LumaFrame]


def as_it_is(frame: LumaFrame) -> LumaFrame:
    """Remember all of a frame."""
    return frame


class Place(NamedTuple):
    """A segment, and where to begin to read it."""

    segment: int
    anchor: Anchor | None  # of the first frame of its lead; None: the start of the span


START = Place(0, None)


class TapeFrame(NamedTuple):
    """A frame of a segment."""

    frame: LumaFrame
    is_own: bool  # False for frames that are only looked at


def plan_cutting(
    rate: Fraction,
    *,
    seconds: float = SEGMENT_S,
    strength: float,
    every: int,
    offline: bool,
    lead: int = 0,
    ahead: int = 0,
) -> Cutting:
    """Choose the length of segments and of their leads.

    Args:
        rate: frames per second.
        seconds: length of a segment.
        strength, every, offline: as for `SteadyColorizer`.
        lead, ahead: frames before and after a segment that it needs for other reasons.

    Returns:
        Numbers of frames; the lead is a multiple of the frames that the network sees at once, but no longer than
        `MAX_LEAD` and a segment.
    """
    length = segment_frames(rate, seconds)
    batch = BATCH * every
    remembered = math.log(FORGOTTEN) / math.log(strength) if strength else 0
    lead = min(math.ceil(max(remembered, lead) / batch) * batch, MAX_LEAD, length)
    return Cutting(length, lead, max(LOOKAHEAD if offline else 0, ahead))


def segment_frames(rate: Fraction, seconds: float) -> int:
    """Tell how many frames a segment of so many seconds has, at so many frames per second."""
    return max(1, round(seconds * rate))


class Tape:
    """The frames of a video, read once and given out as segments that overlap.

    Args:
        reader: the open video.
        span: the part of it to read.
        cutting: how to cut it.
        place: the first segment to give out.
        remembered: makes of a frame what is given out once more, as the lead of the next segment.
    """

    def __init__(
        self, reader: VideoReader, span: Span, cutting: Cutting, place: Place, remembered: Remember = as_it_is
    ):
        self._cutting, self._index, self._remembered = cutting, place.segment, remembered
        self._anchors: dict[int, Anchor] = {}
        self._frames = self._noting_anchors(reader, frames_after(reader, span, place.anchor), place.anchor)
        lead = islice(self._frames, _lead_frames(cutting, place.segment))
        self._past = deque(map(remembered, lead), maxlen=cutting.lead)
        self._waiting: deque[LumaFrame] = deque()

    def segment(self) -> Generator[TapeFrame, None, None]:
        """Yield the next segment: its lead, its frames, and what it looks at ahead."""
        self._index += 1
        for frame in list(self._past):
            yield TapeFrame(frame, False)
        for _ in range(self._cutting.length):
            if not self._fill(1):
                return
            frame = self._waiting.popleft()
            self._past.append(self._remembered(frame))
            yield TapeFrame(frame, True)
        self._fill(self._cutting.ahead)
        for frame in list(self._waiting)[: self._cutting.ahead]:
            yield TapeFrame(frame, False)

    def following(self) -> Place | None:
        """Tell where the segment after the last one that was read begins; None if there are no more frames."""
        return Place(self._index, self._anchors[self._index]) if self._fill(1) else None

    def _fill(self, count: int) -> bool:
        """Have `count` frames waiting; False if there is none."""
        self._waiting.extend(islice(self._frames, max(0, count - len(self._waiting))))
        return bool(self._waiting)

    def _noting_anchors(
        self, reader: VideoReader, frames: Iterable[LumaFrame], first: Anchor | None
    ) -> Iterator[LumaFrame]:
        """Yield frames; those at which later segments begin to be read are noted by the segment's index."""
        for number, frame in enumerate(frames, start=first.number if first else 0):
            index, rest = divmod(number + self._cutting.lead, self._cutting.length)
            if index and not rest:
                self._anchors[index] = Anchor.of(number, frame.pts, frame.luma, reader.counts)
            yield frame


def _lead_frames(cutting: Cutting, index: int) -> int:
    return min(cutting.lead, index * cutting.length)


def unfinished(
    reader: VideoReader,
    span: Span,
    cutting: Cutting,
    records: Mapping[int, SegmentRecord],
    remembered: Remember = as_it_is,
) -> Iterator[tuple[Place, Tape]]:
    """Find the segments that have no record, in order.

    Args:
        reader: the open video.
        span: the part of it to read.
        cutting: how it is cut.
        records: of the finished segments by their index; gaps are what is to be made.
        remembered: as for `Tape`.

    Yields:
        A segment, and a tape that stands at it, from which it must be read before the next one is asked for.
    """
    place: Place | None = START
    tape = None
    while place is not None:
        if place.segment in records:
            tape, anchor = None, records[place.segment].following
            place = None if anchor is None else Place(place.segment + 1, anchor)
        else:
            tape = tape or Tape(reader, span, cutting, place, remembered)
            yield place, tape
            place = tape.following()


def frames_after(reader: VideoReader, span: Span, anchor: Anchor | None) -> Iterator[LumaFrame]:
    """Read the frames of a span from an anchor on.

    The anchor is sought; where that does not find the very frame that was noted, frames are counted from the start
    of the span, which takes longer and cannot fail.
    """
    if anchor is None:
        return reader.frames_in(span)
    found = reader.seek_to(anchor, span)
    return found if found is not None else islice(reader.frames_in(span), anchor.number, None)
