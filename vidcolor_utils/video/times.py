"""Times in a video: a part of it, and times that start over, jump, or are not there."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice
from math import inf
from numbers import Real
from pathlib import Path
from typing import NamedTuple

import av
import av.container
import av.error

from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import Within
from vidcolor_utils.video.ffmpeg import Packets, open_input

TS_DISCONT = 0x200  # flag of FFmpeg's formats whose times may start over, as a broadcast's do
WITHOUT_TIMES = ("avi",)  # formats that say when packets are decoded, not when they are shown
# A time further ahead of, or behind, what was expected is of another part (FFmpeg's own).
JUMP_S, BACK_S = 10, Fraction(1, 10)
REORDERED = 20  # packets after a key frame among which are all whose frames are shown before it
MAX_REORDERED = 1000  # frames between the times of decoding and showing; encoders use 16 at most


class Span(NamedTuple):
    """A part of a video, in seconds from its start."""

    start: float = 0.0
    end: float | None = None  # exclusive; None: up to the end of the video

    def holds(self, seconds: float) -> bool:
        """Tell whether a time lies in it."""
        return self.start <= seconds and (self.end is None or seconds < self.end)

    def meets(self, other: Span) -> bool:
        """Tell whether any time lies in both."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)


WHOLE = Span()


def checked_span(span: Span, name: str = "span") -> Span:
    """Check that a part of a video can be one; returns it in Python's own numbers; an end of infinity is none.

    Raises:
        OptionError: if it begins before the video, or does not end after its start.
    """
    start, end = span
    has_start = Within(0).allows(start)
    has_end = end is None or (has_start and isinstance(end, Real) and not isinstance(end, bool) and start < end)
    if not (has_start and has_end):
        raise OptionError(f"`{name}` must start at 0 or later and end after its start. Received: {span}")
    return Span(float(start), None if end is None or end == inf else float(end))


def start_of(container: av.container.InputContainer) -> Fraction:
    """Tell when an open input begins, in seconds.

    FFmpeg rounds it to microseconds; what is meant is the time of the stream that begins there.
    """
    rounded, most = Fraction(container.start_time or 0, av.time_base), Fraction(1, av.time_base)
    exact = (
        stream.start_time * Fraction(stream.time_base)
        for stream in container.streams
        if stream.start_time is not None and stream.time_base is not None
    )
    return min((time for time in exact if abs(time - rounded) <= most), default=rounded)


@dataclass
class _StreamTimes:
    """Where one stream stands, in seconds as they are given out."""

    part: int = 0
    last: Fraction | None = None
    expected: Fraction | None = None


