"""Functions timed in turns, and what is told of a training's speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypedDict

ROUNDS = 3


class TrainingSpeed(TypedDict):
    """How fast a training is."""

    frames_per_second: float  # from disk
    in_memory_frames_per_second: float
    computing: float  # share of the time that the device computes: the first over the second, at most 1
    batch: int  # frames in a step
    epoch_s: float  # seconds that an epoch over all clips takes from disk, without its scoring
    colorize_frames_per_second: float  # of the network alone


def fastest(runs: dict[str, Callable[[], object]], *, rounds: int = ROUNDS) -> dict[str, float]:
    """Time functions that take turns, after one call of each to warm up.

    Returns:
        The seconds that the fastest turn of each took.
    """
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best
