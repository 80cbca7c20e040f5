"""Steady colour: each frame's chroma is drawn to that of its neighbours in time, moved along with the picture.

A per-frame colorizer looks at every frame as if it were the first and changes its mind from one to the next. Here
each pixel keeps a weighted mean of all that was predicted for it so far. It moves along the optical flow of the
luma from frame to frame, and its weight, the number of predictions it stands for, fades with time, as long as new
ones come often, and falls where the carried luma does not agree with the new one. So fresh colours count for much
at the start of a shot, where something new appears and where the flow is wrong, and for little where a colour is
well established. Since the mean is of fresh predictions alone and its weights sum to 1, colours neither fade nor
drift.

Offline, the same mean is also taken from behind, over the frames to come, and the two are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, repeat
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, Meaning, predict_with, understanding_of
from vidcolor_utils.colorizers.defaults import EVERY, STRENGTH
from vidcolor_utils.colorizers.links import Link, Linker, small_gray
from vidcolor_utils.colorizers.meaning import CarriedMeaning
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.flow import warp
from vidcolor_utils.pictures.restore import Deflicker
from vidcolor_utils.system.options import Within, check_option

LOW_TRUST = 0.75  # mean trust below which a frame is coloured afresh, whatever `every` says
WARM = 8  # predictions in a shot after which its colours stand, and the network is asked more seldom,
HELD, COUNTS = 0.97, 2  # where this share was followed from one to the next, each of which counts for so many,
SELDOM = 3  # so many times, as long as
NEW_SHARE, NEW_TRUST = 0.02, 0.3  # less of the picture than this has come that is trusted less (a tenth: trails);
STILL, FOLLOWED = 4, 0.8  # so many times more seldom, and for so much more new, where this share was followed
FADING = EVERY * SELDOM  # frames in which weights fade after a prediction; the next one, if later, changes less
BATCH = 2  # frames given to the network at once; more are no faster, and come in bursts
PIECE, LOOKAHEAD = 24, 24  # offline: frames finished together, and frames to come that they look at


class Evidence(NamedTuple):
    """Colours, and how many predictions each pixel's stands for."""

    ab: np.ndarray  # float32 (h, w, 2), Lab
    weight: np.ndarray  # float32 (h, w), 0 and up

    def carried(self, link: Link, strength: float) -> Evidence:
        """Move to the frame that `link` belongs to; the weight falls to `strength` times the trust of it."""
        # In a picture of four channels: OpenCV moves it in half the time of these two.
        packed = np.empty((*self.weight.shape, 4), np.float32)
        cv2.mixChannels([self.ab, self.weight, self.weight], [packed], [0, 0, 1, 1, 2, 2, 3, 3])
        ab, weight = np.empty_like(self.ab), np.empty_like(self.weight)
        cv2.mixChannels([warp(packed, link.flow)], [ab, weight], [0, 0, 1, 1, 2, 2])
        return Evidence(ab, cv2.multiply(weight, link.trust, dst=weight, scale=strength))

    def joined(self, other: Evidence) -> Evidence:
        """Take the weighted mean; where neither has weight, this one's colours stand."""
        weight = self.weight + other.weight
        share = other.weight / np.maximum(weight, np.finfo(np.float32).tiny)
        return Evidence(self.ab + share[..., None] * (other.ab - self.ab), weight)


class LinkedFrame(NamedTuple):
    """What is known of a frame before its colours are made steady."""

    fresh: Evidence | None  # its own colours; None where the network was not asked
    back: Link | None  # to the frame before; None at the start of a shot
    ahead: Link | None  # from the frame before to this one; None there too, and where nobody looks ahead


