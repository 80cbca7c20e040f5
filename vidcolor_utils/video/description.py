"""What a video says of itself, how it is to be shown, and what its numbers mean as colours.

Primaries, transfer and matrix are three different things, each with numbers of its own in ITU-T H.273, and each is
kept as it is. Only the matrix must be known to write chroma; untagged video gets the usual one of its size.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
import av.container
import av.filter
import numpy as np
from av.sidedata.sidedata import SideData, Type

from vidcolor_utils.pictures.chroma import HLG, PQ, luma01, luma_range
from vidcolor_utils.pictures.color import MATRICES, ColorMatrix
from vidcolor_utils.pictures.orientation import Orientation
from vidcolor_utils.video.ffmpeg import FIELDS
from vidcolor_utils.video.formats import ALPHA_FORMATS, is_rgb, luma_format, luma_plane, usual_matrix
from vidcolor_utils.video.times import start_of

DEFAULT_RATE = Fraction(25)  # for files that do not say
WITHOUT_RATE = ("h264", "hevc")  # formats whose average rate is a guess: the stream itself knows better
HIGHEST_RATE = 1000  # frames per second; what is said to be above is a clock, not a rate
SAY_WHEN_THEY_END = ("matroska,webm", "nut")  # not how long they are, as others do: some begin late
OPAQUE = 255
UNKNOWN = 2  # of H.273: nothing is said


def _unnamed(kinds: type[Type], number: Any) -> Type:
    """Stand for a kind of side data that PyAV has no name for, as EXIF: it would refuse the whole frame."""
    kind = object.__new__(kinds)
    kind._name_, kind._value_ = f"UNNAMED_{number}", number
    return kind


Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


class MasteringDisplay(NamedTuple):
    """The display that an HDR film was graded on (SMPTE ST 2086)."""

    red: tuple[float, float]  # CIE x, y
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]
    luminance: tuple[float, float]  # least and most, cd/m2


class LightLevel(NamedTuple):
    """The brightest pixel and the brightest frame on average (CTA-861.3), cd/m2."""

    content: int
    frame_average: int


class ColorDescription(NamedTuple):
    """Numbers of H.273, and HDR's static metadata where the video has them."""

    matrix: int
    primaries: int = UNKNOWN
    transfer: int = UNKNOWN
    mastering: MasteringDisplay | None = None
    light_level: LightLevel | None = None

    @property
    def weights(self) -> ColorMatrix:
        """Luma coefficients."""
        return MATRICES[self.matrix]

    @property
    def is_hdr(self) -> bool:
        """Whether luma means more than a usual display shows."""
        return self.transfer in (PQ, HLG)


class VideoInfo(NamedTuple):
    """What a video file says of itself. Sizes are in pixels, of whatever shape, after rotation."""

    path: Path
    container: str
    codec: str
    pixel_format: str
    bit_depth: int  # of luma, as it is read
    width: int
    height: int
    rotation: int  # degrees, multiple of 90, counter-clockwise, that the stored frames need to stand upright
    mirrored: bool  # after that
    rate: Fraction  # frames per second, on average
    frames: int | None  # as declared; None where the container does not say
    duration_s: float | None
    matrix: str
    full_range: bool
    hdr: str | None  # "PQ" or "HLG"
    sound: tuple[str, ...]
    subtitles: tuple[str, ...]
    fields: str | None  # "top" or "bottom", the field that comes first, if the frames are interlaced
    pixel_aspect: Fraction | None  # width of a pixel over its height, where the file says
    transparent: bool  # whether something shines through the first frame, as far as can be told
    views: str | None  # "3D" or "360 degrees": frames that are not to be shown flat

    @property
    def orientation(self) -> Orientation:
        """What makes the stored frames stand upright."""
        return Orientation(self.rotation, self.mirrored)

    @property
    def shown_pixel_aspect(self) -> float:
        """Width over height of a pixel of upright frames."""
        aspect = float(self.pixel_aspect or 1)
        return 1 / aspect if self.orientation.is_turned else aspect

    @property
    def stored_size(self) -> tuple[int, int]:
        """(height, width) of the frames as stored."""
        return (self.width, self.height) if self.orientation.is_turned else (self.height, self.width)

    @property
    def luma_range(self) -> tuple[int, int]:
        """Stored numbers of black and white."""
        return luma_range(bit_depth=self.bit_depth, full_range=self.full_range)

    def luma01(self, stored: np.ndarray) -> np.ndarray:
        """Scale luma (H, W) as stored, uint8 or uint16, to float32 in [0, 1]."""
        return luma01(stored, bit_depth=self.bit_depth, full_range=self.full_range)


# What describes the source's encoding, not the film.
TECHNICAL_TAGS = (
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "duration",
    "bps",
    "number_of_",
    "software",
    "com.android.",
    "wm",
    "isvbr",
    "deviceconformance",
    "_",
    # Of MXF: numbers of the file and of the program that wrote it.
    *("uid", "generation_uid", "product_", "company_name", "toolkit_version", "application_platform"),
    *("operational_pattern", "material_package", "file_package", "modification_date"),
)