class JoinedTimes:
    """Makes the times of a file whose parts were recorded or joined one after the other run on, as FFmpeg does.

    Every stream of a part is moved by the same time, so that sound stays with its pictures.

    Args:
        container: an open input; times of formats that cannot start over stay as they are.
    """

    def __init__(self, container: av.container.InputContainer):
        self.may_jump = bool(container.format.flags & TS_DISCONT)
        self._moved = [Fraction(0)]  # what is added to the times of each part, in seconds
        self._streams: dict[int, _StreamTimes] = {}

    @property
    def parts(self) -> int:
        """Number of parts found so far."""
        return len(self._moved)

    def put_right(self, packet: av.Packet) -> None:
        """Change a packet's times; packets come in the order of the file."""
        time = packet.dts if packet.dts is not None else packet.pts
        if not self.may_jump or time is None or packet.time_base is None:
            return
        seconds = time * packet.time_base
        if packet.stream.type in ("video", "audio"):
            moved = self._move_of(packet, seconds)
        else:
            moved = self._moved[max((stream.part for stream in self._streams.values()), default=0)]
        shift = round(moved / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift

    def _move_of(self, packet: av.Packet, seconds: Fraction) -> Fraction:
        """Tell what is added to the times of a packet of pictures or sound, and note where its stream stands."""
        stream = self._streams.setdefault(packet.stream.index, _StreamTimes())
        self._find_part(stream, seconds)
        moved = self._moved[stream.part]
        if stream.part and stream.last is not None:  # parts that overlap a little: a muxer wants times that rise
            moved = max(moved, stream.last + packet.time_base - seconds)
        stream.last = seconds + moved
        stream.expected = stream.last + (packet.duration or 0) * packet.time_base
        return moved

    def _find_part(self, stream: _StreamTimes, seconds: Fraction) -> None:
        """Find the part that a packet of a stream belongs to; begin one if it is the first of it."""
        if stream.expected is None or not _jumps(stream, seconds + self._moved[stream.part]):
            return
        for part in range(stream.part + 1, self.parts):
            if not _jumps(stream, seconds + self._moved[part]):
                stream.part = part  # another stream got there first
                return
        self._moved.append(stream.expected - seconds)
        stream.part = self.parts - 1


def has_parts(path: Path) -> bool:
    """Tell whether a file is of parts whose times start over: then a time does not say where a frame is.

    Reads all of it the first time.
    """
    file = path.stat()
    return _has_parts(path, file.st_size, file.st_mtime_ns)


@cache
def _has_parts(path: Path, _size: int, _changed: int) -> bool:
    with open_input(path) as container:
        joined = JoinedTimes(container)
        packets = Packets(container, *container.streams)
        try:
            while joined.parts == 1:
                joined.put_right(next(packets))
        except (StopIteration, av.error.FFmpegError):  # its end, or where it is broken
            return False
    return True


def _jumps(stream: _StreamTimes, time: Fraction) -> bool:
    if stream.expected is None or stream.last is None:
        return False
    return abs(time - stream.expected) > JUMP_S or time < stream.last - BACK_S


class ShownTimes:
    """Gives frames the times at which they are shown, where a format does not say them.

    Such a format has one packet a frame at even times: the first frame shown gets the time of the first packet,
    and so on; but where reading begins at a key frame in the middle, that of the first whose frame can be shown.

    Args:
        container: an open input; frames of other formats keep their times.
        lost: so many packets at first have no frame, see `frames_lost`.
    """

    def __init__(self, container: av.container.InputContainer, lost: int = 0):
        self._is_needed = container.format.name in WITHOUT_TIMES
        self._times: deque[int] = deque()
        self._lost = lost

    def note(self, packet: av.Packet) -> None:
        """Take note of a packet that is about to be decoded."""
        if self._is_needed and packet.size and packet.dts is not None:
            self._times.append(packet.dts)
            if self._lost:
                self._times.popleft()
                self._lost -= 1

    def put_right(self, frame: av.VideoFrame) -> None:
        """Change a frame's time; frames come in the order shown."""
        if self._is_needed and self._times:
            frame.pts = self._times.popleft()


def frames_lost(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """Count the frames behind a key frame in the file that cannot be shown if reading begins with it.

    They are shown before it, and need a frame before them. Reads on: whoever counts seeks once more.

    Args:
        container: stands at a key frame.
        stream: of its pictures.
    """
    if container.format.name not in WITHOUT_TIMES or not stream.codec_context.has_b_frames:
        return 0
    packets = [packet for packet in islice(Packets(container, stream), REORDERED) if packet.size]
    shown = 0
    for packet in (*packets, None):
        with suppress(av.error.FFmpegError):
            shown += len(stream.codec_context.decode(packet))
    return len(packets) - shown


class LastPacket:
    """Holds each packet of a stream until the next one comes: the duration of the last decides that of the whole.

    Args:
        frame_step: from one frame to the next, in the packets' unit of time.
    """

    def __init__(self, frame_step: int):
        self._step = frame_step
        self._held: av.Packet | None = None
        self._dts_before: int | None = None  # of the packet before it
        self._first_dts: int | None = None
        self._shown: tuple[int, int] | None = None  # when the first frame begins, and the last ends, to be shown

    def show(self, pts: int, duration: int | None = None) -> None:
        """Take note of when a frame is shown."""
        begin, end = self._shown or (pts, pts)
        self._shown = min(begin, pts), max(end, pts + (duration or self._step))

    def exchanged(self, packet: av.Packet) -> av.Packet | None:
        """Hold a packet, in the order of decoding, and return the one that was held."""
        before, self._held = self._held, packet
        self._dts_before = None if before is None else before.dts
        _set_decoding_time(packet, self._step)
        self._first_dts = packet.dts if self._first_dts is None else self._first_dts
        packet.duration = packet.duration or self._step
        return before

    def released(self, *, sums_up: bool) -> av.Packet | None:
        """Return the last packet.

        Args:
            sums_up: whether its container, as .mp4 does, tells how long it lasts by what lies between packets as
                decoded, and by when the last one ends, which is seldom that of the last frame shown. Then it is
                decoded as long before it is shown as the first one, and lasts until the last frame ends.
        """
        held, first_dts = self._held, self._first_dts
        if not sums_up or held is None or held.pts is None or self._shown is None or first_dts is None:
            return held
        begin, end = self._shown
        dts = first_dts + held.pts - begin
        held.dts = dts if self._dts_before is None else max(dts, self._dts_before + 1)
        held.duration = max(1, end - begin - (held.dts - first_dts))
        return held


def _set_decoding_time(packet: av.Packet, frame_step: int) -> None:
    """Set the time of decoding that x265 leaves unset where a film has a single frame.

    Args:
        packet: as encoded.
        frame_step: from one frame to the next, in the packet's unit of time.
    """
    if packet.pts is not None and packet.dts is not None:
        is_set = packet.pts - packet.dts <= MAX_REORDERED * frame_step
        packet.dts = packet.dts if is_set else packet.pts