class Schedule:
    """Decides for which frames of a video the network is asked.

    Args:
        every: frames from one to the next, while the colours of a shot are being established; 1: all frames, to
            the end.
    """

    def __init__(self, every: int):
        self.every = every
        self.asked = 0  # frames of the shot beside its first
        self._warm = 0  # what these count for
        self._unasked = 0  # frames since
        self._new = 0.0  # share of the picture that has come since
        self._followed = 1.0  # share of the picture that could be followed since

    def asks(self, back: Link | None) -> bool:
        """Take the next frame, with its link to the one before; None at the start of a shot."""
        if back is None:
            self.asked = self._warm = 0
            return self._ask()
        trust = float(back.trust.mean())
        self._unasked += 1
        self._new += np.count_nonzero(back.trust < NEW_TRUST) / back.trust.size
        self._followed *= trust
        if self._unasked < self._interval() and trust >= LOW_TRUST:
            return False
        self.asked += 1
        self._warm += COUNTS if self._followed >= HELD else 1
        return self._ask()

    def _ask(self) -> bool:
        self._unasked, self._new, self._followed = 0, 0.0, 1.0
        return True

    def _interval(self) -> int:
        seldom, is_still = self.every * SELDOM, self._followed >= FOLLOWED
        comes_slowly = is_still and self._unasked >= seldom
        stands = self.every > 1 and self._warm >= WARM and self._new < NEW_SHARE * (STILL if comes_slowly else 1)
        if not stands:
            return self.every
        return seldom * (STILL if is_still else 1)


