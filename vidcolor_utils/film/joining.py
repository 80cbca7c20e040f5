"""Put finished segments and all that their source has beside frames into one file; nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import merge
from itertools import islice, zip_longest
from math import ceil
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.system.errors import InputError, UnreadableError
from vidcolor_utils.video.codecs import INTERMEDIATE, SOFTWARE, Encoding
from vidcolor_utils.video.ffmpeg import Packet, packets_of, video_header, written_tags
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import keep_streams, open_output, skipped_warnings
from vidcolor_utils.video.times import WHOLE, Span
from vidcolor_utils.video.writer import VideoWriter

MARGIN_S = 10.0  # seconds before the span at which to begin to look for its sound, and for what is written on it
# .mp4 keeps the one, but for 1970, which is none; streams have the other.
NOT_MISSED = {"creation_time", "timecode"}
VIDEO, OTHER = range(2)  # kinds of packets
TimedPacket = tuple[Fraction, int, Packet]  # time in seconds, kind, packet


class Segment(NamedTuple):
    """An encoded segment."""

    path: Path
    times: list[int]  # of its frames in the order shown, in units of the source's time base from the span's start
    order: list[int]  # which of the frames each packet holds
    end: int  # when its last frame stops being shown
    first: int = 0  # packet of the file that it begins with


def join_segments(
    segments: Sequence[Segment],
    reader: VideoReader,
    output: Path,
    *,
    encoding: Encoding,
    span: Span = WHOLE,
    is_deinterlaced: bool = False,
    shown: Path | None = None,
) -> list[str]:
    """Write the packets of segments one after the other, with all that the source has beside its frames.

    Args:
        segments: all of them, in order.
        reader: the open source; it is read again.
        output: file to write.
        encoding: how the segments are encoded.
        span: part of the source that the segments show.
        is_deinterlaced: as for `open_output`.
        shown: how messages call the output.

    Returns:
        A sentence for each thing that the output does not have.

    Raises:
        InputError: if the container of `output` cannot hold the sound, or hardware has made segments that one
            decoder cannot play.
        OutputError: if `output` cannot be written.
    """
    reader.restart(max(0.0, span.start - MARGIN_S))
    with open_output(reader, output, encoding, is_deinterlaced=is_deinterlaced, shown=shown) as writer:
        warnings = keep_streams(reader, writer, span)
        if encoding.encoder != SOFTWARE:
            _check_headers(segments, writer)
        start = reader.start + Fraction(span.start)
        frames, others = _encoded_packets(segments, reader), _other_packets(reader, span)
        for _, kind, packet in merge(frames, others, key=itemgetter(0)):
            if kind == VIDEO:
                writer.write_encoded(packet)
            else:
                writer.write_packet(packet, start)
    lost = _lost_tags(reader, output, shown)
    return [*skipped_warnings(reader, writer, warnings), *([lost] if lost else [])]


def _lost_tags(reader: VideoReader, output: Path, shown: Path | None) -> str | None:
    """A sentence if tags of the source are not in the output."""
    wanted = {name.lower(): name for name in reader.tags if name.lower() not in NOT_MISSED}
    written = {name.lower() for name in written_tags(output, shown=shown)} if wanted else set()
    lost = ", ".join(name for lower, name in wanted.items() if lower not in written)
    return f"{reader.path}: not kept, {output.suffix} has no place for these tags: {lost}" if lost else None


def _check_headers(segments: Sequence[Segment], writer: VideoWriter) -> None:
    """Check that segments were made by encoders that agree on the header, as other hardware may not.

    Raises:
        InputError: if they were not.
    """
    headers = {video_header(each.path)[1] for each in segments if each.path.suffix == INTERMEDIATE}
    if headers - {writer.header}:
        raise InputError(
            f"{writer.shown}: the hardware encoder made parts that do not go together: take the encoder {SOFTWARE}"
        )


def _encoded_packets(segments: Sequence[Segment], reader: VideoReader) -> Iterator[TimedPacket]:
    """Yield the packets of segments with the times of their frames, each after its time of decoding in seconds.

    A packet is decoded when the frame is shown that comes as many frames earlier as frames are ever held back, so
    that times of decoding rise over the borders too.
    """
    times = [time for segment in segments for time in segment.times]
    held = max(place - rank for segment in segments for place, rank in enumerate(segment.order))
    step = max(1, round(1 / (reader.info.rate * reader.time_base)))
    if len(times) > 1:  # a last picture that is held for long makes the rate on average a low one
        step = min(step, times[1] - times[0])
    ends, number = [*times[1:], segments[-1].end], 0
    for segment in segments:
        first = number
        packets = islice(packets_of(segment.path, segment.first), len(segment.order))
        for packet, rank in zip_longest(packets, segment.order):
            if packet is None:
                raise UnreadableError(f"{segment.path}: holds less than was written to it", segment.path)
            packet.time_base = reader.time_base
            packet.pts = times[first + rank]
            packet.dts = times[number - held] if number >= held else times[0] - (held - number) * step
            packet.duration = ends[first + rank] - times[first + rank]
            number += 1
            yield packet.dts * reader.time_base, VIDEO, packet


def _other_packets(reader: VideoReader, span: Span) -> Iterator[TimedPacket]:
    """Yield the packets of the source's other streams that lie in a span, each after its time from its start."""
    start, last = reader.start + Fraction(span.start), Fraction(0)
    for packet in reader.other_packets():
        if packet.stream.type == "subtitle":
            _begin_no_earlier(packet, start)
        time = packet.dts if packet.pts is None else packet.pts
        if time is not None and packet.time_base:
            last = time * packet.time_base - start
        if (last >= 0 or not span.start) and (span.end is None or last < span.end - span.start):
            yield last, OTHER, packet


def _begin_no_earlier(packet: Packet, start: Fraction) -> None:
    """Have a subtitle that is on screen at a time, in seconds, begin there."""
    if packet.pts is None or not packet.duration or not packet.time_base:
        return
    late = ceil(start / packet.time_base) - packet.pts
    if 0 < late < packet.duration:
        packet.pts, packet.duration = packet.pts + late, packet.duration - late
        packet.dts = packet.pts
