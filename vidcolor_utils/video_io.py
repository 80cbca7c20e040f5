"""Read video files: frames, untouched luma planes, time stamps, and the packets of the other streams.

RGB frames come upright. Only local files are opened, in formats that cannot refer to other files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.container
import av.error
import av.stream
import numpy as np
from av.stream import Disposition
from av.video.reformatter import ColorRange, Colorspace

from vidcolor_utils.chroma import MATRICES, ColorMatrix
from vidcolor_utils.errors import InputError
from vidcolor_utils.image_io import is_image, read_image

# Formats that hold their own data. Playlists (hls, dash, concat) could name other files and addresses.
FORMATS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,ogg,flv,asf,wtv,mxf,nut,ivf,gif,yuv4mpegpipe,rm,dv"
OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "enable_drefs": "0"}
MAX_PIXELS = 8192 * 8192
DECODER_OPTIONS = {"max_pixels": str(MAX_PIXELS)}  # no memory is taken for larger frames
HD_HEIGHT = 720  # untagged video from this height up is BT.709, below it BT.601
BT709, SMPTE170M = 1, 6  # numbers of ITU-T H.273, as FFmpeg uses them
FULL_RANGE = 2
MISSING_S, MISSING_SHARE = 0.5, 0.05  # more than this missing at the end: the file was cut
SAMPLES = 24  # places of a video looked at to learn what holds for all of it
DEFAULT_RATE = Fraction(25)  # for files that do not say
FIELDS = {2: "top", 5: "top", 3: "bottom", 4: "bottom"}  # which one is shown first, by FFmpeg's field_order
# What describes the source's encoding, not the film.
TECHNICAL_TAGS = (
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "duration",
    "bps",
    "number_of_",
    "_",
)


class VideoInfo(NamedTuple):
    """What a video file says of itself. Sizes are as displayed, after rotation."""

    path: Path
    container: str
    codec: str
    pixel_format: str
    bit_depth: int
    width: int
    height: int
    rotation: int  # degrees, multiple of 90, counter-clockwise, that the stored frames need to stand upright
    rate: Fraction  # frames per second, on average
    frames: int | None  # as declared; None where the container does not say
    duration_s: float | None
    matrix: str
    full_range: bool
    sound: tuple[str, ...]
    subtitles: tuple[str, ...]
    fields: str | None  # "top" or "bottom", the field that comes first, if the frames are interlaced
    pixel_aspect: Fraction | None  # width of a pixel over its height, where the file says


class LumaFrame(NamedTuple):
    """One frame's luma plane as stored: (H, W) uint8, or uint16 for more than 8 bits; its time, and all of it."""

    luma: np.ndarray
    pts: int
    seconds: float  # from the start of the file
    decoded: av.VideoFrame


