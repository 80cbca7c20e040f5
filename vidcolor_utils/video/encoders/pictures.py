"""What FFmpeg's encoders are told of pictures: formats, options, the metadata of HDR."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error
from av.codec.hwaccel import HWAccel

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.system.scheduling import ordinary_scheduling
from vidcolor_utils.video.codecs import CODECS, Encoding, VideoCodec, is_large
from vidcolor_utils.video.description import ColorDescription, MasteringDisplay
from vidcolor_utils.video.ffmpeg import reason

if TYPE_CHECKING:
    from av.container import OutputContainer

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder reads it: errors only
CHROMATICITY_UNIT, LUMINANCE_UNIT = 50000, 10000  # of H.264's and H.265's messages, per unit and per cd/m2
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


# SVT-AV1 waits for itself without end where one side is short and the other long: tried with sides of 8 to 2000.
STUCK_ENCODER, STUCK_BELOW, STUCK_ABOVE = "libsvtav1", 32, 64
# Pixels of a side that x264 takes, and of one that x265 takes beside a longer one, as tried; FFV1 takes any.
H264_LONGEST, H265_SHORTEST = 16384, 32


def open_encoder(context: av.VideoCodecContext, codec: str) -> None:
    """Open an encoder, without letting it run before all else on the machine, see `ordinary_scheduling`.

    Raises:
        InputError: if it cannot make this codec of frames of this size and these settings.
    """
    sides = context.width, context.height
    if context.codec.name == STUCK_ENCODER and min(sides) < STUCK_BELOW and max(sides) > STUCK_ABOVE:
        raise InputError(
            f"{codec} cannot be made from frames of {context.width}x{context.height}, at which its encoder never "
            f"ends: {_advice(codec, sides)}"
        )
    try:
        with ordinary_scheduling():
            context.open()
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(
            f"{codec} cannot be made from frames of {context.width}x{context.height} with these settings "
            f"({reason(error)}): {_advice(codec, sides)}"
        ) from None


def _advice(failed: str, sides: tuple[int, int]) -> str:
    """Name codecs that take frames with these sides, other than the one that did not."""
    fits = {"h264": max(sides) <= H264_LONGEST, "h265": max(sides) > H264_LONGEST and min(sides) >= H265_SHORTEST}
    return f"take the codec {' or '.join([*(name for name in fits if fits[name] and name != failed), 'ffv1'])}"


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
