"""From the key frames of shots to colours for every frame: carried by motion, matched, and only then automatic.

Frames come in order and go out in order; what is held in memory is one run of frames, from a key frame to the
next, of at most `WAIT`: a key frame colours what follows it up to the end of its shot, and so many before it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.colorizers.links import luma_agreement
from vidcolor_utils.film.keyframes.matching import UNSURE, Library, find_match, library_of
from vidcolor_utils.film.keyframes.tracks import (
    Carried,
    KeyFrame,
    Step,
    StepFinder,
    Track,
    blended,
    halved,
    joined,
)
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.flow import warp
from vidcolor_utils.pictures.sizes import resized

WAIT = 240  # frames
FEW = 0.01  # share of a frame that may lack colours before they are looked for
EVERY = 3  # frames from one search to the next; in between what was found moves along
KEPT = 0.8  # of a found colour from frame to frame, where luma agrees
STRONGEST, TINY = 4.0, 1e-3  # most by which filled colours are multiplied; keeps divisions finite
ROOM = 0.47  # by which mean squares of ab may exceed the key frames' where all is filled in: some fits no luma
AROUND = 0.15  # of the frame's short side: how far colours that arrived shift automatic ones
LEAST_WEIGHT = 0.05  # of what arrived around a point, at which half of that shift is left


class CarryFrame(NamedTuple):
    """A frame of a film, to which colours are carried, or from which."""

    gray: np.ndarray  # uint8 (h, w), as large as colours are carried
    key: np.ndarray | None = None  # if it is a key frame, its ab (h, w, 2), or (h, w, 3) of points
    is_first: bool = False  # of a shot


class _Described:
    """A key frame, whose points are described when they are first needed."""

    def __init__(self, frame: CarryFrame):
        ab = np.zeros((*frame.gray.shape, 2), np.float32) if frame.key is None else frame.key
        self.frame = KeyFrame(frame.gray, ab)

    @cached_property
    def library(self) -> Library:
        return library_of(self.frame)


class Reached(NamedTuple):
    """What reached a frame from key frames."""

    gray: np.ndarray
    carried: Carried | None  # None in a shot, or part of one, without
    keys: list[_Described]  # those key frames
    back: np.ndarray | None  # flow to the frame before, of half the size, if both are of one shot

    @property
    def libraries(self) -> list[Library]:
        """The points of the key frames."""
        return [key.library for key in self.keys]


class Run(NamedTuple):
    """Frames of one shot, of which at most the first is a key frame."""

    frames: list[CarryFrame]
    following: CarryFrame | None  # the key frame after them, in the same shot


def runs(frames: Iterable[CarryFrame]) -> Iterator[Run]:
    """Cut frames at key frames and cuts, and where a run is `WAIT` long."""
    run: list[CarryFrame] = []
    for frame in frames:
        if run and (frame.key is not None or frame.is_first or len(run) == WAIT):
            yield Run(run, frame if frame.key is not None and not frame.is_first else None)
            run = []
        run.append(frame)
    if run:
        yield Run(run, None)


def reach(frames: Iterable[CarryFrame]) -> Generator[Reached, None, None]:
    """Carry the colours of key frames to all frames of their shots."""
    finder, last = StepFinder(), None
    key: _Described | None = None
    track: Track | None = None
    for run in runs(frames):
        if run.frames[0].is_first:
            key = track = last = None
        if run.frames[0].key is not None:
            key = _Described(run.frames[0])
            track = Track(key.frame)
        steps = _steps(run, last, finder)
        following = None if run.following is None else _Described(run.following)
        behind = _from_behind(run, steps, following)
        keys = [each for each in (key, following) if each is not None]
        for frame, step, late in zip(run.frames, steps, behind, strict=False):
            sides = [] if track is None else [_next(track, frame, step)]
            sides += [] if late is None else [late.unpacked()]
            carried = joined(sides) if sides else None
            yield Reached(frame.gray, carried, keys, step and step.back)
        last = run.frames[-1].gray


def _next(track: Track, frame: CarryFrame, step: Step | None) -> Carried:
    if frame.key is not None or step is None:
        return track.here()
    return track.step(frame.gray, step.back, step.ahead)


def _steps(run: Run, last: np.ndarray | None, finder: StepFinder) -> list[Step | None]:
    """The motion to each frame of a run from the one before, and to the key frame behind it."""
    grays = [frame.gray for frame in [*run.frames, *([run.following] if run.following else [])]]
    first = None if last is None else finder(last, grays[0], ahead_too=False)
    return [first, *(finder(*pair, ahead_too=run.following is not None) for pair in pairwise(grays))]


def _from_behind(run: Run, steps: list[Step | None], following: _Described | None) -> list[Carried | None]:
    if following is None:
        return [None] * len(run.frames)
    track, found = Track(following.frame), []
    for frame, step in zip(reversed(run.frames), reversed(steps), strict=False):
        is_here = frame.key is not None or step is None
        found.append(None if is_here else track.step(frame.gray, step.ahead, step.back).packed())
    return found[::-1]


class Filler:
    """Makes the colours of frames of what reached them, in order; what is filled in has half their size."""

    def __init__(self) -> None:
        self._last: tuple[np.ndarray, np.ndarray] | None = None  # gray and what was filled in
        self._found = _nothing_found((0, 0))
        self._turn = 0

    def __call__(self, reached: Reached, automatic: np.ndarray) -> np.ndarray:
        """Give the ab (h, w, 2) of the next frame.

        Args:
            reached: what reached it.
            automatic: colours (h', w', 2) of another source, which stand where nothing else is known.
        """
        shape = reached.gray.shape
        if reached.carried is None:
            self._last = None
            return resize_ab(automatic, shape)
        gray, carried = halved(reached.gray), reached.carried
        small = carried._replace(ab=halved(carried.ab), confidence=halved(carried.confidence))
        guess = resized(automatic, gray.shape)
        filled = self._filled(reached, gray, small, guess)
        share, trust = self._found
        confidence = small.confidence + (1 - small.confidence) * share
        filled = _strengthened(confidence, small.ab, filled, trust, reached.libraries)
        # The automatic colours keep their detail.
        whole = cv2.add(resize_ab(automatic, shape), resize_ab(filled - guess, shape))
        share = cv2.resize(share, shape[::-1])
        return blended(whole, carried.ab, carried.confidence + (1 - carried.confidence) * share)

    def _filled(self, reached: Reached, gray: np.ndarray, carried: Carried, guess: np.ndarray) -> np.ndarray:
        """Colours (h, w, 2) for where motion is not sure; all but what reached the frame has half its size."""
        kept, before = self._before(gray, reached.back)
        self._turn = 0 if before is None else self._turn + 1
        found = None
        if reached.back is None or self._turn % EVERY == 0:
            self._found = _nothing_found(gray.shape)
            if (carried.confidence < UNSURE).mean() > FEW:
                found = find_match(reached.gray, carried, reached.libraries)
                self._found = found.share, found.trust
            kept *= np.float32(KEPT)
        else:
            share, trust = self._found
            self._found = warp(share, reached.back), warp(trust, reached.back)
        trust = self._found[1]
        filled = blended(guess, guess + _shift(carried, guess), trust)
        if found is not None:
            filled = blended(filled, found.ab, trust)
        if before is not None:
            filled = blended(filled, before, kept * trust)
        self._last = gray, filled
        return filled

    def _before(self, gray: np.ndarray, back: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
        """What was filled in before, moved along, and how far it holds (h, w)."""
        if self._last is None or back is None:
            return np.zeros(gray.shape, np.float32), None
        last, before = (warp(each, back) for each in self._last)
        return luma_agreement(gray, last), before


def _nothing_found(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What stands for share and trust of a match, see there, where none was looked for."""
    return np.zeros(shape, np.float32), np.ones(shape, np.float32)