class VideoReader:
    """An open video. Use as a context manager.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no video, has no frames, or declares frames too large to handle.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.decoded = 0
        self.damaged_packets = 0
        self.resized_frames = 0
        self.packets_read = 0
        self._end: Fraction | None = None  # when the last frame read stops being shown, in seconds
        self._container = _open_input(self.path)
        try:
            self.stream = self._find_stream()
            self._first = self._decode_first()
        except InputError:
            self._container.close()
            raise
        self.info = self._describe()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    @property
    def other_streams(self) -> list[av.stream.Stream]:
        """All streams of the file but the one whose frames are read."""
        return [stream for stream in self._container.streams if stream.index != self.stream.index]

    @property
    def tags(self) -> dict[str, str]:
        """The file's title and the like."""
        return _film_tags(self._container.metadata)

    @property
    def video_tags(self) -> dict[str, str]:
        """The same of the video stream, such as its language."""
        return _film_tags(self.stream.metadata)

    @property
    def chapters(self) -> list[dict]:
        """Chapters as PyAV gives them, with times that count from `start`."""
        return [
            chapter
            | {bound: chapter[bound] - round(self.start / chapter["time_base"]) for bound in ("start", "end")}
            for chapter in map(dict[str, Any], self._container.chapters())
        ]

    @property
    def start(self) -> Fraction:
        """Time of the container's start in seconds; output times count from here."""
        return Fraction(self._container.start_time or 0, av.time_base)

    @property
    def time_base(self) -> Fraction:
        """Seconds in one unit of `LumaFrame.pts`."""
        if self.stream.time_base is None:
            raise InputError(f"{self.path}: the video's frames have no times")
        return self.stream.time_base

    @property
    def stored_size(self) -> tuple[int, int]:
        """(height, width) of the frames as stored, before rotation."""
        return self._first.height, self._first.width

    @property
    def colorspace(self) -> int:
        """The H.273 number of the colour matrix; untagged video gets the usual one of its size."""
        tagged = int(self._first.colorspace)
        if tagged in MATRICES:
            return tagged
        return BT709 if min(self.stored_size) >= HD_HEIGHT else SMPTE170M

    @property
    def matrix(self) -> ColorMatrix:
        """Luma coefficients of the video."""
        return MATRICES[self.colorspace]

    @property
    def _rotation(self) -> int:
        return round(self._first.rotation / 90) * 90 % 360

    @property
    def _rate(self) -> Fraction:
        return self.stream.average_rate or self.stream.guessed_rate or DEFAULT_RATE

    def writer_settings(self) -> dict:
        """Arguments for a `VideoWriter` that keeps everything these frames have."""
        return {
            "rate": self.info.rate,
            "time_base": self.time_base,
            "bit_depth": self.info.bit_depth,
            "colorspace": self.colorspace,
            "full_range": self.info.full_range,
            "rotation": self.info.rotation,
            "pixel_aspect": self.info.pixel_aspect,
            "fields": self.info.fields,
        }

    def luma_frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[LumaFrame]:
        """Yield each frame's luma plane in display order, as stored (not rotated).

        Args:
            on_packet: called with the packets of the other streams as they come by.
        """
        step, last = self._frame_step(), None
        for frame in self._frames(on_packet):
            pts = frame.pts if frame.pts is not None else (0 if last is None else last + step)
            pts = pts if last is None else max(pts, last + 1)  # a player needs rising times
            last, self._end = pts, (pts + step) * self.time_base
            yield LumaFrame(_luma_plane(frame), pts, float(pts * self.time_base - self.start), frame)

    def frames_from(self, seconds: float) -> Iterator[LumaFrame]:
        """Seek; yield the frames shown at or after a time, and first the one that is shown at that time.

        What is decoded beforehand begins at the key frame before.

        Raises:
            InputError: if the file cannot be sought in.
        """
        try:
            self._container.seek(round((seconds + float(self.start)) * av.time_base))
        except av.error.FFmpegError as error:
            raise InputError(
                f"{self.path}: no seeking in this file ({reason(error)}): put it into an .mkv file first"
            ) from None
        shown = None
        for frame in self.luma_frames():
            if shown is not None and frame.seconds > seconds + 1e-6:
                yield shown
            shown = frame
        if shown is not None:
            yield shown

    def luma_near(self, seconds: float) -> list[np.ndarray]:
        """Seek to the key frame before a time; return its luma plane as stored, or nothing if that fails."""
        try:
            self._container.seek(round((seconds + float(self.start)) * av.time_base))
            return [_luma_plane(next(self._container.decode(self.stream)))]
        except (av.error.FFmpegError, StopIteration):
            return []

    def rgb_frames(self) -> Iterator[np.ndarray]:
        """Yield each frame as upright RGB (H, W, 3) uint8."""
        for frame in self._frames():
            yield upright(frame.to_ndarray(format="rgb24"), self._rotation)

    def truncation_warning(self) -> str | None:
        """After reading: a sentence if the file holds less than it declares, or damaged parts."""
        # Compared in packets where the file declares a count: not every packet of a whole file is a shown frame.
        declared = self.info.frames
        if declared and self.packets_read < declared and not self._has_reached_end():
            expected = declared
        else:
            expected = self._frames_by_duration()
        if self.decoded < expected:
            return f"{self.path}: damaged or cut short: {self.decoded} of {expected} frames could be read"
        if self.damaged_packets:
            return f"{self.path}: damaged: {self.decoded} frames could be read, {self.damaged_packets} packets not"
        if self.resized_frames:
            height, width = self.stored_size
            return (
                f"{self.path}: {self.resized_frames} frames of another size or format were made {width}x{height}"
            )
        return None

    def _has_reached_end(self) -> bool:
        """Tell a film that holds frames longer, as .avi does with empty packets, from one that was cut."""
        if self.stream.duration is None or self._end is None:
            return False
        declared_end = ((self.stream.start_time or 0) + self.stream.duration) * self.time_base
        return self._end >= declared_end - 1 / (2 * self._rate)

    def _frames_by_duration(self) -> int:
        """Frames that a container without a count should have; 0 where the end was reached."""
        if self.info.frames or not self.info.duration_s or self._end is None:
            return 0
        missing = self.info.duration_s - float(self._end - self.start)
        is_cut = missing > max(MISSING_S, MISSING_SHARE * self.info.duration_s)  # sound may last a little longer
        return round(self.info.duration_s * self.info.rate) if is_cut else 0

    def _decode_first(self) -> av.VideoFrame:
        """Decode one frame to learn what the headers do not tell, then go back to the start."""
        context = self.stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise InputError(f"{self.path}: frames of {context.width}x{context.height} are too large")
        for frame in self._decoded_frames():
            self.restart()
            return frame
        raise InputError(
            f"{self.path}: no frame of the video can be read: they are damaged, or too large "
            f"(over {MAX_PIXELS:,} pixels)"
        )

    def restart(self, seconds: float = 0) -> None:
        """Go back to the start; or near a time, counted from there, if the file can be sought in."""
        self._container.close()
        self._container = _open_input(self.path)
        self.stream = self._find_stream()
        self.decoded = self.damaged_packets = self.packets_read = self.resized_frames = 0
        if seconds > 0:
            with suppress(av.error.FFmpegError):
                self._container.seek(round((seconds + float(self.start)) * av.time_base))

    def other_packets(self) -> Iterator[av.Packet]:
        """Yield the packets of the other streams, from where the reader stands."""
        if self.other_streams:
            for packet in self._packets(*self.other_streams):
                if packet.size or packet.pts is not None:  # the others mark the end
                    yield packet

    def _find_stream(self) -> av.video.stream.VideoStream:
        """The first stream of moving pictures that can be decoded."""
        for stream in self._container.streams.video:
            if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
                stream.thread_type = "AUTO"
                stream.codec_context.options.update(DECODER_OPTIONS)
                return stream
        raise InputError(f"{self.path}: the file has no video that can be decoded")

    def _frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[av.VideoFrame]:
        """Decode; frames unlike the first one, as after a switch in a broadcast, are made like it."""
        first = self._first
        for frame in self._decoded_frames(on_packet):
            if (frame.width, frame.height, frame.format.name) != (first.width, first.height, first.format.name):
                frame = frame.reformat(first.width, first.height, first.format.name)
                self.resized_frames += 1
            yield frame

    def _decoded_frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[av.VideoFrame]:
        """Decode, passing over packets that cannot be."""
        for packet in self._packets(self.stream, *([] if on_packet is None else self.other_streams)):
            if packet.stream.index != self.stream.index:
                if on_packet and (packet.size or packet.pts is not None):  # the others mark the end
                    on_packet(packet)
                continue
            self.packets_read += packet.size > 0
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_packets += 1
                continue
            for frame in frames:
                self.decoded += 1
                yield frame

    def _packets(self, *streams: av.stream.Stream) -> Iterator[av.Packet]:
        """Demux up to the end or to where the container is broken."""
        packets = self._container.demux(*streams)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.damaged_packets += 1
                return

    def _frame_step(self) -> int:
        return max(1, round(1 / (self._rate * self.time_base)))

    def _codec_names(self, kind: str) -> tuple[str, ...]:
        contexts = (stream.codec_context for stream in self._container.streams if stream.type == kind)
        return tuple("unknown" if context is None else context.codec.canonical_name for context in contexts)

    def _describe(self) -> VideoInfo:
        stream, first = self.stream, self._first
        duration = self._container.duration
        turned = self._rotation % 180 != 0
        return VideoInfo(
            path=self.path,
            container=self._container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            pixel_format=first.format.name,
            bit_depth=first.format.components[0].bits,
            width=first.height if turned else first.width,
            height=first.width if turned else first.height,
            rotation=self._rotation,
            rate=self._rate,
            frames=stream.frames or None,
            duration_s=None if duration is None else duration / av.time_base,
            matrix=self.matrix.name,
            full_range=is_full_range(first),
            sound=self._codec_names("audio"),
            subtitles=self._codec_names("subtitle"),
            fields=FIELDS.get(stream.codec_context.field_order, "top") if first.interlaced_frame else None,
            pixel_aspect=stream.sample_aspect_ratio or None,
        )


