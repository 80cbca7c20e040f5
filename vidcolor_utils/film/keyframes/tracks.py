"""Carry the colours of a key frame through its shot, along composed optical flow.

Each frame keeps the flow to the key frame itself, so that its colours are fetched in one step, however far away
it is: nothing fades. That flow is the last frame's, one short step longer; or a fresh search from the frame to the
key, begun at that (a long jump), wherever it agrees better in luma and in the way there and back.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.colorizers.links import lamp_gain
from vidcolor_utils.film.keyframes.features import STRIDE, grid
from vidcolor_utils.pictures.flow import COARSE, DenseFlow, resized_flow, warp
from vidcolor_utils.pictures.sizes import resized

SHRUNK = 2  # by which frames are shrunk where their motion is looked for; colours are fetched at full size
AGREED = 18.0  # disagreement at which confidence is one half, of 255
STEEPNESS = 8
ROUND_TRIP_CAP = 5.0  # pixels of a shrunk frame, as all below; a miss is a miss
MISSED = 0.4  # of 255 that a pixel missed on the way there and back counts: on water and grain it says little
WINDOW = (7, 7)  # pixels over which disagreement is averaged
SEAM = (5, 5)  # pixels of a frame over which one key's side goes over into the other's
FINE, ROUGH = 0, 1  # finest scale of a search: a shrunk frame; half of one, for jumps and checks
JUMP_EVERY = 2  # frames from one long jump to the next
BETTER = 0.8  # share of the disagreement below which a long jump replaces the sum of steps
BEYOND = 10.0  # pixels outside the frame over which its border is trusted
KEPT = 0.9  # of what the last frame got, moved along, where both agree alike: a mean of flows errs less
GRAIN = 2.0  # of 255: differences of luma below it say nothing


class KeyFrame(NamedTuple):
    """A frame with its colours."""

    gray: np.ndarray  # uint8 (h, w), of the film
    ab: np.ndarray  # float32 (h, w, 2), Lab


class Carried(NamedTuple):
    """Colours that reached a frame."""

    ab: np.ndarray  # float32 (h, w, 2)
    confidence: np.ndarray  # float32 (h, w) in [0, 1]
    distance: int  # frames from the key
    sources: list[np.ndarray]  # for each key, which of its points each point of the frame came from, (N,)

    def packed(self) -> Carried:
        """The same in half the memory."""
        return self._replace(ab=self.ab.astype(np.float16), confidence=self.confidence.astype(np.float16))

    def unpacked(self) -> Carried:
        """Undo `packed`."""
        return self._replace(ab=self.ab.astype(np.float32), confidence=self.confidence.astype(np.float32))


class Step(NamedTuple):
    """Motion between two frames that follow each other, shrunk, in pixels of theirs."""

    back: np.ndarray  # float32 (h, w, 2), from the later to the earlier
    ahead: np.ndarray  # from the earlier to the later


def halved(plane: np.ndarray) -> np.ndarray:
    """Shrink a frame, or what lies over it, (h, w) or (h, w, C), to the size at which motion is looked for."""
    height, width = plane.shape[:2]
    return resized(plane, (max(1, height // SHRUNK), max(1, width // SHRUNK)))


class StepFinder:
    """Finds the motion between frames; one object serves one thread."""

    def __init__(self) -> None:
        self._fine, self._rough = (DenseFlow(COARSE, finest=finest) for finest in (FINE, ROUGH))

    def __call__(self, earlier: np.ndarray, later: np.ndarray, *, ahead_too: bool = True) -> Step:
        """Search both ways between two frames, uint8 (h, w); without `ahead_too` only checks can use ahead."""
        earlier, later = halved(earlier), halved(later)
        ahead = self._fine if ahead_too else self._rough
        return Step(self._fine(later, earlier), ahead(earlier, later))


class Track:
    """Where the points of one key frame are, in frame after frame away from it, forwards or backwards.

    Args:
        key: the key frame.
    """

    def __init__(self, key: KeyFrame):
        self.key, self.distance = key, 0
        self._small = halved(key.gray)
        self._to_key = np.zeros((*self._small.shape, 2), np.float32)  # from the frame reached
        self._from_key = self._to_key
        self._luma, self._ab = self._small.astype(np.float32), key.ab
        self._jump = DenseFlow(COARSE, finest=ROUGH)

    def here(self) -> Carried:
        """The colours at the key frame itself."""
        points = np.arange(np.prod(grid(self.key.gray.shape)))
        return Carried(self.key.ab, np.ones(self.key.gray.shape, np.float32), 0, [points])

    def step(self, gray: np.ndarray, to_last: np.ndarray, from_last: np.ndarray) -> Carried:
        """Go one frame further.

        Args:
            gray: the next frame, uint8 (h, w).
            to_last: flow from it to the last one, as `StepFinder` gives it.
            from_last: flow from the last one to it.
        """
        small, key = halved(gray), self._small
        chained = cv2.add(to_last, warp(self._to_key, to_last))
        returning = cv2.add(self._from_key, warp(from_last, self._from_key))
        cost, seen = _disagreement(small, key, chained, returning)
        self.distance += 1
        self._to_key, self._from_key = chained, returning
        if self.distance % JUMP_EVERY == 0:
            jumped = self._jump(small, key, chained)
            self._from_key = self._jump(key, small, returning)
            other_cost, other_seen = _disagreement(small, key, jumped, self._from_key)
            is_better = cv2.compare(other_cost, np.float32(BETTER) * cost, cv2.CMP_LT)
            for new, old in ((jumped, chained), (other_cost, cost), (other_seen, seen)):
                cv2.copyTo(new, is_better, old)
        cost += self._settle(small, seen, to_last, gray.shape)
        trust = _inside(self._to_key) / (1 + (cost / np.float32(AGREED)) ** STEEPNESS)
        confidence = cv2.resize(trust, gray.shape[::-1])
        return Carried(self._ab, confidence, self.distance, [_points_at(self._to_key, gray.shape)])

    def _settle(
        self, small: np.ndarray, seen: np.ndarray, to_last: np.ndarray, shape: tuple[int, int]
    ) -> np.ndarray:
        """Mix what the last frame got, moved along, with what is fetched from the key, by how well luma agrees.

        Args:
            small: the frame, shrunk, uint8 (h, w).
            seen: the key frame's luma, fetched, the same.
            to_last: flow from it to the last frame.
            shape: of the frame.

        Returns:
            By how much the disagreement changes, (h, w).
        """
        fetched, moved = seen.astype(np.float32), warp(self._luma, to_last)
        missed = [cv2.blur(_differing(small, each), WINDOW) for each in (fetched, moved)]
        weights = [
            share / (each + np.float32(GRAIN)) ** 2 for share, each in zip((1 - KEPT, KEPT), missed, strict=True)
        ]
        share = weights[1] / (weights[0] + weights[1])
        self._luma = blended(fetched, moved, share)
        colors = [
            warp(ab, resized_flow(flow, shape)) for ab, flow in ((self.key.ab, self._to_key), (self._ab, to_last))
        ]
        self._ab = blended(colors[0], colors[1], cv2.resize(share, shape[::-1]))
        return share * (missed[1] - missed[0])


def blended(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix two pictures, float32 (h, w) or (h, w, C), the second one by a share (h, w) in [0, 1]."""
    return cv2.blendLinear(first, second, 1 - share, share)  # five times as fast as NumPy