class SteadyColorizer:
    """A colorizer for the frames of one video, in order.

    Args:
        colorizer: predicts the fresh colours of frames.
        in_turn: colorizers that take turns with it, so that the mean over time is one over them all; at the start
            of a shot each of them is asked. At strength 0 there is no such mean, and they are left out.
        strength: in [0, 1): 0 leaves the fresh colours as they are; the nearer to 1, the longer colours last.
        every: ask `colorizer` for every so many frames only, for a third of these and fewer once the colours of a
            shot stand, and for those that show much that is new; in between colours are carried along, so at
            strength 0 it is asked for all.
        offline: look at the frames to come as well.

    Raises:
        ValueError: if `strength` is not in [0, 1) or `every` is below 1.

    Example:
        steady = SteadyColorizer(FrameColorizer())
        for ab in steady.stream(lumas):
            ...
    """

    def __init__(
        self,
        colorizer: Colorizer,
        *,
        in_turn: Sequence[Colorizer] = (),
        strength: float = STRENGTH,
        every: int = EVERY,
        offline: bool = False,
    ):
        check_option("every", every, Within(1, whole=True))
        self._colorizers = (colorizer, *in_turn) if strength else (colorizer,)
        self._schedule = Schedule(every if strength else 1)
        self._linker, self._fusion = Linker(both_ways=offline), Fusion(strength, offline=offline)
        self._deflicker = Deflicker() if strength else None
        self._meaning = CarriedMeaning(partial(understanding_of, colorizer))

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the chroma of the next frames; offline, these are all that is looked at ahead.

        Args:
            lumas: frames of one size that follow those of the last call, each (H, W) float32 in [0, 1].

        Returns:
            (N, h, w, 2) float32 ab in Lab units, (h, w) = `flow_size((H, W))`.
        """
        return np.stack(list(self.stream(lumas)))

    def stream(self, lumas: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Predict the chroma of a video of any length.

        Takes up to `BATCH` * `every` frames ahead of what it yields; offline `PIECE` + `LOOKAHEAD` more.

        Args:
            lumas: as for `predict_ab`.

        Yields:
            (h, w, 2) float32 ab for each frame.
        """
        return self._fusion(self.link(lumas))

    def link(self, lumas: Iterable[np.ndarray]) -> Iterator[LinkedFrame]:
        """Find the fresh colours of frames and how they hang together, without making the colours steady."""
        lit = map(self._evenly_lit, lumas)
        # The first frame by itself: an encoder need not wait for those that are asked with it.
        sizes = chain([1], repeat(BATCH * self._schedule.every))
        while chunk := list(islice(lit, next(sizes))):
            seen, grays = zip(*chunk, strict=True)
            links = [self._linker(gray) for gray in grays]
            turns = [self._turn(back) for back, _ in links]
            meanings = [
                self._meaning(luma, back, wanted=len(turn) > 0)
                for luma, (back, _), turn in zip(seen, links, turns, strict=True)
            ]
            predictions = self._predictions(seen, meanings, turns)
            for gray, (back, ahead), ab in zip(grays, links, predictions, strict=True):
                yield LinkedFrame(None if ab is None else _evidence(ab, gray.shape), back, ahead)

    def _evenly_lit(self, luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take out the flicker of a lamp, which flow takes for motion; give the luma and its `small_gray`."""
        gray = small_gray(luma)
        if self._deflicker is None:
            return luma, gray
        tone = self._deflicker(gray / np.float32(255))
        if not self._deflicker.sees_flicker:
            return luma, gray
        luma = tone.apply(luma)
        return luma, small_gray(luma)

    def _turn(self, back: Link | None) -> range:
        """Decide which colorizers are asked for fresh colours of a frame with this link to the one before."""
        if not self._schedule.asks(back):
            return range(0)
        if back is None:
            return range(len(self._colorizers))
        turn = self._schedule.asked % len(self._colorizers)
        return range(turn, turn + 1)

    def _predictions(
        self, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning | None], turns: Sequence[range]
    ) -> list[np.ndarray | None]:
        """Ask the colorizers for the frames whose turn it is; None where nobody was asked."""
        found: list[list[np.ndarray]] = [[] for _ in lumas]
        for number, colorizer in enumerate(self._colorizers):
            asked = [index for index, turn in enumerate(turns) if number in turn]
            if asked:
                told = predict_with(colorizer, [lumas[i] for i in asked], [meanings[i] for i in asked])
                for index, ab in zip(asked, told, strict=True):
                    found[index].append(ab)
        return [np.mean(opinions, axis=0) if opinions else None for opinions in found]


class Fusion:
    """Makes the colours of linked frames steady, in order; each call goes on where the last one ended.

    Args:
        strength: as for `SteadyColorizer`.
        offline: look at the frames to come as well; the frames must be linked both ways.

    Raises:
        ValueError: if `strength` is not in [0, 1).
    """

    def __init__(self, strength: float = STRENGTH, *, offline: bool = False):
        check_option("strength", strength, Within(0, 1, open_end=True))
        self._strength, self._offline = strength, offline
        self._past: Evidence | None = None
        self._waited = 0  # frames since the last with colours of its own

    def __call__(self, frames: Iterable[LinkedFrame]) -> Iterator[np.ndarray]:
        """Yield the steady ab (h, w, 2) of each frame."""
        if self._offline:
            return self._both_ways(iter(frames))
        return (self._step(frame).ab for frame in frames)

    def _step(self, frame: LinkedFrame) -> Evidence:
        self._waited = 0 if frame.fresh else self._waited + 1
        strength = self._strength if self._waited < FADING else 1.0
        steady = _joined(frame.fresh, _carried(self._past, frame.back, strength))
        if steady is None:
            raise ValueError("The first frame of a shot must have colours of its own")
        self._past = steady
        return steady

    def _both_ways(self, frames: Iterator[LinkedFrame]) -> Iterator[np.ndarray]:
        waiting = list(islice(frames, PIECE + LOOKAHEAD))
        while waiting:
            count = PIECE if len(waiting) == PIECE + LOOKAHEAD else len(waiting)
            for frame, later in zip(waiting[:count], self._from_behind(waiting), strict=False):
                steady = self._step(frame)
                yield (steady.joined(later) if later else steady).ab
            waiting = waiting[count:] + list(islice(frames, count))

    def _from_behind(self, frames: list[LinkedFrame]) -> list[Evidence | None]:
        """For each frame, what the later ones say of it; None for the last of a shot."""
        found: list[Evidence | None] = [None]
        for frame in reversed(frames[1:]):
            found.append(_carried(_joined(frame.fresh, found[-1]), frame.ahead, self._strength))
        return found[::-1]


def _carried(evidence: Evidence | None, link: Link | None, strength: float) -> Evidence | None:
    return evidence.carried(link, strength) if evidence and link else None


def _joined(first: Evidence | None, second: Evidence | None) -> Evidence | None:
    return first.joined(second) if first and second else first or second


def _evidence(ab: np.ndarray, size: tuple[int, int]) -> Evidence:
    """Give a prediction (h', w', 2) the size (height, width) and a weight of 1."""
    return Evidence(resize_ab(ab, size), np.ones(size, np.float32))
