"""Read and write video files: frames, untouched luma planes, time stamps, sound.

The only module that opens containers. Frames come upright; only local files in formats that cannot refer to
other files are opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import av
import av.container
import av.error
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from vidcolor_utils.chroma import MATRICES, ColorMatrix
from vidcolor_utils.errors import InputError, OutputError
from vidcolor_utils.image_io import is_image, read_image

CONTAINERS = (".mp4", ".m4v", ".mov", ".mkv")
# Formats that hold their own data. Playlists (hls, dash, concat) could name other files and addresses.
FORMATS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,ogg,flv,asf,wtv,mxf,nut,ivf,gif,yuv4mpegpipe,rm,dv"
OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
MAX_PIXELS = 8192 * 8192
HD_HEIGHT = 720  # untagged video from this height up is BT.709, below it BT.601
BT709, SMPTE170M = 1, 6  # numbers of ITU-T H.273, as FFmpeg uses them
FULL_RANGE = 2
MISSING_S, MISSING_SHARE = 0.5, 0.05  # more than this missing at the end: the file was cut
SAMPLES = 24  # places of a video looked at to learn what holds for all of it
DEFAULT_RATE = Fraction(25)  # for files that do not say
# Keeps luma within 0.6 Lab units of the source on average, also on dark and grainy clips (16 does not).
ENCODER_OPTIONS = {"crf": "12", "preset": "veryfast"}


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


class LumaFrame(NamedTuple):
    """One frame's luma plane as stored: (H, W) uint8, or uint16 for more than 8 bits; and its time."""

    luma: np.ndarray
    pts: int


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
        self._packets_read = 0
        self._end: Fraction | None = None  # when the last frame read stops being shown, in seconds
        self._container = _open_input(self.path)
        try:
            self.stream = self._container.streams.video[0]
            self.stream.thread_type = "AUTO"
            self._first = self._decode_first()
        except IndexError:
            self._container.close()
            raise InputError(f"{self.path}: the file has no video") from None
        except InputError:
            self._container.close()
            raise
        self.info = self._describe()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    @property
    def sound_streams(self) -> list[av.audio.stream.AudioStream]:
        """The sound streams of the file."""
        return [stream for stream in self._container.streams.audio if stream.codec_context is not None]

    @property
    def start(self) -> Fraction:
        """Time of the container's start in seconds; output times count from here."""
        return Fraction(self._container.start_time or 0, av.time_base)

    @property
    def time_base(self) -> Fraction:
        """Seconds in one unit of `LumaFrame.pts`."""
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
            "pixel_aspect": self.stream.sample_aspect_ratio,
        }

    def luma_frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[LumaFrame]:
        """Yield each frame's luma plane in display order, as stored (not rotated).

        Args:
            on_packet: called with the packets of the sound streams as they come by.
        """
        step, last = self._frame_step(), None
        for frame in self._frames(on_packet):
            pts = frame.pts if frame.pts is not None else (0 if last is None else last + step)
            pts = pts if last is None else max(pts, last + 1)  # a player needs rising times
            last, self._end = pts, (pts + step) * self.time_base
            yield LumaFrame(_luma_plane(frame), pts)

    def seconds(self, frame: LumaFrame) -> float:
        """When a frame is shown, counted from the start of the file."""
        return float(frame.pts * self.time_base - self.start)

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
                f"{self.path}: no seeking in this file ({_reason(error)}): put it into an .mkv file first"
            ) from None
        shown = None
        for frame in self.luma_frames():
            if shown is not None and self.seconds(frame) > seconds + 1e-6:
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
        expected = declared if declared and self._packets_read < declared else self._frames_by_duration()
        if self.decoded < expected:
            return f"{self.path}: damaged or cut short: {self.decoded} of {expected} frames could be read"
        if self.damaged_packets:
            return f"{self.path}: damaged: {self.decoded} frames could be read, {self.damaged_packets} packets not"
        return None

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
        for frame in self._frames():
            self.decoded = self.damaged_packets = self._packets_read = 0
            self._reopen()
            return frame
        raise InputError(f"{self.path}: no frame of the video can be read")

    def _reopen(self) -> None:
        self._container.close()
        self._container = _open_input(self.path)
        self.stream = self._container.streams.video[0]
        self.stream.thread_type = "AUTO"

    def _frames(self, on_packet: Callable[[av.Packet], None] | None = None) -> Iterator[av.VideoFrame]:
        """Decode, passing over packets that cannot be."""
        for packet in self._packets():
            if packet.stream.type == "audio":
                if on_packet is not None and packet.dts is not None:
                    on_packet(packet)
                continue
            self._packets_read += packet.size > 0
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_packets += 1
                continue
            for frame in frames:
                self.decoded += 1
                yield frame

    def _packets(self) -> Iterator[av.Packet]:
        """Demux up to the end or to where the container is broken."""
        packets = self._container.demux(self.stream, *self.sound_streams)
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
            sound=tuple(stream.codec_context.codec.canonical_name for stream in self.sound_streams),
        )


