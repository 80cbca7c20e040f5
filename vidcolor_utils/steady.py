"""Steady colour: each frame's chroma is drawn towards that of its neighbours in time, moved along with the picture.

A per-frame colorizer looks at every frame as if it were the first and changes its mind from one to the next. Here
each pixel keeps a weighted mean of all that was predicted for it so far. It moves along the optical flow of the
luma from frame to frame, and its weight, the number of predictions it stands for, fades with time and falls where
the carried luma does not agree with the new one. So fresh colours count for much at the start of a shot, where
something new appears and where the flow is wrong, and for little where a colour is well established. Since the
mean is of fresh predictions alone and its weights sum to 1, colours neither fade nor drift.

Offline, the same mean is also taken from behind, over the frames to come, and the two are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.chroma import resize_ab
from vidcolor_utils.color import to_uint8
from vidcolor_utils.colorizer import Colorizer
from vidcolor_utils.cuts import CutDetector
from vidcolor_utils.flow import DenseFlow, warp

SIDE = 192  # short side at which chroma is carried, in pixels
STRENGTH = 0.92  # share of its weight that a colour keeps from frame to frame where the luma agrees perfectly
EVERY = 1  # frames from one prediction to the next
AGREEMENT = 12.0  # difference of luma, of 255, at which trust in a neighbour falls to 1/e
SMOOTHING = (5, 5)  # pixels over which that difference is averaged
MAX_GAIN = 1.5  # change of brightness between neighbours that is put down to the lamp or the shutter
LOW_TRUST = 0.6  # mean trust below which a frame is coloured afresh, whatever `every` says
BATCH = 8  # frames looked at together, so that the network gets several at once
PIECE, LOOKAHEAD = 24, 24  # offline: frames finished together, and frames to come that they look at


class Link(NamedTuple):
    """How a frame is tied to a neighbour in time."""

    flow: np.ndarray  # float32 (h, w, 2), from the frame to the neighbour, in pixels
    trust: np.ndarray  # float32 (h, w) in [0, 1], how well the neighbour's luma, carried along, agrees


class Evidence(NamedTuple):
    """Colours, and how many predictions each pixel's stands for."""

    ab: np.ndarray  # float32 (h, w, 2), Lab
    weight: np.ndarray  # float32 (h, w), 0 and up

    def carried(self, link: Link, strength: float) -> Evidence:
        """Move to the frame that `link` belongs to; the weight falls to `strength` times the trust."""
        return Evidence(warp(self.ab, link.flow), strength * link.trust * warp(self.weight, link.flow))

    def joined(self, other: Evidence) -> Evidence:
        """Take the weighted mean; where neither has weight, this one's colours stand."""
        weight = self.weight + other.weight
        share = other.weight / np.maximum(weight, np.finfo(np.float32).tiny)
        return Evidence(self.ab + share[..., None] * (other.ab - self.ab), weight)


class SteadyFrame(NamedTuple):
    """What is known of a frame before its colours are made steady."""

    fresh: Evidence | None  # None where the network was not asked
    back: Link | None  # to the frame before; None at the start of a shot
    ahead: Link | None  # from the frame before to this one; None there too, and where nobody looks ahead


