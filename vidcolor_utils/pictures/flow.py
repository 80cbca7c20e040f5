"""Optical flow on gray frames: where each pixel goes, pictures moved along it, and where it cannot be trusted.

A flow is float32 (H, W, 2), (x, y) in pixels, laid over the first of its two frames: the pixel of the first
frame at (x, y) is found in the second at (x, y) + flow[y, x]. So `warp(second, flow)` looks like the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

COARSE = cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST  # does not smooth what it found; a third of the time
FAST = cv2.DISOPTICAL_FLOW_PRESET_FAST  # about 1 ms at 320x180
MEDIUM = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM  # about 3 ms at 320x180, follows detail better
MIN_SIDE = 32  # below it, long thin frames crash OpenCV 5's DIS; they are padded to it

ROUND_TRIP_SHARE = 0.01  # Sundaram et al., ECCV 2010, as used for warp errors by Lai et al., ECCV 2018
ROUND_TRIP_FLOOR = 0.5  # square pixels
BOUNDARY_SHARE = 0.01
BOUNDARY_FLOOR = 0.002

FlowOf = Callable[[np.ndarray, np.ndarray], np.ndarray]


class DenseFlow:
    """Dense Inverse Search flow (Kroeger et al., ECCV 2016), with the buffers kept between frames.

    It compares patches less their mean, so a lamp that flickers does not disturb it. One object serves one
    thread.

    Args:
        preset: `COARSE`, `FAST` or `MEDIUM`.
        max_side: frames with a longer side are shrunk to it before the search and the flow is enlarged again;
            `None` searches at full size.
        finest: scale at which the search ends, 2 for a quarter of the size; `None`: as the preset has it.

    Raises:
        ValueError: if `max_side` is so small that nothing can be found.

    Example:
        flow_of = DenseFlow()
        flow = flow_of(gray, next_gray)
        next_brought_back = warp(next_rgb, flow)
    """

    def __init__(self, preset: int = FAST, *, max_side: int | None = None, finest: int | None = None):
        if max_side is not None and max_side < MIN_SIDE:
            raise ValueError(f"`max_side` must be at least {MIN_SIDE}. Received: {max_side}")
        self._search = cv2.DISOpticalFlow.create(preset)
        if finest is not None:
            self._search.setFinestScale(finest)
        self._max_side = max_side

    def __call__(self, gray: np.ndarray, other: np.ndarray, guess: np.ndarray | None = None) -> np.ndarray:
        """Compute the flow from `gray` to `other`, both uint8 (H, W).

        Args:
            gray: the frame that the flow is laid over.
            other: the frame that it points into.
            guess: a flow to begin with, if frames are searched as they are; an object that was given one once
                must be given one always, as OpenCV begins with the last.

        Returns:
            float32 (H, W, 2) in pixels of the given size.

        Raises:
            ValueError: if the two are not uint8 of one two-dimensional shape.
        """
        if gray.ndim != 2 or gray.shape != other.shape or gray.dtype != np.uint8 or other.dtype != np.uint8:
            raise ValueError(
                "`gray` and `other` must be uint8 (H, W) of one size. "
                f"Received: {gray.dtype} {gray.shape} and {other.dtype} {other.shape}"
            )
        height, width = gray.shape
        small_height, small_width = self._search_size(height, width)
        small = (_fit(image, small_height, small_width) for image in (gray, other))
        start = None if guess is None or guess.shape[:2] != _padded(small_height, small_width) else guess.copy()
        # OpenCV's stubs do not know that no flow to begin with is None.
        flow = self._search.calc(*small, start)  # type: ignore[call-overload]
        flow = flow[:small_height, :small_width]
        if (small_height, small_width) == (height, width):
            return np.ascontiguousarray(flow)
        return resized_flow(flow, (height, width))

    def _search_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) at which to search."""
        longest = max(height, width)
        if self._max_side is None or longest <= self._max_side:
            return height, width
        height, width = (max(1, round(side * self._max_side / longest)) for side in (height, width))
        return height, width


