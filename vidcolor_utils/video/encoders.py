"""What FFmpeg's encoders are told of pictures (formats, options, the metadata of HDR), and those of sound.

Sound is encoded only where a container cannot hold it as it is: without loss where that is possible.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import av
import av.audio.codeccontext
import av.audio.stream
import av.error
import av.stream
from av.codec.hwaccel import HWAccel

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.system.scheduling import ordinary_scheduling
from vidcolor_utils.video.codecs import CODECS, Encoding, VideoCodec, is_large
from vidcolor_utils.video.description import ColorDescription, MasteringDisplay
from vidcolor_utils.video.ffmpeg import reason, stream_tags

if TYPE_CHECKING:
    from av.container import OutputContainer

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder reads it: errors only
CHROMATICITY_UNIT, LUMINANCE_UNIT = 50000, 10000  # of H.264's and H.265's messages, per unit and per cd/m2
LOSSLESS = ("flac", "alac")
SOUND_CODECS = {
    "flac": "FLAC",
    "alac": "ALAC",
    "aac": "AAC",
    "libopus": "Opus",
}  # the first that a container takes is used
BIT_RATE = 96_000  # bits per second and channel, where there is a loss
EXACT = ("pcm", "flac", "alac", "truehd", "mlp", "wmalossless", "ape", "tta", "wavpack")  # how their names begin
FORMAT_NAMES = {".mkv": "matroska", ".m4v": "ipod"}  # others are called as their suffix
# The only order of speakers that Opus has for each number of them; a film's 5.1 has them at the sides, mostly.
OPUS_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
LAYOUTS = {(1, 1): "yuv444p", (1, 2): "yuv422p", (2, 2): "yuv420p"}
SEMI_PLANAR = {"yuv420p": "nv12", "yuv420p10le": "p010le"}  # the same numbers as most hardware takes them

Steps = tuple[int, int]  # lines and columns of luma for one of chroma


def find_encoder(encoding: Encoding) -> av.Codec:
    """Find the encoder of a codec.

    Raises:
        InputError: if the FFmpeg that is installed has none.
    """
    try:
        return av.Codec(encoding.spec.encoder, "w")
    except ValueError:
        there = [name for name, spec in CODECS.items() if spec.encoder in av.codecs_available]
        raise InputError(
            f"{encoding.codec}: the FFmpeg that is installed has no {encoding.spec.encoder}: take the codec "
            f"{' or '.join(there)}"
        ) from None


def open_encoder(context: av.VideoCodecContext, codec: str) -> None:
    """Open an encoder, without letting it run before all else on the machine, see `ordinary_scheduling`.

    Raises:
        InputError: if it cannot make this codec of frames of this size and these settings.
    """
    try:
        with ordinary_scheduling():
            context.open()
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(
            f"{codec} cannot be made from frames of {context.width}x{context.height} with these settings "
            f"({reason(error)}): take the codec h264"
        ) from None


def chroma_steps(codec: VideoCodec, size: tuple[int, int]) -> Steps:
    """Choose how coarse chroma is: half of luma's size, where the codec takes that of this (height, width)."""
    if not codec.halves_height:
        return 1, 2
    return (1, 1) if (size[0] % 2 or size[1] % 2) and not codec.halves_odd_sides else (2, 2)


def pixel_format(encoder: av.Codec, codec: VideoCodec, steps: Steps, bit_depth: int) -> tuple[int, str]:
    """The planar format with the fewest bits that hold `bit_depth`, or the most the encoder has; and its bits.

    Raises:
        InputError: if the encoder takes no chroma as fine as `steps`.
    """
    names = {depth: LAYOUTS[steps] + (f"{depth}le" if depth > 8 else "") for depth in codec.depths}
    known = _formats(encoder, codec)
    there = [depth for depth, name in names.items() if known & {name, SEMI_PLANAR.get(name)}]
    if not there:
        raise InputError(f"{encoder.name} takes no frames with a side that is odd")
    depth = next((depth for depth in there if depth >= bit_depth), there[-1])
    return depth, names[depth]


def add_video(
    container: OutputContainer,
    encoding: Encoding,
    colors: ColorDescription,
    planar: str,
    size: tuple[int, int],
    rate: Fraction,
    fields: str | None,
) -> av.VideoStream:
    """Add the stream of pictures to a container; hardware that frames are sent to before is opened.

    Args:
        container: to be written.
        encoding: codec, quality and speed.
        colors: of the film.
        planar: format of the frames that will come, see `pixel_format`; PyAV rearranges their planes.
        size: of them, stored (height, width).
        rate: frames per second, for the header.
        fields: "top" or "bottom", the field that comes first, if the frames are interlaced.

    Raises:
        ValueError, FFmpegError: if the container does not take it, or the hardware does not answer.
    """
    spec = encoding.spec
    device = HWAccel(spec.device) if spec.device else None
    options = encoder_options(encoding, colors, size, fields)
    stream = cast(av.VideoStream, container.add_stream(spec.encoder, rate, options, device))
    stream.height, stream.width = size
    known = _formats(stream.codec_context.codec, spec)
    stream.pix_fmt = planar if planar in known else SEMI_PLANAR[planar]
    return stream


