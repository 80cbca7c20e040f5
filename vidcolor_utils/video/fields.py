"""De-interlace luma, one frame for each, showing the moment of its first field; say what became of the fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import av.error
import av.filter
import numpy as np

from vidcolor_utils.system.pipeline import paired
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.ffmpeg import PARITY
from vidcolor_utils.video.formats import LumaFrame

REACH = 1  # frames before and after each that decide what it becomes


def deinterlaced(frames: Iterable[LumaFrame], fields: str, *, bit_depth: int = 8) -> Iterator[LumaFrame]:
    """De-interlace the luma of frames in order; those that are not marked as interlaced stay as they are.

    Args:
        frames: of one video; one more is taken than is yielded.
        fields: "top" or "bottom", the field that comes first.
        bit_depth: of the luma.

    Yields:
        Each frame with the lines of its first field as they are, and between them new ones in place of its second.
    """
    lumas = paired(frames, lambda taken: deinterlaced_lumas((frame.luma for frame in taken), fields))
    for frame, luma in lumas:
        is_interlaced = frame.decoded.interlaced_frame
        yield frame._replace(luma=np.minimum(luma, 2**bit_depth - 1)) if is_interlaced else frame


def deinterlaced_lumas(lumas: Iterable[np.ndarray], fields: str) -> Iterator[np.ndarray]:
    """Pass planes (H, W), uint8 or uint16, through FFmpeg's bwdif (Weston's filter and yadif's, joined)."""
    graph = None
    for number, luma in enumerate(lumas):
        pixel_format = "gray" if luma.dtype == np.uint8 else "gray16le"
        graph = graph or _bwdif(luma.shape, pixel_format, fields)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format=pixel_format)
        frame.pts, frame.time_base = number, Fraction(1)
        graph.vpush(frame)
        yield from _ready(graph)
    if graph is not None:
        graph.vpush(None)
        yield from _ready(graph)


def without_second_field(plane: np.ndarray, fields: str) -> np.ndarray:
    """Replace the lines of a plane (H, W) that belong to the second field by the mean of those above and below."""
    height, second = len(plane), 1 if fields == "top" else 0
    lines = np.arange(second, height, 2)
    above, below = np.where(lines > 0, lines - 1, 1), np.where(lines < height - 1, lines + 1, height - 2)
    changed = plane.copy()
    changed[lines] = (plane[above].astype(np.uint32) + plane[below] + 1) // 2
    return changed


class FieldMarker:
    """Marks frames as interlaced; PyAV's frames cannot be told so themselves.

    Args:
        size: (height, width) of the frames.
        pixel_format: of the frames.
        time_base: of their times.
        fields: "top" or "bottom", the field that comes first.
    """

    def __init__(self, size: tuple[int, int], pixel_format: str, time_base: Fraction, fields: str):
        self._graph = av.filter.Graph()
        height, width = size
        source = self._graph.add_buffer(
            width=width, height=height, format=av.VideoFormat(pixel_format), time_base=time_base
        )
        marks = self._graph.add("setfield", PARITY[fields])
        self._graph.link_nodes(source, marks, self._graph.add("buffersink")).configure()

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame, marked."""
        self._graph.vpush(frame)
        return self._graph.vpull()


def _bwdif(shape: tuple[int, ...], pixel_format: str, fields: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    height, width = shape
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat(pixel_format), time_base=Fraction(1)
    )
    bwdif = graph.add("bwdif", f"mode=send_frame:parity={PARITY[fields]}:deint=all")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph


def _ready(graph: av.filter.Graph) -> Iterator[np.ndarray]:
    """Yield the planes that a graph has finished."""
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame.to_ndarray()


def interlacing_warning(
    info: VideoInfo, encoding: Encoding, *, is_seen_deinterlaced: bool, is_written_deinterlaced: bool
) -> str | None:
    """Say what became of an interlaced video; None if it is not.

    Args:
        info: of the source.
        encoding: of the output.
        is_seen_deinterlaced: colours are made from de-interlaced frames.
        is_written_deinterlaced: the output has the luma of these.
    """
    if info.fields is None:
        return None
    if is_written_deinterlaced:
        return f"{info.path}: the video is interlaced; the output is de-interlaced: each frame's first field"
    kept, lines = "still marked so", info.stored_size[0]
    if not encoding.spec.keeps_fields(lines):
        of_lines = f" of {lines} lines" if encoding.spec.field_lines else ""
        kept = f"no longer marked so: {encoding.codec}{of_lines} cannot be"
    colors = "are made" if is_seen_deinterlaced else "come out cleaner with restoring, which makes them"
    return f"{info.path}: the video is interlaced, and {kept}; colours {colors} from de-interlaced frames"