def _open_input(path: Path) -> av.container.InputContainer:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: not a file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty")
    try:
        return av.open(f"file:{path}", metadata_errors="replace", container_options=dict(OPEN_OPTIONS))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a video that can be read ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def is_full_range(frame: av.VideoFrame) -> bool:
    """Tell whether luma uses 0..255 rather than 16..235."""
    return frame.format.name.startswith(("yuvj", "gray")) or int(frame.color_range) == FULL_RANGE


def _luma_plane(frame: av.VideoFrame) -> np.ndarray:
    if not frame.format.name.startswith(("yuv", "gray", "nv")) or frame.format.is_big_endian:
        frame = _as_yuv(frame)
    elif not (frame.format.is_planar or frame.format.name.startswith("gray")):
        frame = _as_yuv(frame)  # packed, such as yuyv422
    plane = frame.planes[0]
    dtype = np.dtype(np.uint8 if frame.format.components[0].bits <= 8 else "<u2")
    rows = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // dtype.itemsize)
    return rows[: frame.height, : frame.width]


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


def sample_lumas(path: str | Path, count: int = SAMPLES) -> list[np.ndarray]:
    """Read luma planes as stored from up to `count` places spread over a video; always the first frame's."""
    with VideoReader(path) as reader:
        frames = [_luma_plane(reader._first)]
        for index in range(1, count):
            frames += reader.luma_near((reader.info.duration_s or 0) * index / count)
        return frames


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


