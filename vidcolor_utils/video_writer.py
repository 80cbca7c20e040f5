"""Write video files: frames from luma planes and chroma, and packets of other streams as they are."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.codec.context
import av.error
import av.filter
import av.stream
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from vidcolor_utils.errors import InputError, OutputError
from vidcolor_utils.video_codecs import CODECS, INTERMEDIATE, Encoding
from vidcolor_utils.video_io import BT709, FULL_RANGE, reason

BIT_DEPTHS = (8, 10, 12, 16)
FIELD_ORDER = {"top": 2, "bottom": 3}  # FFmpeg's numbers
FIELD_FILTER = {"top": "tff", "bottom": "bff"}
INTERLACED = int(av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me)
KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "second picture"}
REFUSALS = (
    av.error.InvalidDataError,
    av.error.ArgumentError,
    av.error.PatchWelcomeError,
)  # what muxers say to what they cannot take
EMPTY_MOV_TEXT = bytes(2)  # the length of a text, 0
os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder reads it: errors only
MAX_REORDERED = 1000  # frames between the times of decoding and showing; encoders use 16 at most


class VideoWriter:
    """Encodes video from luma planes and chroma, or RGB frames. Use as a context manager.

    Args:
        path: file to write; the suffix, `INTERMEDIATE` among them, chooses the container.
        size: stored (height, width).
        encoding: codec and its settings; default: H.264.
        rate: frames per second, for the header.
        time_base: seconds in one unit of the frames' times; 1 / rate if not given.
        bit_depth: 8 or more; `VideoWriter.bit_depth` says what the codec makes of it.
        colorspace: H.273 number of the colour matrix.
        full_range: luma in 0..255 rather than 16..235.
        rotation: degrees, see `VideoInfo.rotation`; stored as a tag.
        pixel_aspect: width of a pixel over its height.
        fields: "top" or "bottom", the field that comes first, if the frames are interlaced.

    Raises:
        InputError: if the codec does not go with its settings, the container or the size.
        OutputError: from any call, if the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        *,
        encoding: Encoding | None = None,
        rate: Fraction,
        time_base: Fraction | None = None,
        bit_depth: int = 8,
        colorspace: int = BT709,
        full_range: bool = False,
        rotation: int = 0,
        pixel_aspect: Fraction | None = None,
        fields: str | None = None,
    ):
        self.path, (self.height, self.width) = Path(path), size
        self.encoding = encoding = encoding or Encoding()
        if self.path.suffix != INTERMEDIATE:
            encoding.check(self.path)
        encoder = _find_encoder(encoding)
        is_odd = self.height % 2 or self.width % 2
        self.subsampling = 1 if is_odd and not encoding.row.halves_odd_sides else 2
        self.bit_depth, self.pixel_format = _pixel_format(encoder, self.subsampling, bit_depth)
        self.full_range, self.colorspace = full_range, colorspace
        self.time_base = time_base or 1 / Fraction(rate)
        self._frame_step = max(1, round(1 / (rate * self.time_base)))
        self._encodes = True
        self._held: av.Packet | None = None  # the last packet, whose duration decides the file's
        self._first_pts: int | None = None
        self._last_pts: int | None = None
        self._first_dts: int | None = None
        self._copies: dict[int, av.stream.Stream] = {}
        self.skipped_packets = 0
        fields = fields if encoding.row.keeps_fields else None
        with self._writing():
            self._container = av.open(f"file:{self.path}", "w", options=_muxer_options(self.path))
            stream = self._container.add_stream(encoder.name, rate=rate, options=encoding.encoder_options)
            self._stream = cast(av.VideoStream, stream)
            self._set_up(rotation, pixel_aspect, fields)
        self._field_filter = self._build_field_filter(fields) if fields else None
        self._open_encoder()

    def _set_up(self, rotation: int, pixel_aspect: Fraction | None, fields: str | None) -> None:
        stream, context = self._stream, self._stream.codec_context
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, self.pixel_format
        context.time_base = self.time_base
        context.thread_type = "FRAME"
        context.colorspace = context.color_primaries = context.color_trc = self.colorspace
        context.color_range = FULL_RANGE if self.full_range else 1
        if self.encoding.codec == "h265" and _muxer_options(self.path):
            context.codec_tag = "hvc1"  # the only one that Apple's players take
        if pixel_aspect:
            context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if fields:
            context.field_order = FIELD_ORDER[fields]
            context.flags |= INTERLACED

    def _build_field_filter(self, fields: str) -> av.filter.Graph:
        """Make what marks each frame as interlaced; PyAV's frames cannot be told so themselves."""
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=self.width,
            height=self.height,
            format=av.VideoFormat(self.pixel_format),
            time_base=self.time_base,
        )
        graph.link_nodes(source, graph.add("setfield", FIELD_FILTER[fields]), graph.add("buffersink")).configure()
        return graph

    def _open_encoder(self) -> None:
        try:
            self._stream.codec_context.open()
        except (av.error.FFmpegError, ValueError) as error:
            self._container.close()
            raise InputError(
                f"{self.encoding.codec} cannot be made from frames of {self.width}x{self.height} with these "
                f"settings ({reason(error)}): take --codec h264"
            ) from None

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._writing():
            if kind is None:
                self._mux(self._stream.encode() if self._encodes else [])
                self._mux_last()
        if kind is None:
            with self._writing():
                self._container.close()
            return
        self.discard()

    def discard(self) -> None:
        """Close without writing the end of the file."""
        with suppress(av.error.FFmpegError, OSError, ValueError):  # an error under way is the one to report
            self._container.close()

    def set_tags(self, tags: dict[str, str], video_tags: dict[str, str], chapters: list[Any]) -> None:
        """Set the tags of the file and of its video stream, and the chapters as PyAV gives them."""
        self._container.metadata.update(tags)
        self._stream.metadata.update(video_tags)
        self._container.set_chapters(chapters)

    def copy_stream(self, stream: av.stream.Stream) -> None:
        """Add a stream, one that the container can hold, whose packets `write_packet` will copy bit for bit."""
        with self._writing():
            copy = self._container.add_stream_from_template(stream, opaque=True)
        if isinstance(copy, av.AudioStream) and copy.layout.name.endswith("channels"):
            # .mp4 takes no sound that leaves the order of channels open.
            copy.layout = f"{copy.layout.nb_channels}c"
        copy.metadata.update(stream.metadata)
        if "name" in stream.metadata:  # as .mp4 calls a stream's title when read, but not when written
            copy.metadata.setdefault("title", stream.metadata["name"])
        copy.disposition = stream.disposition
        self._copies[stream.index] = copy

    def begin(self) -> None:
        """Write the header, after the last `copy_stream`; without it the first packet does.

        Raises:
            InputError: if the container takes one of the copied streams not as it is.
        """
        try:
            with self._writing():
                self._container.start_encoding()
        except OutputError as error:
            if isinstance(error.__context__, REFUSALS) and self._copies:
                names = ", ".join(stream_name(stream) for stream in self._container.streams[1:])
                raise InputError(
                    f"{self.path.suffix} cannot hold this file's {names}: name an output that ends in .mkv"
                ) from None
            raise

    def write_packet(self, packet: av.Packet, start: Fraction = Fraction(0)) -> None:
        """Copy a packet, if its stream was given to `copy_stream`; times count from `start` seconds.

        Packets that are damaged, or whose times cannot be, are counted and left out. So are, uncounted, those that
        an edit list of .mp4 keeps from being played, where the output has none.
        """
        index = packet.stream.index
        is_cut_off = packet.is_discard and not _muxer_options(self.path)  # only .mp4 and its kin can hide packets
        if index not in self._copies or is_cut_off or _is_pause(packet):
            return
        if packet.pts is None and packet.dts is None:
            self.skipped_packets += 1
            return
        shift = round(start / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = self._copies[index]
        try:
            with self._writing():
                self._container.mux(packet)
        except OutputError as error:
            if not isinstance(error.__context__, REFUSALS):
                raise
            self.skipped_packets += 1

    def write_encoded(self, packet: av.Packet) -> None:
        """Write a packet that another writer of the same settings encoded, in the order of decoding."""
        self._encodes = False
        if packet.pts is not None:
            self._first_pts = packet.pts if self._first_pts is None else min(self._first_pts, packet.pts)
            self._last_pts = packet.pts if self._last_pts is None else max(self._last_pts, packet.pts)
        packet.stream = self._stream
        with self._writing():
            self._mux([packet])

    def write_planes(self, luma: np.ndarray, u: np.ndarray, v: np.ndarray, pts: int) -> None:
        """Encode one frame.

        Args:
            luma: (H, W) uint8 (uint16 for more than 8 bits), written as it is.
            u: (H/s, W/s) of the same dtype, s = `subsampling`, rounded up.
            v: like `u`.
            pts: time of the frame in units of `time_base`.
        """
        frame = av.VideoFrame(self.width, self.height, self.pixel_format)
        for plane, values in zip(frame.planes, (luma, u, v), strict=True):
            rows = np.frombuffer(memoryview(plane), values.dtype).reshape(
                -1, plane.line_size // values.dtype.itemsize
            )
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
        self._first_pts = pts if self._first_pts is None else self._first_pts
        self._last_pts = pts
        frame.pts, frame.time_base = pts, self.time_base
        if self._field_filter is not None:
            self._field_filter.vpush(frame)
            frame = self._field_filter.vpull()
        with self._writing():
            self._mux(self._stream.encode(frame))

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            if self._held is not None:
                self._container.mux(self._held)
            if packet.pts is not None and packet.dts is not None:
                # x265 does not set the time of decoding where a film has a single frame.
                is_set = packet.pts - packet.dts <= MAX_REORDERED * self._frame_step
                packet.dts = packet.dts if is_set else packet.pts
            self._first_dts = packet.dts if self._first_dts is None else self._first_dts
            packet.duration = packet.duration or self._frame_step
            self._held = packet

    def _mux_last(self) -> None:
        """Write the held packet with the duration that makes the whole last until its last frame ends.

        .mp4 and its kin sum up what lies between the packets in the order of decoding, where the last is seldom
        the last one shown.
        """
        if self._held is None:
            return
        times = (self._first_pts, self._last_pts, self._first_dts, self._held.dts)
        if _muxer_options(self.path) and None not in times:
            first_pts, last_pts, first_dts, dts = cast(tuple[int, int, int, int], times)
            self._held.duration = max(1, last_pts + self._frame_step - first_pts - (dts - first_dts))
        self._container.mux(self._held)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{self.path}: cannot be written ({reason(error)})") from None


def _find_encoder(encoding: Encoding) -> av.Codec:
    try:
        return av.Codec(encoding.row.encoder, "w")
    except ValueError:
        there = [name for name, row in CODECS.items() if row.encoder in av.codecs_available]
        raise InputError(
            f"{encoding.codec}: the FFmpeg that is installed has no {encoding.row.encoder}: take --codec "
            f"{' or '.join(there)}"
        ) from None


def _pixel_format(encoder: av.Codec, subsampling: int, bit_depth: int) -> tuple[int, str]:
    """The encoder's format with the fewest bits that hold `bit_depth`, or with the most it has."""
    layout = "yuv444p" if subsampling == 1 else "yuv420p"
    names = {depth: layout + (f"{depth}le" if depth > 8 else "") for depth in BIT_DEPTHS}
    known = {video_format.name for video_format in encoder.video_formats or ()}
    there = [depth for depth, name in names.items() if name in known]
    depth = next((depth for depth in there if depth >= bit_depth), there[-1])
    return depth, names[depth]


def stream_name(stream: av.stream.Stream) -> str:
    """Describe a stream for a message, as "sound (aac) in language cze"."""
    kind = KINDS.get(stream.type, f"stream of {stream.type}")
    codec = f" ({stream.codec_context.codec.canonical_name})" if stream.codec_context is not None else ""
    language = f" in language {stream.language}" if stream.language not in (None, "und") else ""
    return kind + codec + language


def _is_pause(packet: av.Packet) -> bool:
    """Tell the empty subtitle that .mp4 has between two others; its muxer writes them by itself."""
    return packet.stream.type == "subtitle" and bytes(packet) == EMPTY_MOV_TEXT


def _muxer_options(path: Path) -> dict[str, str]:
    if path.suffix.lower() in (".mkv", ".webm", INTERMEDIATE):
        return {}
    # Finer than the usual 1/1000 s: a shorter film would be said to last no time, and none of it be shown.
    return {"movflags": "+faststart", "movie_timescale": "90000"}


def chroma_shape(height: int, width: int, subsampling: int) -> tuple[int, int]:
    """Height and width of the U and V planes."""
    return math.ceil(height / subsampling), math.ceil(width / subsampling)