class SteadyColorizer:
    """A colorizer for the frames of one video, in order.

    Args:
        colorizer: predicts the fresh colours of frames.
        strength: in [0, 1): 0 leaves the fresh colours as they are; the nearer to 1, the longer colours last.
        every: ask `colorizer` for every so many frames only, and for those that show much that is new; in
            between colours are carried along.
        offline: look at the frames to come as well, see `stream`.

    Raises:
        ValueError: if `strength` is not in [0, 1) or `every` is below 1.

    Example:
        steady = SteadyColorizer(FrameColorizer())
        for ab in steady.stream(lumas):
            ...
    """

    def __init__(
        self, colorizer: Colorizer, *, strength: float = STRENGTH, every: int = EVERY, offline: bool = False
    ):
        if not 0 <= strength < 1:
            raise ValueError(f"`strength` must be in [0, 1). Received: {strength}")
        if every < 1:
            raise ValueError(f"`every` must be at least 1. Received: {every}")
        self._colorizer, self._strength, self._every, self._offline = colorizer, strength, every, offline
        self._linker = Linker(both_ways=offline)
        self._unasked = 0  # frames since the last prediction
        self._past: Evidence | None = None

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the chroma of the next frames; offline, these are all that is looked at ahead.

        Args:
            lumas: frames of one size that follow those of the last call, each (H, W) float32 in [0, 1].

        Returns:
            (N, h, w, 2) float32 ab in Lab units; the shorter of h and w is at most `SIDE`.
        """
        return np.stack(list(self.stream(lumas)))

    def stream(self, lumas: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Predict the chroma of a video of any length.

        Takes up to `BATCH` frames ahead of what it yields; offline, which looks `LOOKAHEAD` frames ahead, up to
        `PIECE` + `LOOKAHEAD` + `BATCH`.

        Args:
            lumas: as for `predict_ab`.

        Yields:
            (h, w, 2) float32 ab for each frame.
        """
        frames = self._frames(iter(lumas))
        return self._both_ways(frames) if self._offline else self._forwards(frames)

    def _frames(self, lumas: Iterator[np.ndarray]) -> Iterator[SteadyFrame]:
        while chunk := list(islice(lumas, BATCH)):
            sizes = [small_gray(luma) for luma in chunk]
            links = [self._linker(gray) for gray in sizes]
            asked = [self._asks(back) for back, _ in links]
            wanted = [luma for luma, ask in zip(chunk, asked, strict=True) if ask]
            fresh = iter(self._colorizer.predict_ab(wanted) if wanted else ())
            for gray, (back, ahead), ask in zip(sizes, links, asked, strict=True):
                yield SteadyFrame(fresh_evidence(next(fresh), gray.shape) if ask else None, back, ahead)

    def _asks(self, back: Link | None) -> bool:
        """Decide whether to ask for fresh colours of a frame with this link to the one before."""
        self._unasked += 1
        ask = self._unasked >= self._every or back is None or back.trust.mean() < LOW_TRUST
        if ask:
            self._unasked = 0
        return ask

    def _forwards(self, frames: Iterable[SteadyFrame]) -> Iterator[np.ndarray]:
        for frame in frames:
            yield self._step(frame).ab

    def _step(self, frame: SteadyFrame) -> Evidence:
        self._past = gathered(frame.fresh, self._past, frame.back, self._strength)
        return self._past

    def _both_ways(self, frames: Iterator[SteadyFrame]) -> Iterator[np.ndarray]:
        waiting = list(islice(frames, PIECE + LOOKAHEAD))
        while waiting:
            count = PIECE if len(waiting) == PIECE + LOOKAHEAD else len(waiting)
            future = self._future(waiting)
            for frame, to_come in zip(waiting[:count], future[:count], strict=True):
                past = self._step(frame)
                yield (past.joined(to_come) if to_come else past).ab
            waiting = waiting[count:] + list(islice(frames, count))

    def _future(self, frames: list[SteadyFrame]) -> list[Evidence | None]:
        """For each frame, what the later ones say of it; None for the last of a shot."""
        found, state = [None], None
        for frame in reversed(frames[1:]):
            state = frame.fresh if state is None else (frame.fresh.joined(state) if frame.fresh else state)
            state = state.carried(frame.ahead, self._strength) if state and frame.ahead else None
            found.append(state)
        return found[::-1]


def gathered(
    fresh: Evidence | None, past: Evidence | None, back: Link | None, strength: float
) -> Evidence | None:
    """Join the fresh colours of a frame with those carried from a neighbour, as far as there are any."""
    carried = past.carried(back, strength) if past and back else None
    if carried is None:
        return fresh
    return fresh.joined(carried) if fresh else carried


class Linker:
    """Ties each frame of a video to the one before.

    Args:
        both_ways: find the links from the frame before as well.
    """

    def __init__(self, *, both_ways: bool = False):
        self._both_ways = both_ways
        self._flow, self._is_cut = DenseFlow(), CutDetector()
        self._last: np.ndarray | None = None

    def __call__(self, gray: np.ndarray) -> tuple[Link | None, Link | None]:
        """Take the next frame, uint8 (h, w).

        Returns:
            The links from it to the frame before and back; None for the first frame of a shot, and for the
            second one unless `both_ways`.
        """
        last, self._last = self._last, gray
        if self._is_cut(gray) or last is None:
            return None, None
        return self._link(gray, last), self._link(last, gray) if self._both_ways else None

    def _link(self, gray: np.ndarray, other: np.ndarray) -> Link:
        flow = self._flow(gray, other)
        return Link(flow, agreement(gray, warp(other, flow)))


def agreement(gray: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Tell how well two pictures, uint8 (h, w), agree, apart from their overall brightness.

    Returns:
        float32 (h, w): exp(-(d / `AGREEMENT`)^2), d the difference of luma averaged over `SMOOTHING`.
    """
    gray, carried = gray.astype(np.float32), carried.astype(np.float32)
    gain = np.clip((gray.mean() + 1) / (carried.mean() + 1), 1 / MAX_GAIN, MAX_GAIN)
    difference = cv2.blur(np.abs(gray - gain * carried), SMOOTHING)
    return np.exp(-np.square(difference / AGREEMENT))


def small_gray(luma: np.ndarray) -> np.ndarray:
    """Shrink luma (H, W) float32 in [0, 1] to a short side of at most `SIDE`, as uint8."""
    scale = min(1.0, SIDE / min(luma.shape))
    height, width = (max(1, round(side * scale)) for side in luma.shape)
    return to_uint8(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA))


def fresh_evidence(ab: np.ndarray, size: tuple[int, int]) -> Evidence:
    """Give a prediction (h', w', 2) the size (height, width) and a weight of 1."""
    return Evidence(resize_ab(ab, size), np.ones(size, np.float32))