def _disagreement(
    gray: np.ndarray, key: np.ndarray, flow: np.ndarray, home: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Difference of luma, of 255, and pixels missed there and back, averaged, (h, w); and the luma fetched."""
    missed = cv2.add(flow, warp(home, flow))
    miss = np.minimum(cv2.magnitude(*cv2.split(missed)), np.float32(ROUND_TRIP_CAP))
    seen = warp(key, flow)
    return cv2.blur(cv2.scaleAdd(miss, MISSED, _differing(gray, seen)), WINDOW), seen


def _differing(gray: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Difference of luma, of 255, apart from overall brightness, float32 (h, w)."""
    return np.abs(cv2.addWeighted(gray, 1, seen, -lamp_gain(gray, seen), 0, dtype=cv2.CV_32F))


def _inside(flow: np.ndarray) -> np.ndarray:
    """1 where a flow (h, w, 2) stays in the frame; less, the further it leads out: the border goes on a while."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    out = np.maximum(np.maximum(-x, x - (width - 1)), np.maximum(-y, y - (height - 1)))
    return np.exp(np.minimum(-out, 0) / np.float32(BEYOND))


def _points_at(flow: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The point of the other frame that each point of a frame (h, w) comes from, by the flow of both, shrunk."""
    height, width = grid(shape)
    unit = STRIDE * flow.shape[1] / shape[1]
    x, y = cv2.split(cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA) / np.float32(unit))
    row, column = np.mgrid[:height, :width]
    rows, columns = np.clip(np.rint(row + y), 0, height - 1), np.clip(np.rint(column + x), 0, width - 1)
    return (rows * width + columns).astype(np.intp).ravel()


def joined(sides: list[Carried]) -> Carried:
    """Join what came from key frames on both sides, at most two, by confidence and nearness, without a seam."""
    if len(sides) == 1:
        return sides[0]
    weights = [
        cv2.blur(side.confidence * np.float32(1 / (1 + side.distance)), SEAM) + np.float32(1e-6) for side in sides
    ]
    share = weights[1] / (weights[0] + weights[1])
    first, second = sides
    ab = blended(first.ab, second.ab, share)
    confidence = blended(first.confidence, second.confidence, share)
    sources = [source for side in sides for source in side.sources]
    return Carried(ab, confidence, min(side.distance for side in sides), sources)
