"""What was counted while a video was read, and whether that is all of it."""

from __future__ import annotations

import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from vidcolor_utils.video.description import VideoInfo

MISSING_S, MISSING_SHARE = 0.5, 0.05  # more than this missing at the end: the file was cut


class Counts(NamedTuple):
    """Numbers up to where a reader stands."""

    decoded: int = 0  # frames
    packets: int = 0  # of the video
    damaged: int = 0  # packets that could not be decoded
    resized: int = 0  # frames of another size or format than the first
    mistimed: int = 0  # frames whose times were damaged


class Anchor(NamedTuple):
    """A frame that another run can find again, and what had been counted when it came out of the decoder."""

    number: int  # counted from the first frame of the span
    pts: int
    checksum: int  # CRC-32 of its luma
    packets: int
    damaged: int
    resized: int = 0
    mistimed: int = 0

    @classmethod
    def of(cls, number: int, pts: int, luma: np.ndarray, counts: Counts) -> Anchor:
        """Note a frame that has just been read."""
        return cls(number, pts, zlib.crc32(luma.tobytes()), *counts[1:])

    @property
    def counts(self) -> Counts:
        """What a reader has counted that stands behind the frame."""
        return Counts(self.number + 1, self.packets, self.damaged, self.resized, self.mistimed)

    def is_same_frame(self, other: Anchor) -> bool:
        """Tell whether both are the same frame, however it was reached."""
        return self[:3] == other[:3]


def truncation_warning(
    info: VideoInfo, counts: Counts, *, end_s: Fraction | None, declared_end_s: Fraction | None
) -> str | None:
    """After reading: a sentence if the file holds less than it declares, or damaged parts.

    Args:
        info: what the file says of itself.
        counts: up to its end.
        end_s: when the last frame read stops being shown, from the start of the file; None if there was none, or
            where the file's own times do not tell how long it is.
        declared_end_s: when the video ends, as it says itself.
    """
    # Compared in packets where the file declares a count: not every packet of a whole file is a shown frame.
    has_reached_end = False
    if end_s is not None and declared_end_s is not None:
        has_reached_end = end_s >= declared_end_s - 1 / (2 * info.rate)
    if info.frames and counts.packets < info.frames and not has_reached_end:
        expected = info.frames  # a film that holds frames longer, as .avi does with empty packets, is not cut
    else:
        expected = _frames_by_duration(info, end_s)
    if counts.decoded < expected:
        return f"{info.path}: damaged or cut short: {counts.decoded} of {expected} frames could be read"
    if counts.damaged:
        return f"{info.path}: damaged: {counts.decoded} frames could be read, {counts.damaged} packets not"
    if counts.mistimed:
        return f"{info.path}: damaged: {counts.mistimed} of {counts.decoded} frames lack a usable time"
    if counts.resized:
        height, width = info.stored_size
        return f"{info.path}: {counts.resized} frames of another size or format were made {width}x{height}"
    return None


def _frames_by_duration(info: VideoInfo, end_s: Fraction | None) -> int:
    """Frames that a container without a count should have; 0 where the end was reached."""
    if info.frames or not info.duration_s or end_s is None:
        return 0
    missing = info.duration_s - float(end_s)
    is_cut = missing > max(MISSING_S, MISSING_SHARE * info.duration_s)  # sound may last a little longer
    return round(info.duration_s * info.rate) if is_cut else 0
