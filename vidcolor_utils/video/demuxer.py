"""Packets of a video file: in the order of the file, with times that run on, and from where one seeks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import Self

import av
import av.error
import av.stream

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.counts import Counts
from vidcolor_utils.video.ffmpeg import Packets, find_video, is_damage, marks_end, open_input, reason
from vidcolor_utils.video.times import (
    JUMP_S,
    REORDERED,
    JoinedTimes,
    ShownTimes,
    frames_lost,
    has_parts,
    start_of,
)

LOOK_BYTES, LOOK_PACKETS = 1 << 26, 2000  # read ahead at most to find out whether a time is taken back


class Plausible(Iterator[tuple[av.Packet, bool]]):
    """Packets of an input, with damaged times put right: a few that are far from what is expected.

    Damaged are only those that a later packet of the stream takes back: it goes on where it stood before them.
    A long pause, which nothing takes back, stays. To find out, packets are read ahead, up to `LOOK_BYTES` of them.

    Args:
        packets: of sound and pictures, whose times do not start over, and others, which stay as they are.

    Yields:
        Each packet, and whether its times were damaged.
    """

    def __init__(self, packets: Iterator[av.Packet]):
        self._packets = packets
        self._ahead: deque[tuple[av.Packet, bool]] = deque()
        self._broken: av.error.FFmpegError | None = None  # behind what was read ahead
        self._before: dict[int, tuple[Fraction, Fraction]] = {}  # time and step of each stream's last packet

    def __next__(self) -> tuple[av.Packet, bool]:
        if self._broken and not self._ahead:
            raise self._broken
        packet, was_wrong = self._ahead.popleft() if self._ahead else (next(self._packets), False)
        time = _seconds(packet)
        if time is None:
            return packet, was_wrong
        before, step = self._before.get(packet.stream.index, (time, Fraction(0)))
        if abs(time - before) > _most(step) and (wrong := self._taken_back(packet, time, before, step)):
            shift = round((time - before - step) / packet.time_base)
            for each in wrong:
                each.pts = None if each.pts is None else each.pts - shift
                each.dts = each.pts
            self._ahead = deque((each, known or each in wrong) for each, known in self._ahead)
            time, was_wrong = before + step, True
        if packet.duration:
            step = packet.duration * packet.time_base
        elif before < time <= before + JUMP_S:
            step = time - before
        self._before[packet.stream.index] = time, step
        return packet, was_wrong

    def _taken_back(self, packet: av.Packet, time: Fraction, before: Fraction, step: Fraction) -> list[av.Packet]:
        """Read ahead; return the packets with damaged times, that one first, none if there are none."""
        wrong, last = [packet], time
        for each in self._read_ahead():
            now = _seconds(each)
            if now is None or each.stream.index != packet.stream.index:
                continue
            expected = before + step + (last - time) + step
            if abs(now - expected) <= _most(step) / 2:
                return wrong
            if abs(now - last) > _most(step):
                return []
            wrong.append(each)
            last = now
        return []

    def _read_ahead(self) -> Iterator[av.Packet]:
        yield from [packet for packet, _ in self._ahead]
        size = sum(packet.size for packet, _ in self._ahead)
        while not self._broken and size < LOOK_BYTES and len(self._ahead) < LOOK_PACKETS:
            try:
                packet = next(self._packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                self._broken = error
                return
            self._ahead.append((packet, False))
            size += packet.size
            yield packet


def _seconds(packet: av.Packet) -> Fraction | None:
    """The time of a packet of pictures or sound that has one."""
    time = packet.dts if packet.pts is None else packet.pts
    if time is None or not packet.time_base or packet.stream.type not in ("video", "audio"):
        return None
    return time * packet.time_base


def _most(step: Fraction) -> Fraction:
    """By how much times of two packets in a row differ at most, those of B-frames too, for not to look closer."""
    return max(Fraction(JUMP_S), 2 * REORDERED * step)


class Demuxer:
    """An open video file. Use as a context manager.

    Args:
        path: of the file.

    Attributes:
        start: when it begins, in seconds; times count from here.
        stream: of its pictures.
        counts: of what was read.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no video.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._open()
        self.start = start_of(self._container)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    @property
    def other_streams(self) -> list[av.stream.Stream]:
        """All streams of the file but the one whose frames are read."""
        return [stream for stream in self._container.streams if stream.index != self.stream.index]

    def restart(self, seconds: float = 0) -> None:
        """Go back to the start; or near a time, counted from there, if the file can be sought in."""
        if not self._is_unread:  # to open a file, FFmpeg decodes its first frame
            self._container.close()
            self._open()
        if seconds > 0:
            with suppress(av.error.FFmpegError):
                self._seek(seconds)

    def other_packets(self) -> Iterator[av.Packet]:
        """Yield the packets of the other streams, from where the reader stands."""
        if self.other_streams:
            for packet in self._packets(*self._container.streams):
                if packet.stream.index != self.stream.index and not marks_end(packet):
                    yield packet

    def frame_times(self) -> list[float]:
        """When frames are shown, by their packets, in seconds from the start, in order; reads all of the file."""
        self.restart()
        packets = (packet for packet in self._packets(self.stream) if packet.size)
        return sorted(float(time - self.start) for time in map(_seconds, packets) if time is not None)

    def _open(self) -> None:
        self._container, self._is_unread, self.counts = open_input(self.path), True, Counts()
        self._joined, self._shown = JoinedTimes(self._container), ShownTimes(self._container)
        self.stream = find_video(self._container, self.path)

    def _seek(self, seconds: float, *, blindly: bool = False) -> None:
        """Go near a time, before it; to the start where the time alone does not say where that is."""
        if not blindly and self._joined.may_jump and has_parts(self.path):
            return self.restart()
        self._is_unread = False
        self._go_to(seconds)
        if not blindly and (lost := frames_lost(self._container, self.stream)):
            self._go_to(seconds)
            self._shown = ShownTimes(self._container, lost)

    def _go_to(self, seconds: float) -> None:
        self._container.seek(round((seconds + float(self.start)) * av.time_base))
        self._joined, self._shown = JoinedTimes(self._container), ShownTimes(self._container)

    def _packets(self, *streams: av.stream.Stream) -> Iterator[av.Packet]:
        """Demux up to the end or to where the container is broken.

        Raises:
            InputError: if reading fails although the file is not damaged.
        """
        raw, self._is_unread = Packets(self._container, *streams), False
        packets = zip(raw, repeat(False)) if self._joined.may_jump else Plausible(raw)
        while True:
            try:
                packet, was_wrong = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                if not is_damage(self.path, error):
                    raise InputError(f"{self.path}: reading failed ({reason(error)}): try again") from None
                self.counts = self.counts._replace(damaged=self.counts.damaged + 1)
                return
            self._joined.put_right(packet)
            if was_wrong and packet.stream.index == self.stream.index:
                self.counts = self.counts._replace(mistimed=self.counts.mistimed + 1)
            yield packet

    def _but_damaged_end(self, packets: Iterator[av.Packet]) -> Iterator[av.Packet]:
        """Count the last packet of the video if the file is cut in it: decoding in threads would tell no error.

        It is left out where frames are shown in another order than decoded: those that wait would go with it.
        """
        held = None
        for packet in packets:
            if packet.stream.index == self.stream.index:
                is_cut = held is not None and marks_end(packet)
                if held is not None and not (is_cut and self.stream.codec_context.has_b_frames):
                    yield held
                held = packet if packet.is_corrupt else None
                if is_cut:
                    yield packet
                    self._count_cut()
                    continue
            if packet is not held:
                yield packet
        if held is not None:
            self._count_cut()

    def _count_cut(self) -> None:
        """Count a last packet that is damaged and gave no frame, but for one whose error was counted."""
        counts, is_left_out = self.counts, bool(self.stream.codec_context.has_b_frames)
        packets = counts.packets + is_left_out
        if counts.decoded + counts.damaged < packets:
            self.counts = counts._replace(packets=packets, damaged=counts.damaged + 1)