class VideoWriter:
    """Encodes H.264 from luma planes and chroma, or RGB frames. Use as a context manager.

    Args:
        path: file to write; the suffix, one of `CONTAINERS`, chooses the container.
        size: stored (height, width).
        rate: frames per second, for the header.
        time_base: seconds in one unit of the frames' times; 1 / rate if not given.
        bit_depth: 8 or more; more than 8 is written as 10.
        colorspace: H.273 number of the colour matrix.
        full_range: luma in 0..255 rather than 16..235.
        rotation: degrees, see `VideoInfo.rotation`; stored as a tag.
        pixel_aspect: width of a pixel over its height.

    Raises:
        OutputError: from any call, if the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        *,
        rate: Fraction,
        time_base: Fraction | None = None,
        bit_depth: int = 8,
        colorspace: int = BT709,
        full_range: bool = False,
        rotation: int = 0,
        pixel_aspect: Fraction | None = None,
    ):
        self.path, (self.height, self.width) = Path(path), size
        # 4:2:0 needs even sides; 4:4:4 keeps an odd size as it is.
        self.subsampling = 1 if self.height % 2 or self.width % 2 else 2
        self.bit_depth = 10 if bit_depth > 8 else 8
        self.pixel_format = ("yuv444p" if self.subsampling == 1 else "yuv420p") + "10le" * (self.bit_depth > 8)
        self.full_range, self.colorspace = full_range, colorspace
        self.time_base = time_base or 1 / Fraction(rate)
        self._copies: dict[int, av.stream.Stream] = {}
        with self._writing():
            self._container = av.open(f"file:{self.path}", "w", options=_muxer_options(self.path))
            self._stream = self._container.add_stream("libx264", rate=rate, options=dict(ENCODER_OPTIONS))
            self._set_up(rotation, pixel_aspect)

    def _set_up(self, rotation: int, pixel_aspect: Fraction | None) -> None:
        stream, context = self._stream, self._stream.codec_context
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, self.pixel_format
        context.time_base = self.time_base
        context.thread_type = "FRAME"
        context.colorspace = context.color_primaries = context.color_trc = self.colorspace
        context.color_range = FULL_RANGE if self.full_range else 1
        if pixel_aspect:
            context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._writing():
            if kind is None:
                self._mux(self._stream.encode())
        if kind is None:
            with self._writing():
                self._container.close()
            return
        with suppress(av.error.FFmpegError, OSError, ValueError):  # the error under way is the one to report
            self._container.close()

    def copy_sound(self, stream: av.audio.stream.AudioStream) -> None:
        """Add a sound stream whose packets will be copied bit for bit with `write_packet`.

        Raises:
            InputError: if this container cannot hold the codec.
        """
        codec = stream.codec_context.codec.canonical_name
        if codec not in self._container.supported_codecs:
            raise InputError(f"{self.path.suffix} cannot hold {codec} sound: name an output that ends in .mkv")
        with self._writing():
            self._copies[stream.index] = self._container.add_stream_from_template(stream)

    def write_packet(self, packet: av.Packet, start: Fraction = Fraction(0)) -> None:
        """Copy a packet of a stream given to `copy_sound`; times count from `start` seconds."""
        shift = round(start / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts -= shift
        packet.stream = self._copies[packet.stream.index]
        with self._writing():
            self._container.mux(packet)

    def write_planes(self, luma: np.ndarray, u: np.ndarray, v: np.ndarray, pts: int) -> None:
        """Encode one frame.

        Args:
            luma: (H, W) uint8 (uint16 for 10 bits), written as it is.
            u: (H/s, W/s) of the same dtype, s = `subsampling`, rounded up.
            v: like `u`.
            pts: time of the frame in units of `time_base`.
        """
        frame = av.VideoFrame(self.width, self.height, self.pixel_format)
        for plane, values in zip(frame.planes, (luma, u, v), strict=True):
            rows = np.frombuffer(plane, values.dtype).reshape(-1, plane.line_size // values.dtype.itemsize)
            rows[: plane.height, : plane.width] = values
        self._encode(frame, pts)

    def write_rgb(self, rgb: np.ndarray, pts: int) -> None:
        """Encode one RGB frame (H, W, 3) uint8."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
            format=self.pixel_format,
            dst_colorspace=Colorspace.ITU709 if self.colorspace == BT709 else Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG if self.full_range else ColorRange.MPEG,
        )
        self._encode(frame, pts)

    def _encode(self, frame: av.VideoFrame, pts: int) -> None:
        frame.pts, frame.time_base = pts, self.time_base
        with self._writing():
            self._mux(self._stream.encode(frame))

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            self._container.mux(packet)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{self.path}: cannot be written ({_reason(error)})") from None


def _muxer_options(path: Path) -> dict[str, str]:
    if path.suffix.lower() not in CONTAINERS:
        raise InputError(f"{path}: a video is written to a file that ends in {', '.join(CONTAINERS)}")
    return {} if path.suffix.lower() == ".mkv" else {"movflags": "+faststart"}


def sound_container(codecs: Iterable[str]) -> str:
    """Suffix of the container that holds sound of these codecs: .mp4, which plays everywhere, if it can."""
    with av.open(BytesIO(), "w", format="mp4") as container:
        return ".mp4" if container.supported_codecs.issuperset(codecs) else ".mkv"


def chroma_shape(height: int, width: int, subsampling: int) -> tuple[int, int]:
    """Height and width of the U and V planes."""
    return math.ceil(height / subsampling), math.ceil(width / subsampling)
