"""Carry the colours of a key frame through its shot, along composed optical flow.

Each frame keeps the flow to the key frame itself, so that its colours are fetched in one step, however far away
it is: nothing fades. That flow is the last frame's, one short step longer; or a fresh search from the frame to the
key, begun at that (a long jump), wherever it agrees better in luma and in the way there and back.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.film.keyframes.features import STRIDE, grid
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, warp

AGREED = 22.0  # disagreement at which confidence is one half, of 255
STEEPNESS = 4
ROUND_TRIP_CAP = 10.0  # pixels; a miss is a miss
MISSED = 0.4  # of 255 that a pixel missed on the way there and back counts: on water and grain it says little
WINDOW = (5, 5)  # pixels over which disagreement is averaged
COARSE = 2  # finest scale of a long jump: a quarter of the size, it starts from a good guess
JUMP_EVERY = 2  # frames from one long jump to the next
MAX_GAIN = 1.5  # of brightness, put down to the lamp
BETTER = 0.8  # share of the disagreement below which a long jump replaces the sum of steps
BEYOND = 20.0  # pixels outside the frame over which its border is trusted
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
    """Motion between two frames that follow each other."""

    back: np.ndarray  # float32 (h, w, 2), from the later to the earlier
    ahead: np.ndarray  # from the earlier to the later


class StepFinder:
    """Finds the motion between frames; one object serves one thread."""

    def __init__(self) -> None:
        self._flow = DenseFlow(MEDIUM, finest=COARSE)

    def __call__(self, earlier: np.ndarray, later: np.ndarray) -> Step:
        """Search both ways between two frames, uint8 (h, w)."""
        return Step(self._flow(later, earlier), self._flow(earlier, later))


class Track:
    """Where the points of one key frame are, in frame after frame away from it, forwards or backwards.

    Args:
        key: the key frame.
    """

    def __init__(self, key: KeyFrame):
        self.key, self.distance = key, 0
        self._to_key = np.zeros((*key.gray.shape, 2), np.float32)  # from the frame reached
        self._from_key = self._to_key
        self._key_lab = self._lab = np.dstack([key.gray.astype(np.float32), key.ab])
        self._jump = DenseFlow(MEDIUM, finest=COARSE)

    def here(self) -> Carried:
        """The colours at the key frame itself."""
        points = np.arange(np.prod(grid(self.key.gray.shape)))
        return Carried(self.key.ab, np.ones(self.key.gray.shape, np.float32), 0, [points])

    def step(self, gray: np.ndarray, to_last: np.ndarray, from_last: np.ndarray) -> Carried:
        """Go one frame further.

        Args:
            gray: the next frame, uint8 (h, w).
            to_last: flow from it to the last one.
            from_last: flow from the last one to it.
        """
        key = self.key.gray
        chained = to_last + warp(self._to_key, to_last)
        returning = self._from_key + warp(from_last, self._from_key)
        self.distance += 1
        if self.distance % JUMP_EVERY:
            self._to_key, self._from_key = chained, returning
            cost = _disagreement(gray, key, chained, returning)
        else:
            jumped = self._jump(gray, key, chained)
            home = self._jump(key, gray, returning)
            costs = [_disagreement(gray, key, flow, home) for flow in (chained, jumped)]
            is_better = costs[1] < np.float32(BETTER) * costs[0]
            self._to_key, self._from_key = np.where(is_better[..., None], jumped, chained), home
            cost = np.where(is_better, costs[1], costs[0])
        cost += self._settle(gray, to_last)
        confidence = 1 / (1 + (cost / AGREED) ** STEEPNESS)
        ab = np.ascontiguousarray(self._lab[..., 1:])
        return Carried(ab, confidence * _inside(self._to_key), self.distance, [_points_at(self._to_key)])

    def _settle(self, gray: np.ndarray, to_last: np.ndarray) -> np.ndarray:
        """Mix what the last frame got, moved along, with what is fetched from the key, by how well luma agrees.

        Returns:
            By how much the disagreement changes, (h, w).
        """
        fetched, moved = warp(self._key_lab, self._to_key), warp(self._lab, to_last)
        missed = [cv2.blur(_differing(gray, each[..., 0]), WINDOW) for each in (fetched, moved)]
        weights = [
            share / (each + np.float32(GRAIN)) ** 2 for share, each in zip((1 - KEPT, KEPT), missed, strict=True)
        ]
        share = weights[1] / (weights[0] + weights[1])
        self._lab = fetched + share[..., None] * (moved - fetched)
        return share * (missed[1] - missed[0])


def _disagreement(gray: np.ndarray, key: np.ndarray, flow: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Difference of luma, of 255, and pixels that the way there and back misses, both averaged, (h, w)."""
    missed = flow + warp(home, flow)
    miss = np.minimum(cv2.magnitude(missed[..., 0], missed[..., 1]), ROUND_TRIP_CAP)
    return cv2.blur(_differing(gray, warp(key, flow)) + np.float32(MISSED) * miss, WINDOW)


def _differing(gray: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Difference of luma, of 255, apart from overall brightness, float32 (h, w)."""
    gain = np.float32(np.clip((gray.mean() + 1) / (seen.mean() + 1), 1 / MAX_GAIN, MAX_GAIN))
    return cv2.absdiff(gray.astype(np.float32), gain * seen.astype(np.float32))


def _inside(flow: np.ndarray) -> np.ndarray:
    """1 where a flow (h, w, 2) stays in the frame; less, the further it leads out: the border goes on a while."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    out = np.maximum(np.maximum(-x, x - (width - 1)), np.maximum(-y, y - (height - 1)))
    return np.exp(np.minimum(-out, 0) / np.float32(BEYOND))


def _points_at(flow: np.ndarray) -> np.ndarray:
    """The point of the other frame that each point of a frame comes from, by a flow (h, w, 2)."""
    height, width = grid(flow.shape)
    x, y = np.moveaxis(cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA), -1, 0) / STRIDE
    row, column = np.mgrid[:height, :width]
    rows, columns = np.clip(np.rint(row + y), 0, height - 1), np.clip(np.rint(column + x), 0, width - 1)
    return (rows * width + columns).astype(np.intp).ravel()


def joined(sides: list[Carried]) -> Carried:
    """Join what came from key frames on both sides, by confidence and nearness, without a seam."""
    if len(sides) == 1:
        return sides[0]
    weights = [
        cv2.blur(side.confidence * np.float32(1 / (1 + side.distance)), WINDOW) + np.float32(1e-6)
        for side in sides
    ]
    total = np.sum(weights, axis=0)
    ab = np.sum(
        [(weight / total)[..., None] * side.ab for weight, side in zip(weights, sides, strict=True)], axis=0
    )
    confidence = np.sum(
        [weight / total * side.confidence for weight, side in zip(weights, sides, strict=True)], axis=0
    )
    sources = [source for side in sides for source in side.sources]
    return Carried(ab, confidence, min(side.distance for side in sides), sources)
