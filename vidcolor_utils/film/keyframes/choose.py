"""Which frames of a film to colour by hand: those from which most of their shots can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.colorizers.links import Linker
from vidcolor_utils.film.shots import gray_of
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.video.reader import VideoReader

ENOUGH = 0.6  # share of a shot that its key frames should reach, on the mean of its frames
APART_S = 8.0  # seconds of a shot that one key frame serves at most
MOST = 12  # key frames of a shot, unless somebody asks for more
LOOKED_AT = 512  # frames of a shot among which is chosen, evenly spread: a long take has tens of thousands
LEAST_GAIN = 1e-9  # frames that one more must reach; less is rounding
LEAST_TRUST = 0.02  # of a frame in the one before; keeps logarithms finite


class Shot(NamedTuple):
    """A shot, frame by frame."""

    times: list[float]  # seconds
    away: list[float]  # how far each frame is from the first: the share that is left of it is exp(-away)


class Chosen(NamedTuple):
    """A frame to be coloured."""

    shot: int  # from 1
    seconds: float


def find_shots(path: str | Path, progress: Progress = silent) -> Iterator[Shot]:
    """Read a film; yield its shots, each when it is over.

    Raises:
        FileNotFoundError, InputError: as `VideoReader` does.
    """
    linker, shot = Linker(), Shot([], [])
    with VideoReader(path) as reader:
        info = reader.info
        for number, frame in enumerate(reader.luma_frames(), start=1):
            back, _ = linker(gray_of(frame.luma, info))
            if back is None and shot.times:
                yield shot
                shot = Shot([], [])
            step = 0.0 if back is None else -float(np.log(max(back.trust.mean(), LEAST_TRUST)))
            shot.times.append(frame.seconds)
            shot.away.append((shot.away[-1] if shot.away else 0.0) + step)
            progress(number, info.frames)
    if shot.times:
        yield shot


def choose(shots: list[Shot], *, per_shot: int | None = None, every: int | None = None) -> list[Chosen]:
    """Choose frames.

    Args:
        shots: of a film, in order.
        per_shot: so many of each; if not given, as many as reach `ENOUGH` of it, at least one for `APART_S`.
        every: the first of each shot and then every so many frames, instead.
    """
    chosen: list[Chosen] = []
    for number, shot in enumerate(shots, start=1):
        indices = range(0, len(shot.times), every) if every else reaching(shot, per_shot)
        chosen += [Chosen(number, shot.times[index]) for index in sorted(indices)]
    return chosen


def reaching(shot: Shot, count: int | None = None) -> list[int]:
    """Choose frames of a shot one after the other, each the one from which most is reached that was not before."""
    least = max(1, round((shot.times[-1] - shot.times[0]) / APART_S))
    most = min(count or max(MOST, least), len(shot.times))
    if most >= LOOKED_AT:  # of so many it does not matter which
        return evenly(len(shot.times), most).tolist()
    places = evenly(len(shot.times), LOOKED_AT)
    away = np.array(shot.away)[places]
    reach = np.exp(-np.abs(away - away[:, None]))  # a row for each frame: what is reached of all from there
    reached, found = np.zeros(len(places)), list[int]()
    while len(found) < most and (count or len(found) < least or reached.mean() < ENOUGH):
        gained = np.maximum(reached, reach).sum(axis=1) - reached.sum()
        best = int(gained.argmax())
        if gained[best] < LEAST_GAIN:  # each is like one that is chosen
            return evenly(len(shot.times), min(most, count or least)).tolist()
        reached = np.maximum(reached, reach[best])
        found.append(int(places[best]))
    return found
