"""Pixels: which luma a decoded frame has, of how many bits and which range, and its chroma.

All of it is decided here, from the format that the decoder gives. Luma that lies in a frame as a plane is taken
bit for bit. Other frames (packed, big-endian, RGB, palettes) are converted first, and what counts then is the
format that they are converted to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from vidcolor_utils.video.ffmpeg import BT709, FULL_RANGE, LIMITED_RANGE, SMPTE170M

HD_HEIGHT = 720  # of the shorter side: see `usual_matrix`
DEPTHS = (8, 9, 10, 12, 14, 16)  # of planar YUV
GRAY = ("gray", "ya", "mono")  # how names of formats without colour begin
PLAIN_GRAY = re.compile(r"gray(9le|10le|12le|14le|16le)?")
PLAIN_YUV = re.compile(r"(yuv[aj]?4\d\dp|nv(12|16|20|21|24|42))(\d+le|le)?")
LIKE_PLANAR = {"p0": "yuv420p", "p2": "yuv422p", "y2": "yuv422p", "yuyv": "yuv422p", "yvyu": "yuv422p"}
LIKE_PLANAR |= {"uyvy": "yuv422p", "p4": "yuv444p"}
SAME_S = 1e-6  # frames whose seconds differ by less are one: seconds are rounded
ALPHA_FORMATS = ("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya", "ayuv", "vuya")

Decoded = av.VideoFrame  # for those who open no files


class LumaFormat(NamedTuple):
    """What the luma of a video is, as its reader gives it."""

    pixel_format: str  # that it is taken from; another one than the decoder's if frames are converted first
    bit_depth: int
    full_range: bool  # black is 0 and white the largest number, rather than 16 and 235 (in 8 bits)


class LumaFrame(NamedTuple):
    """One frame's luma plane as stored: (H, W) uint8, or uint16 for more than 8 bits; its time, and all of it."""

    luma: np.ndarray
    pts: int
    seconds: float  # from the start of the file
    decoded: av.VideoFrame
    duration: int = 0  # how long it is shown, in units of `pts`


NOTHING = av.VideoFrame(2, 2, "gray")  # in place of a decoded frame that nobody looks at any more


def luma_format(pixel_format: av.VideoFormat, color_range: int = 0) -> LumaFormat:
    """Decide how luma is taken from frames.

    Args:
        pixel_format: as decoded.
        color_range: as tagged, FFmpeg's number.
    """
    name, bits = pixel_format.name, pixel_format.components[0].bits
    depth = next((depth for depth in DEPTHS if depth >= bits), DEPTHS[-1])
    if name.startswith(GRAY):
        plain = "gray" + _ending(depth)
        is_limited = name.startswith("gray") and color_range == LIMITED_RANGE  # untagged gray is full for FFmpeg
        return LumaFormat(name if PLAIN_GRAY.fullmatch(name) else plain, depth, not is_limited)
    if is_rgb(pixel_format):
        return LumaFormat("yuv444p" + _ending(depth), depth, False)
    full_range = name.startswith("yuvj") or color_range == FULL_RANGE
    if PLAIN_YUV.fullmatch(name):
        return LumaFormat(name, depth, full_range)
    little = re.sub("be$", "le", name)
    if not PLAIN_YUV.fullmatch(little):
        planar = (layout for start, layout in LIKE_PLANAR.items() if name.startswith(start))
        little = next(planar, "yuv444p") + _ending(depth)
    return LumaFormat(little, depth, full_range)


def is_rgb(pixel_format: av.VideoFormat) -> bool:
    """Tell formats that hold no luma."""
    return pixel_format.is_rgb or pixel_format.has_palette or pixel_format.name.startswith("xyz")


def luma_plane(frame: av.VideoFrame) -> np.ndarray:
    """Take a frame's luma (H, W), uint8 or uint16, as `luma_format` says."""
    plane = _plane(_readable(frame), 0)
    return _of_deep_rgb(plane, luma_format(frame.format)) if is_rgb(frame.format) else plane


def _of_deep_rgb(luma: np.ndarray, stored: LumaFormat) -> np.ndarray:
    """Undo that FFmpeg takes 255 shifted for white in RGB of more than 8 bits, where it is the largest number."""
    if luma.dtype == np.uint8:
        return luma
    black, shifted = 16 << (stored.bit_depth - 8), 255 << (stored.bit_depth - 8)
    share = np.float32(shifted / ((1 << stored.bit_depth) - 1))
    return np.rint(black + (luma.astype(np.float32) - black) * share).astype(luma.dtype)


