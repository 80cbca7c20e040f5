"""Put finished segments and the sound of their source together into one file; nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import NamedTuple

import av
import av.error

from vidcolor_utils.errors import OutputError
from vidcolor_utils.segments import WHOLE, Span
from vidcolor_utils.video_io import VideoReader, VideoWriter

SOUND_MARGIN_S = 1.0  # seconds before the span at which to begin to look for its sound


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
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    ranks = {time: rank for rank, time in enumerate(sorted(times))}
    return [ranks[time] for time in times]


def join_segments(segments: Sequence[Segment], reader: VideoReader, output: Path, span: Span = WHOLE) -> None:
    """Write the packets of segments one after the other, with sound copied from the source.

    Args:
        segments: all of them, in order.
        reader: the open source; it is read again.
        output: file to write.
        span: part of the source that the segments show.

    Raises:
        InputError: if the container of `output` cannot hold the sound.
        OutputError: if `output` cannot be written.
    """
    settings = reader.writer_settings()
    with _open(segments[0].path) as first:
        encoded = first.streams.video[0]
        with VideoWriter(output, reader.stored_size, **settings, encoded=encoded) as writer:
            reader.restart(max(0.0, span.start - SOUND_MARGIN_S))
            for stream in reader.sound_streams:
                writer.copy_sound(stream)
            step = max(1, round(1 / (settings["rate"] * reader.time_base)))
            shown, sound = _encoded_packets(segments, reader.time_base, step), _sound_packets(reader, span)
            for packet in merge(shown, sound, key=_decoding_time):
                if packet.stream.type == "video":
                    writer.write_encoded(packet)
                else:
                    writer.write_packet(packet)


def _encoded_packets(segments: Iterable[Segment], time_base: Fraction, step: int) -> Iterator[av.Packet]:
    """Yield the packets of segments with the times of their frames.

    A packet's decoding time is the time of the frame shown as many frames earlier as frames are ever held back, so
    that decoding times rise over the borders too.
    """
    segments = list(segments)
    times = [time for segment in segments for time in segment.times]
    held = max(place - rank for segment in segments for place, rank in enumerate(segment.order))
    number = 0
    for segment in segments:
        first = number
        for packet, rank in zip(_packets(segment.path), segment.order, strict=True):
            packet.time_base = time_base
            packet.pts = times[first + rank]
            packet.dts = times[number - held] if number >= held else times[0] - (held - number) * step
            packet.duration = _until_next(times, first + rank, step)
            number += 1
            yield packet


def _until_next(times: Sequence[int], number: int, step: int) -> int:
    return times[number + 1] - times[number] if number + 1 < len(times) else step


def _packets(path: Path) -> Iterator[av.Packet]:
    with _open(path) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield packet


def _sound_packets(reader: VideoReader, span: Span) -> Iterator[av.Packet]:
    """Yield the packets of the source's sound that lie in a span, with times from its start."""
    start = reader.start + Fraction(span.start)
    for packet in reader.sound_packets():
        shift = round(start / packet.time_base)
        packet.dts -= shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        if packet.pts < 0 and span.start:
            continue
        if span.end is None or packet.pts * packet.time_base < span.end - span.start:
            yield packet


def _decoding_time(packet: av.Packet) -> Fraction:
    return packet.dts * packet.time_base


def _open(path: Path) -> av.container.InputContainer:
    try:
        return av.open(f"file:{path}")
    except (av.error.FFmpegError, OSError):
        raise OutputError(
            f"{path}: a finished segment cannot be read: remove {path.parent} and start over"
        ) from None
