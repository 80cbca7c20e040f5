"""Numbers and names of FFmpeg, what it is allowed to open, and the packets that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import av
import av.container
import av.error
import av.stream
from av.packet import Packet
from av.stream import Disposition

from vidcolor_utils.system.errors import InputError, UnreadableError
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.video.codecs import is_large

# Formats that hold their own data. Playlists (hls, dash, concat) could name other files and addresses.
FORMATS = (
    "mov,matroska,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,ogg,flv,asf,wtv,mxf,nut,ivf,gif,apng,yuv4mpegpipe,rm,dv"
)
OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "enable_drefs": "0"}
# For files whose headers say all: they open without a frame decoded, in 1 ms in place of 13.
UNDECODED, BARELY_READ = {"skip_frame": "all"}, {"probesize": "32"}
MAX_PIXELS = 8192 * 8192
DECODER_OPTIONS = {"max_pixels": str(MAX_PIXELS)}  # no memory is taken for larger frames
VIDEO_NAMES = (
    "264 265 3g2 3gp asf avc avi dif divx dv dvr-ms f4v flv h264 h265 hevc ivf m1v m2t m2ts m2v m4v mk3d mkv mov "
    "mp4 mpe mpeg mpg mpv mts mxf nut ogm ogv qt rm rmvb tp trp ts vob webm wmv wtv y4m"
)
VIDEO_SUFFIXES = frozenset(f".{name}" for name in VIDEO_NAMES.split())
# Cards of camcorders and Video CDs have films under these, and others other things: what they hold decides.
SHARED_SUFFIXES = (".dat", ".mod", ".tod")
TS_PACKET, TS_SYNC = 188, 0x47
BT709, SMPTE170M = 1, 6  # numbers of ITU-T H.273, as FFmpeg uses them
LIMITED_RANGE, FULL_RANGE = 1, 2
FIELDS = {2: "top", 5: "top", 3: "bottom", 4: "bottom"}  # which one is shown first, by AVFieldOrder
FIELD_ORDER = {"top": 2, "bottom": 3}
PARITY = {"top": "tff", "bottom": "bff"}  # as filters call it
# What muxers say to what they cannot take.
REFUSALS = (av.error.InvalidDataError, av.error.ArgumentError, av.error.PatchWelcomeError)
START_CODE = b"\0\0\0\1"
LENGTH_BYTES = {"h264": 4, "hevc": 21}  # where a header says how long lengths of units are
EMPTY_MOV_TEXT = bytes(2)  # the length of a text, 0
MATROSKA = (".mkv", ".webm")
CHUNK = 1 << 24  # bytes read at a time
KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "second picture"}


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, without codes and function names."""
    return getattr(error, "strerror", None) or str(error)


def is_called_video(path: Path) -> bool:
    """Tell a video by its name; by its first bytes, too, where others use that name."""
    suffix = path.suffix.lower()
    return suffix in VIDEO_SUFFIXES or (suffix in SHARED_SUFFIXES and _begins_as_mpeg(path))


def _begins_as_mpeg(path: Path) -> bool:
    """Tell a program stream, as it is or in the sectors of a Video CD, and a transport stream."""
    try:
        with path.open("rb") as file:
            begin = file.read(TS_PACKET + 1)
    except OSError:
        return False
    is_transport = len(begin) > TS_PACKET and begin[0] == begin[TS_PACKET] == TS_SYNC
    return is_transport or begin[:4] == b"\0\0\1\xba" or (begin[:4], begin[8:12]) == (b"RIFF", b"CDXA")


def stream_name(stream: av.stream.Stream) -> str:
    """Describe a stream for a message, as "sound (aac) in language cze"."""
    kind = KINDS.get(stream.type, f"stream of {stream.type}")
    codec = f" ({stream.codec_context.codec.canonical_name})" if stream.codec_context is not None else ""
    language = f" in language {stream.language}" if stream.language not in (None, "und") else ""
    return kind + codec + language


def open_input(path: Path) -> av.container.InputContainer:
    """Open a video file to read.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is none.
    """
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


class Packets(Iterator[Packet]):
    """The packets of streams of an input, in the order of the file; raises what FFmpeg does."""

    def __init__(self, container: av.container.InputContainer, *streams: av.stream.Stream):
        self._packets = container.demux(*streams)

    def __next__(self) -> Packet:
        return next(self._packets)


def is_damage(path: Path, error: av.error.FFmpegError) -> bool:
    """Tell an error in the file, which comes again, from one of the disk or network that it lies on.

    FFmpeg has one number for both. Reads all of the file if it has to.
    """
    if not isinstance(error, OSError):
        return True
    try:
        with path.open("rb") as file:
            while file.read(CHUNK):
                pass
        with open_input(path) as container:
            for _ in Packets(container, *container.streams):
                pass
    except av.error.FFmpegError:
        return True
    except (InputError, OSError):
        pass
    return False