def chroma_planes(frame: av.VideoFrame, pixel_format: str) -> tuple[np.ndarray, np.ndarray]:
    """Take a frame's own U and V, bit for bit where it is stored in `pixel_format` already, else converted to it.

    Args:
        frame: as decoded, of any format with chroma.
        pixel_format: planar YUV, see `VideoWriter.pixel_format`.

    Returns:
        U and V as `VideoWriter.write_planes` takes them.
    """
    frame = _readable(frame)
    if re.sub("^yuv[aj]", "yuv", frame.format.name) != pixel_format:
        kept = _range(luma_format(frame.format, int(frame.color_range)).full_range)
        frame = frame.reformat(format=pixel_format, src_color_range=kept, dst_color_range=kept)
    return _plane(frame, 1), _plane(frame, 2)


def fill_planes(frame: av.VideoFrame, planes: Sequence[np.ndarray]) -> None:
    """Write arrays (h, w) into the planes of a frame, which is of their dtype and sizes."""
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), values.dtype).reshape(-1, plane.line_size // values.dtype.itemsize)
        rows[: plane.height, : plane.width] = values


def usual_matrix(frame: av.VideoFrame) -> int:
    """Return H.273's number of the matrix of video that names none, and of RGB: BT.601 below HD, else BT.709."""
    return BT709 if min(frame.height, frame.width) >= HD_HEIGHT else SMPTE170M


def yuv_from_rgb(rgb: np.ndarray, pixel_format: str, matrix: int, *, full_range: bool) -> av.VideoFrame:
    """Make a frame of planar YUV from RGB (H, W, 3) uint8; `matrix` is H.273's number."""
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
        format=pixel_format,
        dst_colorspace=_colorspace(matrix),
        dst_color_range=_range(full_range),
    )


def to_depth(luma: np.ndarray, bits: int, target_bits: int) -> np.ndarray:
    """Shift luma of so many bits to the bits that are written."""
    if bits == target_bits:
        return luma
    if bits < target_bits:
        return luma.astype(np.uint16) << (target_bits - bits)
    return (luma >> (bits - target_bits)).astype(np.uint8 if target_bits == 8 else np.uint16)


def chroma_shape(height: int, width: int, steps: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the U and V planes; `steps` are lines and columns of luma for one of chroma."""
    return math.ceil(height / steps[0]), math.ceil(width / steps[1])


class Miniatures:
    """Makes small pictures of decoded frames of any format, to look at their colours.

    Args:
        side: short side in pixels.
    """

    def __init__(self, side: int):
        self._side, self._scaler = side, VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray | None:
        """Return Y, U and V (3, h, w) uint8; None for formats without colour."""
        if frame.format.name.startswith(GRAY):
            return None
        scale = self._side / min(frame.height, frame.width)
        size = {"width": round(frame.width * scale), "height": round(frame.height * scale)}
        return self._scaler.reformat(frame, **size, format="yuv444p", interpolation="AREA").to_ndarray()


def _ending(depth: int) -> str:
    """How the names of planar formats of so many bits end."""
    return f"{depth}le" if depth > 8 else ""


def _range(full_range: bool) -> ColorRange:
    return ColorRange.JPEG if full_range else ColorRange.MPEG


def _colorspace(matrix: int) -> Colorspace:
    return Colorspace.ITU709 if matrix == BT709 else Colorspace.ITU601


def _readable(frame: av.VideoFrame) -> av.VideoFrame:
    """Convert a frame whose luma is not a plane of its own."""
    luma = luma_format(frame.format, int(frame.color_range))
    if luma.pixel_format == frame.format.name:
        return frame
    if is_rgb(frame.format):
        return frame.reformat(
            format=luma.pixel_format,
            dst_colorspace=_colorspace(usual_matrix(frame)),
            dst_color_range=_range(luma.full_range),
        )
    kept = _range(luma.full_range)
    return frame.reformat(format=luma.pixel_format, src_color_range=kept, dst_color_range=kept)


def _plane(frame: av.VideoFrame, index: int) -> np.ndarray:
    plane = frame.planes[index]
    dtype = np.dtype(np.uint8 if frame.format.components[0].bits <= 8 else "<u2")
    rows = np.frombuffer(memoryview(plane), dtype).reshape(-1, plane.line_size // dtype.itemsize)
    return rows[: plane.height, : plane.width]
