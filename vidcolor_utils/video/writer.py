"""Write video files: frames from luma planes and chroma, and packets of other streams as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.codec.context
import av.container
import av.error
import av.stream
import numpy as np

from vidcolor_utils.pictures.orientation import UPRIGHT, Orientation
from vidcolor_utils.system.errors import InputError, OutputError, RefusedError
from vidcolor_utils.video.codecs import INTERMEDIATE, Encoding
from vidcolor_utils.video.description import ColorDescription
from vidcolor_utils.video.encoders import pictures
from vidcolor_utils.video.encoders.lead_in import with_lead_in
from vidcolor_utils.video.encoders.muxers import copied, is_mp4_kin, open_muxer, stream_tags
from vidcolor_utils.video.encoders.sound import SoundEncoder
from vidcolor_utils.video.encoders.subtitles import SubtitleEncoder
from vidcolor_utils.video.ffmpeg import (
    BT709,
    FIELD_ORDER,
    FULL_RANGE,
    LIMITED_RANGE,
    REFUSALS,
    is_pause,
    reason,
    stream_name,
)
from vidcolor_utils.video.fields import FieldMarker
from vidcolor_utils.video.formats import chroma_shape, fill_planes, yuv_from_rgb
from vidcolor_utils.video.times import LastPacket

INTERLACED = int(av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me)
DEFAULT_COLORS = ColorDescription(BT709, BT709, BT709)


class VideoWriter:
    """Encodes video from luma planes and chroma, or RGB frames. Use as a context manager.

    Args:
        path: file to write; the suffix, `INTERMEDIATE` among them, chooses the container.
        size: stored (height, width).
        encoding: codec and its settings; default: H.264.
        rate: frames per second, for the header.
        time_base: seconds in one unit of the frames' times; 1 / rate if not given.
        bit_depth: 8 or more; `VideoWriter.bit_depth` says what the codec makes of it.
        colors: what the numbers mean.
        full_range: luma in 0..255 rather than 16..235.
        orientation: of the frames; stored as a tag.
        pixel_aspect: width of a pixel over its height.
        fields: "top" or "bottom", the field that comes first, if the frames are interlaced.
        any_sound: take sound without a name in Matroska, but no chapters, see `muxers.open_muxer`.
        any_tags: take tags of any name, see there.
        shown: how messages call the file; its path if not given.

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
        colors: ColorDescription = DEFAULT_COLORS,
        full_range: bool = False,
        orientation: Orientation = UPRIGHT,
        pixel_aspect: Fraction | None = None,
        fields: str | None = None,
        any_sound: bool = False,
        any_tags: bool = False,
        shown: Path | None = None,
    ):
        self.path, (self.height, self.width) = Path(path), size
        self.shown, self.encoding, self.any_sound = shown or self.path, encoding or Encoding(), any_sound
        encoding = self.encoding
        if self.path.suffix != INTERMEDIATE:
            encoding.check(self.path)
        encoder = pictures.find_encoder(encoding)
        steps = pictures.chroma_steps(encoding.spec, size)
        self.chroma_shape = chroma_shape(*size, steps)
        self.bit_depth, self.pixel_format = pictures.pixel_format(encoder, encoding.spec, steps, bit_depth)
        self.full_range, self.colors = full_range, colors
        self.time_base = time_base or 1 / Fraction(rate)
        self._frame_step = max(1, round(1 / (rate * self.time_base)))
        self._encodes, self.skipped_packets, self._leads = True, 0, dict[int, Fraction]()
        self._last = LastPacket(self._frame_step)
        self._copies: dict[int, av.stream.Stream] = {}
        self.remakes: dict[int, SoundEncoder | SubtitleEncoder] = {}
        fields = fields if encoding.spec.keeps_fields(self.height) else None
        with self._writing():
            self._container = open_muxer(self.path, any_sound=any_sound, any_tags=any_tags)
        with self._closing_if_it_fails(), self._writing():
            self._stream = pictures.add_video(
                self._container, encoding, colors, self.pixel_format, size, rate, fields
            )
            self._set_up(orientation, pixel_aspect, fields)
            pictures.open_encoder(self._stream.codec_context, encoding.codec)
        self._marker = FieldMarker(size, self.pixel_format, self.time_base, fields) if fields else None

    def _set_up(self, orientation: Orientation, pixel_aspect: Fraction | None, fields: str | None) -> None:
        stream, context, colors = self._stream, self._stream.codec_context, self.colors
        context.time_base = self.time_base
        context.thread_type = "FRAME"
        context.flags |= int(self.any_sound and av.codec.context.Flags.global_header)  # as Matroska wants it
        context.colorspace, context.color_primaries, context.color_trc = colors[:3]
        context.color_range = FULL_RANGE if self.full_range else LIMITED_RANGE
        if self.encoding.codec == "h265" and is_mp4_kin(self.path):
            context.codec_tag = "hvc1"  # the only one that Apple's players take
        if pixel_aspect:
            context.sample_aspect_ratio = pixel_aspect
        if orientation != UPRIGHT:
            stream.set_display_rotation(orientation.rotation, hflip=orientation.mirrored)
        if fields:
            context.field_order = FIELD_ORDER[fields]
            context.flags |= INTERLACED

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            return self.discard()
        with self._closing_if_it_fails(), self._writing():
            self._mux(self._encoded(None) if self._encodes else [])
            self._mux_last()
            for remake in self.remakes.values():
                self._container.mux(remake.encoded(None))
            self._container.close()

    @contextmanager
    def _closing_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Close without writing the end of the file."""
        with suppress(av.error.FFmpegError, OSError, ValueError):  # an error under way is the one to report
            self._container.close()

    @property
    def header(self) -> bytes:
        """What a decoder of the pictures is set up with, as the encoder gives it."""
        return self._stream.codec_context.extradata or b""

    def set_tags(self, tags: dict[str, str], video_tags: dict[str, str], chapters: list[Any]) -> None:
        """Set the tags of the file and of its video stream, and the chapters as PyAV gives them."""
        self._container.metadata.update(tags)
        self._stream.metadata.update(stream_tags(self._container, video_tags))
        self._container.set_chapters(chapters)

    def copy_stream(self, stream: av.stream.Stream, lead_s: Fraction = Fraction(0)) -> None:
        """Add a stream, one that the container can hold, whose packets `write_packet` will copy bit for bit.

        Those of sound that begin up to `lead_s` seconds too early are for its decoder, and not heard.
        """
        self._leads[stream.index] = lead_s
        with self._writing(), with_lead_in(stream, lead_s) if lead_s else nullcontext(stream) as coded_as:
            self._copies[stream.index] = copied(self._container, stream, coded_as)

    def remake_stream(self, stream: av.stream.Stream, codec: str) -> None:
        """Add a stream of sound or text whose packets `write_packet` will make anew, see `encoders`."""
        kind = SoundEncoder if stream.type == "audio" else SubtitleEncoder
        with self._writing():
            self.remakes[stream.index] = kind(stream, self._container, codec)

    def attach(self, name: str, mimetype: str, content: bytes) -> None:
        """Attach a file, to a container that holds such: Matroska."""
        self._container.add_attachment(name, mimetype, content)

    def begin(self, disposition: av.stream.Disposition) -> None:
        """Write the header, after the last stream is added, and in it what the video is: the default, forced.

        Raises:
            InputError: if the container takes one of the added streams not as it is.
        """
        self._stream.disposition = disposition
        try:
            with self._writing():
                self._container.start_encoding()
        except RefusedError:
            if self._copies:
                names = ", ".join(stream_name(stream) for stream in self._copies.values())
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
        if index not in (*self._copies, *self.remakes) or is_pause(packet) or self._is_cut_off(packet, start):
            return
        if packet.stream.disposition & av.stream.Disposition.attached_pic:
            packet.pts = packet.dts = 0
        elif packet.pts is None and packet.dts is None:
            self.skipped_packets += 1
            return
        shift = round(start / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        try:
            with self._writing():
                if index in self.remakes:
                    self._container.mux(self.remakes[index].encoded(packet))
                else:
                    packet.stream = self._copies[index]
                    self._container.mux(packet)
        except RefusedError:
            self.skipped_packets += 1

    def _is_cut_off(self, packet: av.Packet, start: Fraction) -> bool:
        """Tell whether a packet is not played, in a container that cannot hide it, nor is its decoder's."""
        if not packet.is_discard or packet.pts is None or is_mp4_kin(self.path):  # these can
            return False
        return not -self._leads.get(packet.stream.index, 0) <= packet.pts * packet.time_base - start < 0

    def write_encoded(self, packet: av.Packet) -> None:
        """Write a packet that another writer of the same settings encoded, in the order of decoding."""
        self._encodes = False
        if packet.pts is not None:
            self._last.show(packet.pts, packet.duration)
        packet.stream = self._stream
        with self._writing():
            self._mux([packet])

    def write_planes(self, luma: np.ndarray, u: np.ndarray, v: np.ndarray, pts: int) -> None:
        """Encode one frame.

        Args:
            luma: (H, W) uint8 (uint16 for more than 8 bits), written as it is.
            u: of the same dtype and of `chroma_shape`.
            v: like `u`.
            pts: time of the frame in units of `time_base`.
        """
        frame = av.VideoFrame(self.width, self.height, self.pixel_format)
        fill_planes(frame, (luma, u, v))
        self._encode(frame, pts)

    def write_luma(self, luma: np.ndarray, pts: int) -> None:
        """Encode the next frame as `write_planes` does, without colour."""
        neutral = np.full(self.chroma_shape, 1 << (self.bit_depth - 1), luma.dtype)
        self.write_planes(luma, neutral, neutral, pts)

    def write_rgb(self, rgb: np.ndarray, pts: int) -> None:
        """Encode one RGB frame (H, W, 3) uint8."""
        self._encode(yuv_from_rgb(rgb, self.pixel_format, self.colors.matrix, full_range=self.full_range), pts)

    def _encode(self, frame: av.VideoFrame, pts: int) -> None:
        self._last.show(pts)
        frame.pts, frame.time_base = pts, self.time_base
        if self._marker is not None:
            frame = self._marker(frame)
        frame.colorspace, frame.color_primaries, frame.color_trc = self.colors[:3]  # ProRes asks each frame
        with self._writing():
            self._mux(self._encoded(frame))

    def _encoded(self, frame: av.VideoFrame | None) -> list[av.Packet]:
        return self._stream.encode(frame)

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            before = self._last.exchanged(packet)
            if before is not None:
                self._container.mux(before)

    def _mux_last(self) -> None:
        last = self._last.released(sums_up=is_mp4_kin(self.path))
        if last is not None:
            self._container.mux(last)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except REFUSALS as error:
            raise RefusedError(f"{self.shown}: cannot be written ({reason(error)})") from None
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{self.shown}: cannot be written ({reason(error)})") from None