def _strengthened(
    confidence: np.ndarray, ab: np.ndarray, filled: np.ndarray, trust: np.ndarray, keys: list[Library]
) -> np.ndarray:
    """Multiply filled colours, means of many, so that a frame is as colourful as its key frames.

    Neither the mean square of its ab nor its variance shall be more than theirs, or a little more, see `ROOM`.
    What looks like nothing in them, of little `trust`, stays as it is.
    """
    share, rest = blended(np.zeros_like(ab), ab, confidence), blended(filled, np.zeros_like(ab), confidence)
    added = blended(np.zeros_like(ab), rest, trust)
    there = share + rest - added
    room = 1 + ROOM * (1 - float(confidence.mean()))
    energy = room * np.mean([np.square(key.ab).mean() for key in keys])
    variance = room * np.mean([key.ab.var(axis=0).mean() for key in keys])
    most = _most(there - _mean(there), added - _mean(added), float(variance))
    strength = np.clip(min(most, _most(there, added, float(energy))), 1, STRONGEST)
    return blended(filled, np.float32(strength) * filled, trust)


def _mean(ab: np.ndarray) -> np.ndarray:
    return np.array(cv2.mean(ab)[:2], np.float32)


def _most(there: np.ndarray, added: np.ndarray, wanted: float) -> float:
    """The s with which the mean square of there + s added is what is wanted, or nearest to it."""
    square, mixed, rest = (float(each.mean()) for each in (added * added, added * there, there * there))
    root = np.sqrt(max(mixed * mixed - square * (rest - wanted), 0.0))
    return (root - mixed) / max(square, TINY)


def _shift(carried: Carried, automatic: np.ndarray) -> np.ndarray:
    """How far the colours around each point that arrived differ from the automatic ones, (h, w, 2)."""
    differences = (plane * carried.confidence for plane in cv2.split(carried.ab - automatic))
    weighted = halved(cv2.merge([*differences, carried.confidence]))
    side = max(3, round(min(weighted.shape[:2]) * AROUND))
    around = cv2.blur(weighted, (side, side))
    *sums, total = cv2.split(around)
    return cv2.resize(
        cv2.merge([each / (total + np.float32(LEAST_WEIGHT)) for each in sums]), carried.confidence.shape[::-1]
    )