def attached_picture(path: Path, index: int) -> bytes:
    """Read the one packet of a stream that is cover art; raises `InputError` if it is damaged."""
    with open_input(path) as container:
        try:
            return next(
                (bytes(packet) for packet in Packets(container, container.streams[index]) if packet.size), b""
            )
        except av.error.FFmpegError as error:
            raise InputError(f"{path}: its cover art cannot be read ({reason(error)})") from None


def find_video(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """Find the first stream of moving pictures that can be decoded; closes the container if there is none.

    Raises:
        InputError: if there is none.
    """
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            stream.thread_type = "AUTO"
            if is_large((stream.codec_context.height, stream.codec_context.width)):
                stream.codec_context.thread_count = usable_cores()  # not one more: each holds frames
            stream.codec_context.options.update(DECODER_OPTIONS)
            return stream
    container.close()
    raise InputError(f"{path}: the file has no video that can be decoded")


def packet_order(path: Path) -> list[int]:
    """Tell which frame, counted in the order shown, each packet of a segment's file holds; reads all of it.

    Raises:
        UnreadableError: if it cannot be read.
    """
    return ranks([packet.pts for packet in packets_of(path) if packet.pts is not None])


def ranks(times: Sequence[int]) -> list[int]:
    """Tell for each of some times how many of them are earlier."""
    found = {time: rank for rank, time in enumerate(sorted(times))}
    return [found[time] for time in times]


def packets_of(path: Path, first: int = 0) -> Iterator[Packet]:
    """Yield the packets of a segment's file, or of a whole film, in the order in which they are decoded.

    Those of H.264 and H.265 come as encoders give them, with start codes.

    Args:
        path: of the file.
        first: number of the packet to begin with.

    Raises:
        UnreadableError: if it cannot be read.
    """
    try:
        with av.open(f"file:{path}", options=UNDECODED, container_options=OPEN_OPTIONS | BARELY_READ) as container:
            stream = _moving(container)
            length_bytes = _length_bytes(stream.codec_context)
            packets = (each for each in Packets(container, stream) if each.size and each.pts is not None)
            for packet in islice(packets, first, None):
                yield _with_start_codes(packet, length_bytes) if length_bytes else packet
    except (av.error.FFmpegError, OSError):
        raise UnreadableError(f"{path}: cannot be read: remove it and start over", path) from None


def video_header(path: Path) -> tuple[str, bytes]:
    """Give the codec of a film's pictures, and what a decoder of them is set up with.

    Raises:
        UnreadableError: if the file cannot be read.
    """
    try:
        with av.open(f"file:{path}", container_options=OPEN_OPTIONS) as container:
            context = _moving(container).codec_context
            return context.codec.canonical_name, context.extradata or b""
    except (av.error.FFmpegError, OSError):
        raise UnreadableError(f"{path}: cannot be read: remove it and start over", path) from None


def _moving(container: av.container.InputContainer) -> av.VideoStream:
    covers = Disposition.attached_pic
    return next(stream for stream in container.streams.video if not stream.disposition & covers)


def _length_bytes(context: av.VideoCodecContext) -> int:
    """Of how many bytes the lengths before the units of a packet are, 0 if there are start codes or other units.

    By ISO/IEC 14496-15, in `avcC` and `hvcC`, whose first byte is 1.
    """
    header, place = context.extradata or b"", LENGTH_BYTES.get(context.codec.canonical_name)
    return (header[place] & 3) + 1 if place is not None and header[:1] == b"\x01" else 0


def _with_start_codes(packet: Packet, length_bytes: int) -> Packet:
    """Copy a packet, with start codes in place of the lengths of its units."""
    content, units, place = bytes(packet), [], 0
    while place < len(content):
        begin = place + length_bytes
        place = begin + int.from_bytes(content[place:begin], "big")
        units.append(START_CODE + content[begin:place])
    copy = Packet(b"".join(units))
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
    return copy


def marks_end(packet: Packet) -> bool:
    """Tell what comes after a stream's last packet."""
    return not packet.size and packet.pts is None


def is_pause(packet: Packet) -> bool:
    """Tell the empty subtitle that .mp4 has between two others; its muxer writes them by itself."""
    return packet.stream.type == "subtitle" and bytes(packet) == EMPTY_MOV_TEXT


def written_tags(path: Path, *, shown: Path | None = None) -> dict[str, str]:
    """Read the title and the like of a file that was just written; raises `UnreadableError` if that cannot be."""
    try:
        with av.open(f"file:{path}", options=UNDECODED, container_options=OPEN_OPTIONS) as container:
            return dict(container.metadata)
    except (av.error.FFmpegError, OSError) as error:
        raise UnreadableError(f"{shown or path}: cannot be read back ({reason(error)})", path) from None
