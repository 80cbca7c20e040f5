"""Sound that is made anew where a container cannot hold it as it is: without loss where that is possible."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

import av
import av.audio.codeccontext
import av.audio.stream
import av.error
import av.stream

from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.video.encoders.muxers import describe, muxer_takes

if TYPE_CHECKING:
    from av.container import OutputContainer

LOSSLESS = ("flac", "alac", "pcm_s24le")
SOUND_CODECS = {
    "flac": "FLAC",
    "alac": "ALAC",
    "pcm_s24le": "PCM",
    "aac": "AAC",
    "libopus": "Opus",
}  # the first that a container takes is used
BIT_RATE = 96_000  # bits per second and channel, where there is a loss
EXACT = ("pcm", "flac", "alac", "truehd", "mlp", "wmalossless", "ape", "tta", "wavpack")  # how their names begin
NOISY_IN = (".mp4", ".m4v")  # where players of before 2023 make noise of PCM
# Speakers behind for those at the sides, as a film's 5.1 has them mostly: all that ALAC takes of that number.
ALAC_LAYOUTS = {"5.0(side)": "5.0", "5.1(side)": "5.1"}
# The only order of speakers that Opus has for each number of them.
OPUS_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")


@lru_cache
def sound_encoders(suffix: str) -> tuple[str, ...]:
    """Those of `SOUND_CODECS` that a container takes."""

    def takes(codec: str) -> bool:
        if codec.startswith("pcm") and suffix in NOISY_IN:
            return False
        return muxer_takes(suffix, lambda container: container.add_stream(codec, rate=48_000))

    return tuple(filter(takes, SOUND_CODECS))


def sound_encoder(suffix: str, source: av.stream.Stream) -> str | None:
    """The first of them that takes the speakers and the rate of a stream of sound; None if there is none."""

    def takes(codec: str) -> bool:
        with quiet_native_logs():
            return muxer_takes(suffix, lambda container: SoundEncoder(source, container, codec))

    return next(filter(takes, sound_encoders(suffix)), None)


class _Kind(NamedTuple):
    """What frames of sound are, as `AudioResampler` wants it."""

    format: str
    layout: str
    rate: int


class SoundEncoder:
    """Decodes the packets of one stream of sound and encodes it for another.

    Args:
        source: as read.
        container: to be written.
        codec: one of `SOUND_CODECS`.

    Attributes:
        source: the same.
        packets: how many it was given.
        undecoded: how many of them could not be decoded, and are left out.

    Raises:
        ValueError, FFmpegError: if the encoder or the container does not take it.
    """

    def __init__(self, source: av.stream.Stream, container: OutputContainer, codec: str):
        heard = self._heard = cast(av.audio.codeccontext.AudioCodecContext, source.codec_context)
        self.source, self.packets, self.undecoded = source, 0, 0
        rate = 48_000 if codec == "libopus" else heard.sample_rate  # the only one of Opus that all can play
        self.stream = cast(av.audio.stream.AudioStream, container.add_stream(codec, rate=rate))
        describe(self.stream, container, source)
        context = self.stream.codec_context
        context.layout = _layout(heard, codec)
        if codec in LOSSLESS:
            is_deep = heard.format.bytes > 2 and heard.name.startswith(EXACT)
            planar = "p" if codec == "alac" else ""
            context.format = ("s32" if is_deep or codec.startswith("pcm") else "s16") + planar
        else:
            context.bit_rate = BIT_RATE * heard.channels
        self._time_base = cast(Fraction, source.time_base)
        self._next = 0  # when the next frame begins, in that unit
        self._first: _Kind | None = None
        self._resamplers: dict[_Kind, av.AudioResampler] = {}

    def encoded(self, packet: av.Packet | None) -> list[av.Packet]:
        """Return what a packet becomes; None ends the sound. What cannot be decoded is counted and left out."""
        made = [
            made
            for frame in self._decoded(packet)
            for alike in self._like_first(self._timed(frame))
            for made in self.stream.encode(alike)
        ]
        if packet is None and self.stream.codec_context.is_open:
            made += self.stream.encode(None)
        return made

    def _decoded(self, packet: av.Packet | None) -> list[av.AudioFrame]:
        """Decode a packet; None gives what decoders of WMA and the like hold back until the end."""
        if packet is None and not self._heard.is_open:
            return []
        self.packets += packet is not None
        try:
            return self._heard.decode(packet)
        except av.error.FFmpegError:
            self.undecoded += packet is not None
            return []

    def _like_first(self, frame: av.AudioFrame) -> Iterable[av.AudioFrame]:
        """Make a frame like the first one: in a broadcast speakers and rate may change on the way."""
        kind = _Kind(frame.format.name, frame.layout.name, frame.sample_rate)
        self._first = self._first or kind
        if kind == self._first:
            return [frame]
        if kind not in self._resamplers:
            self._resamplers[kind] = av.AudioResampler(*self._first)
        alike = self._resamplers[kind].resample(frame)
        for each in alike:  # the encoder takes all times in one unit
            seconds = (each.pts or 0) * Fraction(each.time_base or 1)
            each.pts, each.time_base = round(seconds / self._time_base), self._time_base
        return alike

    def _timed(self, frame: av.AudioFrame) -> av.AudioFrame:
        """Let a frame without a time, as those that were held back, follow on the one before."""
        if frame.pts is None:
            frame.pts, frame.time_base = self._next, self._time_base
        self._next = frame.pts + round(Fraction(frame.samples, frame.sample_rate) / self._time_base)
        return frame


def _layout(heard: av.audio.codeccontext.AudioCodecContext, codec: str) -> str:
    if codec == "libopus" and heard.channels <= len(OPUS_LAYOUTS):
        return OPUS_LAYOUTS[heard.channels - 1]
    named = not heard.layout.name.endswith("channels")
    name = heard.layout.name if named else f"{heard.channels}c"
    return ALAC_LAYOUTS.get(name, name) if codec == "alac" else name
