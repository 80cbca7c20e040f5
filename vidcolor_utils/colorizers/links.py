"""How the frames of a video are tied to their neighbours in time: where pixels go, and how far to trust that."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.color import to_uint8
from vidcolor_utils.pictures.cuts import CutDetector, content_changes
from vidcolor_utils.pictures.flow import DenseFlow, warp
from vidcolor_utils.pictures.sizes import fit_short_side, shrunk_in_steps

SIDE = 192  # short side at which chroma is carried, in pixels
AGREEMENT = 20.0  # difference of luma, of 255, at which trust in a neighbour falls to 1/e
SMOOTHING = (5, 5)  # pixels over which that difference is averaged
MAX_GAIN = 1.5  # change of brightness between neighbours that is put down to the lamp or the shutter
CUT = 0.5  # mean trust below which a change of content is a cut; motion and flicker stay above


class Link(NamedTuple):
    """How a frame is tied to a neighbour in time."""

    flow: np.ndarray  # float32 (h, w, 2), from the frame to the neighbour, in pixels
    trust: np.ndarray  # float32 (h, w) in [0, 1], how well the neighbour's luma, carried along, agrees


class Linker:
    """Ties each frame of a video to the one before.

    Args:
        both_ways: find the links from the frame before as well.
    """

    def __init__(self, *, both_ways: bool = False):
        self._both_ways, self._flow = both_ways, DenseFlow()
        self._last: np.ndarray | None = None

    def __call__(self, gray: np.ndarray) -> tuple[Link | None, Link | None]:
        """Take the next frame, uint8 (h, w).

        The first frame of a shot is one whose luma the last frame's, carried along, does not explain, and that the
        detector takes for it: the detector alone takes fast motion and a flickering lamp for cuts.

        Returns:
            The links from it to the frame before and back; None for the first frame of a shot, and the second
            one unless `both_ways`.
        """
        last, self._last = self._last, gray
        if last is None:
            return None, None
        back = link_between(gray, last, self._flow)
        if explains_nothing(back) and content_changes(last, gray):
            return None, None
        return back, link_between(last, gray, self._flow) if self._both_ways else None


class Cuts:
    """Tells which frames of a video begin a shot, as `Linker` does, without the motion of all the others."""

    def __init__(self) -> None:
        self._flow, self._changes = DenseFlow(), CutDetector()
        self._last: np.ndarray | None = None

    def __call__(self, gray: np.ndarray) -> bool:
        """Take the next frame, uint8 (h, w); tell whether it begins a shot. The first one is not told to."""
        last, self._last = self._last, gray
        changes = self._changes(gray)
        return changes and last is not None and explains_nothing(link_between(gray, last, self._flow))


def link_between(gray: np.ndarray, other: np.ndarray, flow: DenseFlow) -> Link:
    """Tie a frame to another one, uint8 (h, w)."""
    motion = flow(gray, other)
    return Link(motion, luma_agreement(gray, warp(other.astype(np.float32), motion)))  # floats are fetched faster


def explains_nothing(link: Link) -> bool:
    """Tell whether the neighbour, carried along, is so unlike the frame that a change of content is a cut."""
    return bool(link.trust.mean() < CUT)


def luma_agreement(gray: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Tell how well two pictures, uint8 or float32 (h, w) in [0, 255], agree, apart from their overall brightness.

    Returns:
        float32 (h, w): exp(-(d / `AGREEMENT`)^2), d the difference of luma averaged over `SMOOTHING`.
    """
    # OpenCV and in place: with NumPy and fresh arrays it takes twice as long.
    gain = lamp_gain(gray, carried)
    difference = cv2.scaleAdd(carried.astype(np.float32), -gain, gray.astype(np.float32))
    averaged = cv2.blur(np.abs(difference, out=difference), SMOOTHING)
    exponent = cv2.multiply(averaged, averaged, dst=averaged, scale=-1 / AGREEMENT**2)
    return cv2.exp(exponent, dst=exponent)


def lamp_gain(gray: np.ndarray, other: np.ndarray) -> float:
    """Factor on a picture's luma that makes it as bright as `gray`, as far as the lamp may be the reason."""
    own, others = cv2.mean(gray)[0], cv2.mean(other)[0]
    return min(max((own + 1) / (others + 1), 1 / MAX_GAIN), MAX_GAIN)


def flow_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which the colours of frames (H, W) are carried; the short side is at most `SIDE`."""
    return fit_short_side(shape, SIDE)


def small_gray(luma: np.ndarray) -> np.ndarray:
    """Shrink luma (H, W) float32 in [0, 1] to `flow_size`, as uint8."""
    return to_uint8(shrunk_in_steps(luma, flow_size(luma.shape)))
