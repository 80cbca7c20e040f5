"""Packets of a video file: in the order of the file, with times that run on, and from where one seeks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import av
import av.error
import av.stream

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.counts import Counts
from vidcolor_utils.video.ffmpeg import Packets, find_video, is_damage, marks_end, open_input, reason
from vidcolor_utils.video.times import JoinedTimes, ShownTimes, frames_lost, has_parts, start_of


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
        packets, self._is_unread = Packets(self._container, *streams), False
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                if not is_damage(self.path, error):
                    raise InputError(f"{self.path}: reading failed ({reason(error)}): try again") from None
                self.counts = self.counts._replace(damaged=self.counts.damaged + 1)
                return
            self._joined.put_right(packet)
            yield packet
