"""Put finished segments and all that their source has beside frames into one file; nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import av
import av.error

from vidcolor_utils.errors import OutputError
from vidcolor_utils.kept_streams import keep_streams, skipped_warning
from vidcolor_utils.segments import WHOLE, Span
from vidcolor_utils.video_codecs import Encoding
from vidcolor_utils.video_io import VideoReader
from vidcolor_utils.video_writer import VideoWriter

MARGIN_S = 1.0  # seconds before the span at which to begin to look for its sound
VIDEO, OTHER = range(2)  # kinds of packets
TimedPacket = tuple[Fraction, int, av.Packet]  # time in seconds, kind, packet


class Segment(NamedTuple):
    """An encoded segment."""

    path: Path
    times: list[int]  # of its frames in the order shown, in units of the source's time base from the span's start
    order: list[int]  # which of the frames each packet holds


def packet_order(path: Path) -> list[int]:
    """Tell which frame, counted in the order shown, each packet of a segment's file holds; reads all of it.

    Raises:
        OutputError: if it cannot be read.
    """
    with _open(path) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size and packet.pts is not None]
    ranks = {time: rank for rank, time in enumerate(sorted(times))}
    return [ranks[time] for time in times]


def join_segments(
    segments: Sequence[Segment],
    reader: VideoReader,
    output: Path,
    *,
    encoding: Encoding,
    span: Span = WHOLE,
    is_deinterlaced: bool = False,
) -> list[str]:
    """Write the packets of segments one after the other, with all that the source has beside its frames.

    Args:
        segments: all of them, in order.
        reader: the open source; it is read again.
        output: file to write.
        encoding: how the segments are encoded.
        span: part of the source that the segments show.
        is_deinterlaced: as for `open_output`.

    Returns:
        A sentence for each thing that the output does not have.

    Raises:
        InputError: if the container of `output` cannot hold the sound.
        OutputError: if `output` cannot be written.
    """
    reader.restart(max(0.0, span.start - MARGIN_S))
    with open_output(reader, output, encoding, is_deinterlaced=is_deinterlaced) as writer:
        warnings = keep_streams(reader, writer, span)
        start = reader.start + Fraction(span.start)
        shown, others = _encoded_packets(segments, reader), _other_packets(reader, span)
        for _, kind, packet in merge(shown, others, key=itemgetter(0)):
            if kind == VIDEO:
                writer.write_encoded(packet)
            else:
                writer.write_packet(packet, start)
    return [*warnings, *filter(None, [skipped_warning(reader, writer)])]


def open_output(
    reader: VideoReader, path: Path, encoding: Encoding, *, is_deinterlaced: bool = False
) -> VideoWriter:
    """Open a writer for coloured frames of a video, which are marked as interlaced if those of the video are.

    Args:
        reader: the open source.
        path: file to write.
        encoding: codec, quality and speed.
        is_deinterlaced: the frames to write are interlaced no more.
    """
    settings = reader.writer_settings() | ({"fields": None} if is_deinterlaced else {})
    return VideoWriter(path, reader.stored_size, encoding=encoding, **settings)


def _encoded_packets(segments: Sequence[Segment], reader: VideoReader) -> Iterator[TimedPacket]:
    """Yield the packets of segments with the times of their frames, each after its time of decoding in seconds.

    A packet is decoded when the frame is shown that comes as many frames earlier as frames are ever held back, so
    that times of decoding rise over the borders too.
    """
    times = [time for segment in segments for time in segment.times]
    held = max(place - rank for segment in segments for place, rank in enumerate(segment.order))
    step = max(1, round(1 / (reader.info.rate * reader.time_base)))
    number = 0
    for segment in segments:
        first = number
        for packet, rank in zip(_packets(segment.path), segment.order, strict=True):
            packet.time_base = reader.time_base
            packet.pts = times[first + rank]
            packet.dts = times[number - held] if number >= held else times[0] - (held - number) * step
            packet.duration = _until_next(times, first + rank, step)
            number += 1
            yield packet.dts * reader.time_base, VIDEO, packet


def _until_next(times: Sequence[int], number: int, step: int) -> int:
    return times[number + 1] - times[number] if number + 1 < len(times) else step


def _packets(path: Path) -> Iterator[av.Packet]:
    with _open(path) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield packet


def _other_packets(reader: VideoReader, span: Span) -> Iterator[TimedPacket]:
    """Yield the packets of the source's other streams that lie in a span, each after its time from its start."""
    start, last = reader.start + Fraction(span.start), Fraction(0)
    for packet in reader.other_packets():
        time = packet.dts if packet.pts is None else packet.pts
        if time is not None and packet.time_base:
            last = time * packet.time_base - start
        if (last >= 0 or not span.start) and (span.end is None or last < span.end - span.start):
            yield last, OTHER, packet


def _open(path: Path) -> av.container.InputContainer:
    try:
        return av.open(f"file:{path}")
    except (av.error.FFmpegError, OSError):
        raise OutputError(
            f"{path}: a finished segment cannot be read: remove {path.parent} and start over"
        ) from None
