"""Sound that begins before it is heard: how much of it that is, and how a copy says so."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import av.error
import av.stream

from vidcolor_utils.video.ffmpeg import Packets, open_input
from vidcolor_utils.video.times import start_of

# Of sound before the first packet that is heard whole: AAC adds up halves of two, and HE-AAC needs one more.
LEAD_PACKETS = 3


def lead_in(path: Path, index: int) -> Fraction:
    """Tell how long before the start of a file the packets of a stream begin that its decoder needs, in seconds.

    An edit list of .mp4 hides them: of these the last `LEAD_PACKETS` count.

    Args:
        path: of the file.
        index: of the stream.
    """
    early: deque[Fraction] = deque(maxlen=LEAD_PACKETS)
    with open_input(path) as container, suppress(av.error.FFmpegError):
        start = start_of(container)
        for packet in Packets(container, container.streams[index]):
            is_hidden = packet.is_discard or early  # the last one is heard in part
            if packet.pts is None or packet.pts * packet.time_base >= start or not is_hidden:
                break
            early.append(start - packet.pts * packet.time_base)
    return early[0] if early else Fraction(0)


@contextmanager
def with_lead_in(stream: av.stream.Stream, lead_s: Fraction) -> Iterator[av.AudioStream]:
    """Give a stream like one of AAC that says how many seconds of it are not heard, as long as the block runs.

    PyAV lets nobody set that, but FFmpeg reads it in Matroska (RFC 9559, CodecDelay): it comes out of a file of
    headers alone. Raises `TypeError` if the stream is no sound.
    """
    if not isinstance(stream, av.AudioStream):
        raise TypeError(f"Sound leads in. Received: {stream}")
    context = stream.codec_context
    audio = _element(0xB5, struct.pack(">d", context.sample_rate)) + _element(0x9F, bytes([context.channels]))
    delay = round(lead_s * 10**9).to_bytes(8, "big")  # nanoseconds
    kind = _element(0x86, b"A_AAC") + _element(0x63A2, context.extradata or b"") + _element(0x56AA, delay)
    entry = _element(0xAE, _element(0xD7, b"\1") + _element(0x83, b"\2") + kind + _element(0xE1, audio))
    tracks = _element(0x1654AE6B, entry) + _element(0x1F43B675, _element(0xE7, b"\0"))  # and a cluster of nothing
    file = _element(0x1A45DFA3, _element(0x4282, b"matroska")) + _element(0x18538067, tracks)
    with av.open(BytesIO(file), format="matroska") as container:
        yield container.streams.audio[0]


def _element(name: int, content: bytes) -> bytes:
    """An element of EBML: its name, the length of its content in 8 bytes, its content."""
    length = (1 << 56 | len(content)).to_bytes(8, "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + length + content