def film_tags(tags: dict[str, str]) -> dict[str, str]:
    """Leave the tags that describe the film."""
    return {name: value for name, value in tags.items() if not name.lower().startswith(TECHNICAL_TAGS)}


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Read how a decoded frame is to be shown from its display matrix, to the nearest quarter turn."""
    data = _side_data(frame, Type.DISPLAYMATRIX)
    if data is None or len(data) < 36:
        return Orientation()
    # Row by row, of which the first two give x and y of what is shown: (x, y) becomes (ax + cy, bx + dy).
    a, b, _, c, d, *_ = struct.unpack("=9i", data[:36])
    mirrored = a * d - b * c < 0
    if mirrored:  # left and right change places last, so that is undone first
        a, c = -a, -c
    degrees = math.degrees(math.atan2(-b, a))
    return Orientation(round(degrees / 90) * 90 % 360, mirrored)


def description_of(frame: av.VideoFrame) -> ColorDescription:
    """Read what a decoded frame says of its colours."""
    matrix = int(frame.colorspace)
    if is_rgb(frame.format) or matrix not in MATRICES:
        matrix = usual_matrix(frame)
    return ColorDescription(
        matrix,
        int(frame.color_primaries),
        int(frame.color_trc),
        _mastering(_side_data(frame, Type.MASTERING_DISPLAY_METADATA)),
        _light_level(_side_data(frame, Type.CONTENT_LIGHT_LEVEL)),
    )


def has_captions(frame: av.VideoFrame) -> bool:
    """Tell whether a frame carries closed captions (EIA-608, CTA-708), as those of American broadcasts do."""
    return _side_data(frame, Type.A53_CC) is not None


def views_of(frame: av.VideoFrame) -> str | None:
    """Tell whether a frame shows all around, "360 degrees", or holds a picture for each eye, "3D"."""
    if _side_data(frame, Type.SPHERICAL) is not None:
        return "360 degrees"
    return "3D" if any((_side_data(frame, Type.STEREO3D) or b"")[:4]) else None  # 0: one picture after all


def _side_data(frame: av.VideoFrame, kind: Type) -> bytes | None:
    found = cast(Iterable[SideData], frame.side_data)  # PyAV's types know of one kind only
    return next((bytes(data) for data in found if data.type == kind), None)


def _mastering(data: bytes | None) -> MasteringDisplay | None:
    """Read AVMasteringDisplayMetadata: ten fractions, and whether the first eight and the last two count."""
    if data is None or len(data) < 88:
        return None
    numbers = struct.unpack("=22i", data[:88])
    if not (numbers[20] and numbers[21]) or 0 in numbers[1:20:2]:
        return None
    values = [above / below for above, below in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
    return MasteringDisplay(*zip(values[::2], values[1::2], strict=True))


def _light_level(data: bytes | None) -> LightLevel | None:
    """Read AVContentLightMetadata: two numbers."""
    return LightLevel(*struct.unpack("=2I", data[:8])) if data and len(data) >= 8 else None


def describe_video(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, first: av.VideoFrame
) -> VideoInfo:
    """Describe a file from its open video stream and its first frame."""
    orientation, luma = orientation_of(first), luma_format(first.format, int(first.color_range))
    width, height = (first.height, first.width) if orientation.is_turned else (first.width, first.height)
    return VideoInfo(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        pixel_format=first.format.name,
        bit_depth=luma.bit_depth,
        width=width,
        height=height,
        rotation=orientation.rotation,
        mirrored=orientation.mirrored,
        rate=_rate(stream, container.format.name),
        frames=stream.frames or None,
        duration_s=_duration(container),
        matrix=description_of(first).weights.name,
        full_range=luma.full_range,
        hdr={PQ: "PQ", HLG: "HLG"}.get(int(first.color_trc)),
        sound=_codec_names(container, "audio"),
        subtitles=_codec_names(container, "subtitle"),
        fields=fields_of(stream, first),
        pixel_aspect=stream.sample_aspect_ratio or None,
        transparent=_is_transparent(stream, first),
        views=views_of(first),
    )


def fields_of(stream: av.VideoStream, frame: av.VideoFrame) -> str | None:
    """Tell which field of interlaced frames comes first; None if they are not interlaced."""
    if not frame.interlaced_frame:
        return None
    return first_field(frame) or FIELDS.get(stream.codec_context.field_order, "top")


def first_field(frame: av.VideoFrame) -> str | None:
    """Ask FFmpeg, for PyAV does not tell, which field an interlaced frame is marked to begin with.

    Returns "top" or "bottom"; None where both fields show the same.
    """
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    even = graph.add("crop", "iw:ih-mod(ih\\,2):0:0")  # other frames have no two fields of one size
    graph.link_nodes(source, even, graph.add("separatefields"), graph.add("buffersink")).configure()
    pts, frame.pts = frame.pts, 0
    graph.vpush(frame)
    frame.pts = pts
    luma, first = luma_plane(frame)[: frame.height // 2 * 2], luma_plane(graph.vpull())
    found = [name for name, lines in (("top", luma[::2]), ("bottom", luma[1::2])) if np.array_equal(lines, first)]
    return found[0] if len(found) == 1 else None


def _duration(container: av.container.InputContainer) -> float | None:
    if container.duration is None:
        return None
    declared = Fraction(container.duration, av.time_base)
    length = declared - start_of(container) if container.format.name in SAY_WHEN_THEY_END else declared
    return float(length if length > 0 else declared)


def _is_transparent(stream: av.VideoStream, first: av.VideoFrame) -> bool:
    if first.format.name.startswith(ALPHA_FORMATS):
        return bool(first.to_ndarray(format="rgba")[..., 3].min() < OPAQUE)
    return stream.metadata.get("alpha_mode") == "1"  # of VP8 and VP9, whose decoders leave it out


def _rate(stream: av.VideoStream, container: str) -> Fraction:
    rates = [stream.average_rate, stream.guessed_rate]
    if container in WITHOUT_RATE:
        rates.reverse()
    return next((rate for rate in rates if rate and rate <= HIGHEST_RATE), DEFAULT_RATE)


def _codec_names(container: av.container.InputContainer, kind: str) -> tuple[str, ...]:
    contexts = (stream.codec_context for stream in container.streams if stream.type == kind)
    return tuple("unknown" if context is None else context.codec.canonical_name for context in contexts)