def resized_flow(flow: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Lay the flow (h, w, 2) of frames over them at another `size` = (height, width), in pixels of that."""
    height, width = size
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return cv2.resize(flow * scale, (width, height))


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Fetch each pixel from where the flow points: out(x, y) = image((x, y) + flow(x, y)), bilinear.

    Args:
        image: (H, W) or (H, W, C), uint8 or float32, at most 4 channels.
        flow: float32 (H, W, 2).

    Returns:
        An array like `image`; what the flow fetches from outside the frame repeats the edge.

    Raises:
        ValueError: if the sizes differ.
    """
    if image.shape[:2] != flow.shape[:2]:
        raise ValueError(f"`image` and `flow` differ in size. Received: {image.shape[:2]} and {flow.shape[:2]}")
    # OpenCV's stubs do not know that a map of x and y needs no second one.
    return cv2.remap(  # type: ignore[call-overload]
        image, _targets(flow), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def occlusion_mask(flow: np.ndarray, reverse_flow: np.ndarray) -> np.ndarray:
    """Find the pixels of the first frame that have no trustworthy counterpart in the second.

    With w = flow and r(x) = reverse_flow(x + w(x)), a pixel is left out where the round trip does not come
    home, |w + r|^2 > 0.01 (|w|^2 + |r|^2) + 0.5; where motion has an edge, |grad u|^2 + |grad v|^2 > 0.01 |w|^2
    + 0.002; or where x + w lies more than half a pixel outside the frame. Constants of Sundaram et al. (ECCV
    2010), as in Lai et al., "Learning Blind Video Temporal Consistency" (ECCV 2018).

    Args:
        flow: first to second frame, float32 (H, W, 2).
        reverse_flow: second to first, the same shape.

    Returns:
        bool (H, W), True where occluded.
    """
    returned = warp(reverse_flow, flow)
    length = _square(flow)
    lost = _square(flow + returned) > ROUND_TRIP_SHARE * (length + _square(returned)) + ROUND_TRIP_FLOOR
    across = np.diff(flow, axis=1, append=flow[:, -1:])
    down = np.diff(flow, axis=0, append=flow[-1:])
    boundary = _square(across) + _square(down) > BOUNDARY_SHARE * length + BOUNDARY_FLOOR
    return lost | boundary | _outside(flow)


class Motion(NamedTuple):
    """Where the pixels of a frame go in another one."""

    flow: np.ndarray  # float32 (H, W, 2), pixels
    occluded: np.ndarray  # bool (H, W), see `occlusion_mask`


def motion_between(gray: np.ndarray, other: np.ndarray, flow_of: FlowOf) -> Motion:
    """Find the motion from one frame to another, and where there is none to be found.

    Args:
        gray: uint8 (H, W).
        other: the same.
        flow_of: finds flow, such as a `DenseFlow`.
    """
    flow = flow_of(gray, other)
    return Motion(flow, occlusion_mask(flow, flow_of(other, gray)))


def _fit(gray: np.ndarray, height: int, width: int) -> np.ndarray:
    """Shrink to (height, width) if larger, then pad each side to `MIN_SIDE` by repeating the edge."""
    if gray.shape != (height, width):
        gray = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    below, right = max(0, MIN_SIDE - height), max(0, MIN_SIDE - width)
    if below or right:
        gray = cv2.copyMakeBorder(gray, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(gray)


def _padded(height: int, width: int) -> tuple[int, int]:
    return max(height, MIN_SIDE), max(width, MIN_SIDE)


def _outside(flow: np.ndarray) -> np.ndarray:
    height, width = flow.shape[:2]
    x, y = np.moveaxis(_targets(flow), -1, 0)
    return (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)


def _targets(flow: np.ndarray) -> np.ndarray:
    return _pixel_grid(*flow.shape[:2]) + flow


@lru_cache(maxsize=4)
def _pixel_grid(height: int, width: int) -> np.ndarray:
    """Return the float32 (H, W, 2) array of each pixel's own (x, y)."""
    y, x = np.mgrid[:height, :width]
    grid = np.stack([x, y], axis=-1).astype(np.float32)
    grid.setflags(write=False)
    return grid


def _square(vectors: np.ndarray) -> np.ndarray:
    x, y = vectors[..., 0], vectors[..., 1]
    return x * x + y * y