def _open_input(path: Path) -> av.container.InputContainer:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: not a file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty")
    try:
        return av.open(
            f"file:{path}", metadata_errors="replace", options=DECODER_OPTIONS, container_options=OPEN_OPTIONS
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a video that can be read ({reason(error)})") from None


def _film_tags(tags: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if not name.lower().startswith(TECHNICAL_TAGS)}


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, without codes and function names."""
    return getattr(error, "strerror", None) or str(error)


def is_full_range(frame: av.VideoFrame) -> bool:
    """Tell whether luma, as `LumaFrame` has it, uses 0..255 rather than 16..235, to which RGB is converted."""
    name = frame.format.name
    return name.startswith(("yuvj", "gray")) or (
        name.startswith(("yuv", "nv")) and int(frame.color_range) == FULL_RANGE
    )


def _luma_plane(frame: av.VideoFrame) -> np.ndarray:
    if not frame.format.name.startswith(("yuv", "gray", "nv")) or frame.format.is_big_endian:
        frame = _as_yuv(frame)
    elif not (frame.format.is_planar or frame.format.name.startswith("gray")):
        frame = _as_yuv(frame)  # packed, such as yuyv422
    return _plane(frame, 0)


def chroma_planes(frame: av.VideoFrame, pixel_format: str) -> tuple[np.ndarray, np.ndarray]:
    """Take a frame's own U and V, bit for bit where it is stored in `pixel_format` already, else converted to it.

    Args:
        frame: as decoded, of any format with chroma.
        pixel_format: planar YUV, see `VideoWriter.pixel_format`.

    Returns:
        U and V as `VideoWriter.write_planes` takes them.
    """
    if not frame.format.name.startswith(("yuv", "nv")) or frame.format.is_big_endian:
        frame = _as_yuv(frame)
    if re.sub("^yuv[aj]", "yuv", frame.format.name) != pixel_format:
        kept = ColorRange.JPEG if is_full_range(frame) else ColorRange.MPEG
        frame = frame.reformat(format=pixel_format, src_color_range=kept, dst_color_range=kept)
    return _plane(frame, 1), _plane(frame, 2)


def _plane(frame: av.VideoFrame, index: int) -> np.ndarray:
    plane = frame.planes[index]
    dtype = np.dtype(np.uint8 if frame.format.components[0].bits <= 8 else "<u2")
    rows = np.frombuffer(memoryview(plane), dtype).reshape(-1, plane.line_size // dtype.itemsize)
    return rows[: plane.height, : plane.width]


def _as_yuv(frame: av.VideoFrame) -> av.VideoFrame:
    deep = frame.format.components[0].bits > 8
    matrix = Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
    target = "yuv444p10le" if deep else "yuv444p"
    return frame.reformat(format=target, dst_colorspace=matrix, dst_color_range=ColorRange.MPEG)


def upright(array: np.ndarray, rotation: int) -> np.ndarray:
    """Turn an array (H, W, ...) counter-clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(array, rotation // 90)) if rotation % 360 else array


def video_info(path: str | Path) -> VideoInfo:
    """Describe a video file; see `VideoReader` for what is raised."""
    with VideoReader(path) as reader:
        return reader.info


def sample_lumas(path: str | Path, count: int = SAMPLES) -> Iterator[np.ndarray]:
    """Yield luma planes as stored from up to `count` places spread over a video; always the first frame's."""
    with VideoReader(path) as reader:
        yield _luma_plane(reader._first)
        for index in range(1, count):
            yield from reader.luma_near((reader.info.duration_s or 0) * index / count)


def iter_rgb(path: str | Path) -> Iterator[np.ndarray]:
    """Yield the frames of a video, or the one picture of a still image, as upright RGB (H, W, 3) uint8.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is neither.
    """
    if is_image(path):
        yield read_image(path).rgb
        return
    with VideoReader(path) as reader:
        yield from reader.rgb_frames()
