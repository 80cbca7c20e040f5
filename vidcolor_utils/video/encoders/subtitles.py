"""Subtitles that are made anew where a container cannot hold them as they are: those of text alone can be."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, cast

import av
import av.error
import av.stream
import av.subtitles.codeccontext
import av.subtitles.stream
from av.codec.codec import Properties

from vidcolor_utils.video.encoders.muxers import describe, muxer_takes

if TYPE_CHECKING:
    from av.container import OutputContainer

SUBTITLE_CODECS = {
    "mov_text": "MPEG-4 Timed Text",
    "subrip": "SubRip",
    "webvtt": "WebVTT",
}  # the first that is taken
UNIT = Fraction(1, 1000)  # of their times, in seconds


def subtitle_encoder(suffix: str, stream: av.stream.Stream) -> str | None:
    """Which of `SUBTITLE_CODECS` a container takes a stream as; None if none, or if it is no text."""
    context = stream.codec_context
    is_subtitle = isinstance(context, av.subtitles.codeccontext.SubtitleCodecContext)
    if not is_subtitle or not Properties.TEXT_SUB & Properties(context.codec.properties):
        return None
    added = {codec: partial(_added, source=stream, codec=codec) for codec in SUBTITLE_CODECS}
    return next((codec for codec, add in added.items() if muxer_takes(suffix, add)), None)


def _added(container: OutputContainer, source: av.stream.Stream, codec: str) -> av.subtitles.stream.SubtitleStream:
    read = cast(av.subtitles.codeccontext.SubtitleCodecContext, source.codec_context)
    if not read.is_open:
        read.open()  # now it has a header, which says how the text is styled
    stream = cast(av.subtitles.stream.SubtitleStream, container.add_stream(codec))
    stream.codec_context.subtitle_header, stream.codec_context.time_base = read.subtitle_header, UNIT
    return stream


class SubtitleEncoder:
    """Decodes the packets of one stream of text and encodes it for another.

    Args:
        source: as read.
        container: to be written.
        codec: one of `SUBTITLE_CODECS`.

    Raises:
        ValueError, FFmpegError: if the encoder or the container does not take it.
    """

    def __init__(self, source: av.stream.Stream, container: OutputContainer, codec: str):
        self._read = cast(av.subtitles.codeccontext.SubtitleCodecContext, source.codec_context)
        self.stream = _added(container, source, codec)
        describe(self.stream, container, source)

    def encoded(self, packet: av.Packet | None) -> list[av.Packet]:
        """Return what a packet becomes; None ends the text. What cannot be decoded, or is empty, is left out."""
        if packet is None:
            return []
        try:
            text = self._read.decode2(packet)
            if text is None or not len(text):
                return []
            made = self.stream.codec_context.encode_subtitle(text)
        except av.error.FFmpegError:
            return []
        made.pts, made.dts, made.duration = packet.pts, packet.pts, packet.duration
        made.time_base, made.stream = packet.time_base, self.stream
        return [made]