def _formats(encoder: av.Codec, codec: VideoCodec) -> set[str | None]:
    if codec.device:  # the formats of what is sent there, which the encoder does not list
        return set(SEMI_PLANAR.values())
    return {video_format.name for video_format in encoder.video_formats or ()}


def encoder_options(
    encoding: Encoding, colors: ColorDescription, size: tuple[int, int], fields: str | None = None
) -> dict[str, str]:
    """Options for the encoder of a film with these colours, frames of this (height, width), and these fields."""
    options, spec = encoding.encoder_options(size), encoding.spec
    if is_large(size):
        options["threads"] = str(usable_cores())  # not half as many again: each holds frames
    added = [(spec.hdr_option, text) for text in (_hdr_texts(spec, colors) if spec.hdr_option else [])]
    if fields == "bottom" and spec.bottom_first:
        added.append(spec.bottom_first)
    for option, text in added:
        options[option] = ":".join([*filter(None, [options.get(option)]), text])
    return options


def _hdr_texts(codec: VideoCodec, colors: ColorDescription) -> list[str]:
    display, light = codec.hdr_names
    texts = []
    if colors.mastering:
        is_whole = codec.hdr_option != "svtav1-params"  # which takes plain numbers
        texts.append(f"{display}={_mastering_text(colors.mastering, in_units=is_whole)}")
    if colors.light_level:
        texts.append(f"{light}={colors.light_level.content},{colors.light_level.frame_average}")
    return texts


def _mastering_text(mastering: MasteringDisplay, *, in_units: bool) -> str:
    """Write a mastering display as encoders take it: G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)."""

    def point(name: str, values: tuple[float, float], unit: int) -> str:
        numbers = (f"{value * unit:.0f}" if in_units else f"{value:.5f}" for value in values)
        return f"{name}({','.join(numbers)})"

    least, most = mastering.luminance
    places = (("G", mastering.green), ("B", mastering.blue), ("R", mastering.red), ("WP", mastering.white))
    texts = [point(name, place, CHROMATICITY_UNIT) for name, place in places]
    return "".join([*texts, point("L", (most, least), LUMINANCE_UNIT)])


def is_sound(stream: av.stream.Stream) -> bool:
    """Tell sound that can be played from damaged headers of it."""
    context = stream.codec_context
    return isinstance(context, av.audio.codeccontext.AudioCodecContext) and (
        context.sample_rate > 0 and context.channels > 0
    )


@lru_cache
def sound_encoders(suffix: str) -> tuple[str, ...]:
    """Those of `SOUND_CODECS` that a container takes."""

    def takes(codec: str) -> bool:
        return muxer_takes(suffix, lambda container: container.add_stream(codec, rate=48_000))

    return tuple(filter(takes, SOUND_CODECS))


def muxer_takes(suffix: str, add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether the container of a suffix takes the streams that `add` adds to it."""
    name = FORMAT_NAMES.get(suffix, suffix[1:])
    return is_taken(lambda: av.open(io.BytesIO(), "w", format=name), add)


def is_taken(open_: Callable[[], OutputContainer], add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether a header can be written with the streams that `add` adds."""
    try:
        with open_() as container:
            add(container)
            container.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


class SoundEncoder:
    """Decodes the packets of one stream of sound and encodes it for another.

    Args:
        source: as read.
        container: to be written.
        codec: one of `SOUND_CODECS`.

    Raises:
        ValueError, FFmpegError: if the encoder or the container does not take it.
    """

    def __init__(self, source: av.stream.Stream, container: OutputContainer, codec: str):
        heard = self._heard = cast(av.audio.codeccontext.AudioCodecContext, source.codec_context)
        rate = 48_000 if codec == "libopus" else heard.sample_rate  # the only one of Opus that all can play
        self.stream = cast(av.audio.stream.AudioStream, container.add_stream(codec, rate=rate))
        self.stream.metadata.update(stream_tags(container, source.metadata))
        self.stream.disposition = source.disposition
        context = self.stream.codec_context
        context.layout = _layout(heard, codec)
        if codec in LOSSLESS:
            is_deep = heard.format.bytes > 2 and heard.name.startswith(EXACT)
            planar = "p" if codec == "alac" else ""
            context.format = ("s32" if is_deep else "s16") + planar
        else:
            context.bit_rate = BIT_RATE * heard.channels
        self._time_base = cast(Fraction, source.time_base)
        self._next = 0  # when the next frame begins, in that unit

    def encoded(self, packet: av.Packet | None) -> list[av.Packet]:
        """Return what a packet becomes; None ends the sound. What cannot be decoded is left out."""
        made = [made for frame in self._decoded(packet) for made in self.stream.encode(self._timed(frame))]
        if packet is None and self.stream.codec_context.is_open:
            made += self.stream.encode(None)
        return made

    def _decoded(self, packet: av.Packet | None) -> list[av.AudioFrame]:
        """Decode a packet; None gives what decoders of WMA and the like hold back until the end."""
        if packet is None and not self._heard.is_open:
            return []
        try:
            return self._heard.decode(packet)
        except av.error.FFmpegError:
            return []

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
    return heard.layout.name if named else f"{heard.channels}c"
