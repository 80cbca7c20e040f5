"""Read video files: frames, untouched luma planes, time stamps, and the packets of the other streams.

RGB frames come upright. Only local files are opened, in formats that cannot refer to other files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, TypedDict

import av
import av.container
import av.error
import av.stream
import numpy as np

from vidcolor_utils.pictures.orientation import Orientation
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.counts import MISSING_S, Anchor, truncation_warning
from vidcolor_utils.video.demuxer import Demuxer
from vidcolor_utils.video.description import (
    ColorDescription,
    VideoInfo,
    describe_video,
    description_of,
    film_tags,
    has_captions,
)
from vidcolor_utils.video.ffmpeg import MAX_PIXELS, marks_end, reason
from vidcolor_utils.video.formats import SAME_S, LumaFrame, luma_format, luma_plane
from vidcolor_utils.video.times import WHOLE, WITHOUT_TIMES, Span

SEEK_MARGIN_S = 1.0  # seconds before the wanted frame at which to look for a key frame
MARGINS_S = (0.0, SEEK_MARGIN_S, 5.0, 25.0)  # the same, in turn, where the one before comes too late
FEW = 3  # frames in a row with times that do not rise, which are put 1 unit behind each other, as encoders err


class WriterSettings(TypedDict):
    """What a `VideoWriter` is told of the frames that it gets; see there."""

    rate: Fraction
    time_base: Fraction
    bit_depth: int
    colors: ColorDescription
    full_range: bool
    orientation: Orientation
    pixel_aspect: Fraction | None
    fields: str | None


class VideoReader(Demuxer):
    """An open video. Use as a context manager.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no video, has no frames, or declares frames too large to handle.
    """

    def __init__(self, path: str | Path):
        super().__init__(path)
        self.end: Fraction | None = None  # when the last frame read stops being shown, in seconds from the start
        try:
            self._first = self._decode_first()
            self.has_captions = has_captions(self._first)
            self.colors = description_of(self._first)
            self.luma_format = luma_format(self._first.format, int(self._first.color_range))
            self.info: VideoInfo = describe_video(self.path, self._container, self.stream, self._first)
        except BaseException:
            self._container.close()
            raise

    @property
    def tags(self) -> dict[str, str]:
        """The file's title and the like."""
        return film_tags(self._container.metadata)

    @property
    def video_tags(self) -> dict[str, str]:
        """The same of the video stream, such as its language."""
        return film_tags(self.stream.metadata)

    @property
    def chapters(self) -> list[dict]:
        """Chapters as PyAV gives them, with times that count from `start`."""
        return [
            chapter
            | {bound: chapter[bound] - round(self.start / chapter["time_base"]) for bound in ("start", "end")}
            for chapter in map(dict[str, Any], self._container.chapters())
        ]

    @property
    def time_base(self) -> Fraction:
        """Seconds in one unit of `LumaFrame.pts`; raises `InputError` if the file does not say."""
        if self.stream.time_base is None:
            raise InputError(f"{self.path}: the video's frames have no times")
        return self.stream.time_base

    def writer_settings(self) -> WriterSettings:
        """Arguments for a `VideoWriter` that keeps everything these frames have."""
        return {
            "rate": self.info.rate,
            "time_base": self.time_base,
            "bit_depth": self.info.bit_depth,
            "colors": self.colors,
            "full_range": self.info.full_range,
            "orientation": self.info.orientation,
            "pixel_aspect": self.info.pixel_aspect,
            "fields": self.info.fields,
        }

    def luma_frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[LumaFrame]:
        """Yield each frame's luma plane in display order, as stored (not rotated).

        Args:
            on_packet: called with the packets of the other streams as they come by.
        """
        step, last, in_a_row = max(1, round(1 / (self.info.rate * self.time_base))), None, 0
        for frame in self._frames(on_packet):
            pts = frame.pts if frame.pts is not None else (0 if last is None else last + step)
            in_a_row = 0 if last is None or pts > last else in_a_row + 1
            if in_a_row > FEW:
                self.counts = self.counts._replace(mistimed=self.counts.mistimed + 1)
            if last is not None:  # a player needs rising times
                pts = max(pts, last + (step if in_a_row > FEW else 1))
            last, duration = pts, frame.duration or step
            self.end = (pts + duration) * self.time_base - self.start
            seconds = float(pts * self.time_base - self.start)
            yield LumaFrame(luma_plane(frame), pts, seconds, frame, duration)

    def frames_in(self, span: Span = WHOLE) -> Iterator[LumaFrame]:
        """Read the frames whose times lie in a span; those before it are sought past where the file allows it."""
        self.restart()
        try:
            frames = self._frames_before(span.start, MARGINS_S[1:])
        except av.error.FFmpegError:  # the file cannot be sought in
            self.restart()
            frames = self.luma_frames()
        for frame in frames:
            if span.end is not None and frame.seconds >= span.end:
                return
            if frame.seconds >= span.start:
                yield frame

    def seek_to(self, anchor: Anchor, span: Span) -> Iterator[LumaFrame] | None:
        """Seek a frame; return it and those after it up to a span's end, or None where another one is found."""
        seconds = float(anchor.pts * self.time_base - self.start)
        frames = self.frames_in(Span(max(seconds - SEEK_MARGIN_S, 0.0), span.end))
        for frame in frames:
            if frame.pts >= anchor.pts:
                found = Anchor.of(anchor.number, frame.pts, frame.luma, self.counts)
                if not found.is_same_frame(anchor):
                    return None
                self.counts = anchor.counts
                return chain([frame], frames)
        return None

    def frames_from(self, seconds: float) -> Iterator[LumaFrame]:
        """Seek; yield the frames shown at or after a time, and first the one that is shown at that time.

        What is decoded beforehand begins at the key frame before.

        Raises:
            InputError: if the file cannot be sought in.
        """
        try:
            frames = self._frames_before(seconds, MARGINS_S)
        except av.error.FFmpegError as error:
            raise InputError(
                f"{self.path}: no seeking in this file ({reason(error)}): put it into an .mkv file first"
            ) from None
        shown = None
        for frame in frames:
            if shown is not None and frame.seconds > seconds + SAME_S:
                yield shown
            shown = frame
        if shown is not None:
            yield shown

    def _frames_before(self, seconds: float, margins_s: Sequence[float]) -> Iterator[LumaFrame]:
        """Seek; read from a frame on that is shown at a time or before it, or from the first.

        Some formats go to any packet near a time, and the next key frame may be seconds behind it.
        """
        for margin in margins_s:
            if seconds <= margin:
                break
            self._seek(seconds - margin)
            frames = self.luma_frames()
            first = next(frames, None)
            if first is not None and first.seconds <= seconds + SAME_S:
                return chain([first], frames)
        self.restart()
        return self.luma_frames()

    def luma_near(self, seconds: float) -> list[np.ndarray]:
        """Seek a key frame near a time; return its luma plane as stored, or nothing if that fails."""
        with suppress(av.error.FFmpegError):
            self._seek(seconds, blindly=True)
            for packet in self._packets(self.stream):
                for frame in packet.decode():
                    return [luma_plane(self._like_first(frame))]
        return []

    def first_luma(self) -> np.ndarray:
        """Luma plane of the first frame as stored."""
        return luma_plane(self._first)

    def upright_rgb(self, decoded: av.VideoFrame) -> np.ndarray:
        """Give a frame as upright RGB (H, W, 3) uint8."""
        return self.info.orientation.upright(decoded.to_ndarray(format="rgb24"))

    def rgb_frames(self) -> Iterator[np.ndarray]:
        """Yield each frame as upright RGB (H, W, 3) uint8."""
        return map(self.upright_rgb, self._frames())

    def truncation_warning(self) -> str | None:
        """After reading: a sentence if the file holds less than it declares, or damaged parts."""
        stream, info = self.stream, self.info
        declared = None
        if info.frames and info.container in WITHOUT_TIMES:  # how long these are, FFmpeg guesses from their size
            holds = self.end is not None and round(self.end / self.time_base) > self.counts.packets
            held = Fraction(MISSING_S if holds else 0)  # the last frame may be held as well
            declared = info.frames * self.time_base - held
        elif stream.duration is not None:
            declared = ((stream.start_time or 0) + stream.duration) * self.time_base - self.start
        end = self.end if self._joined.parts == 1 else None  # the times of parts do not tell how long they are
        return truncation_warning(info, self.counts, end_s=end, declared_end_s=declared)

    def _decode_first(self) -> av.VideoFrame:
        """Decode one frame to learn what the headers do not tell, then go back to the start."""
        context = self.stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise InputError(f"{self.path}: frames of {context.width}x{context.height} are too large")
        for frame in self._decoded_frames():
            self.restart()
            return frame
        why = f"they are damaged, or too large (over {MAX_PIXELS:,} pixels)"
        raise InputError(f"{self.path}: no frame of the video can be read: {why}")

    def _frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[av.VideoFrame]:
        """Decode; frames unlike the first one, as after a switch in a broadcast, are made like it."""
        for frame in self._decoded_frames(on_packet):
            alike = self._like_first(frame)
            self.counts = self.counts._replace(resized=self.counts.resized + (alike is not frame))
            yield alike

    def _like_first(self, frame: av.VideoFrame) -> av.VideoFrame:
        first, self.has_captions = self._first, self.has_captions or has_captions(frame)
        if (frame.width, frame.height, frame.format.name) == (first.width, first.height, first.format.name):
            return frame
        pts, duration = frame.pts, frame.duration
        frame = frame.reformat(first.width, first.height, first.format.name)
        frame.pts, frame.duration = pts, duration
        return frame

    def _decoded_frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[av.VideoFrame]:
        """Decode, passing over packets that cannot be."""
        others = self.other_streams if on_packet or self._joined.may_jump else []
        for packet in self._but_damaged_end(self._packets(self.stream, *others)):
            if packet.stream.index != self.stream.index:
                if on_packet and not marks_end(packet):
                    on_packet(packet)
                continue
            self.counts = self.counts._replace(packets=self.counts.packets + (packet.size > 0))
            self._shown.note(packet)
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.counts = self.counts._replace(damaged=self.counts.damaged + 1)
                continue
            for frame in frames:
                self.counts = self.counts._replace(decoded=self.counts.decoded + 1)
                self._shown.put_right(frame)
                yield frame
