"""Timings, as ratios inside one run: machines differ and are noisy, ratios travel."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from vidcolor_utils.colorizer import FrameColorizer
from vidcolor_utils.machine import machine
from vidcolor_utils.quiet import quiet_native_logs

SIDE = 256
FRAMES = 24
BATCH = 8
ROUNDS = 3


def bench_networks() -> dict:
    """Measure frames per second of Zhang's network and of the shipped one on 256x256 frames.

    Zhang's has random weights, which take as long as the released ones. Each is warmed up, then they take turns;
    the fastest turn of each counts.

    Returns:
        `machine`; `frames_per_second` by name; `ratio`, the shipped one over Zhang's.
    """
    frames = np.random.default_rng(0).random((FRAMES, SIDE, SIDE, 1), np.float32)
    colorizer = FrameColorizer()
    with quiet_native_logs():
        from vidcolor_utils.models.zhang import build_zhang

        zhang = build_zhang()
    runs = {
        "zhang": lambda: [zhang.predict_on_batch(frame[None] * 100) for frame in frames[: FRAMES // BATCH]],
        "frame": lambda: [
            colorizer.predict_ab(list(chunk[..., 0])) for chunk in np.split(frames, FRAMES // BATCH)
        ],
    }
    counts = {"zhang": FRAMES // BATCH, "frame": FRAMES}
    fps = {name: counts[name] / seconds for name, seconds in _fastest(runs).items()}
    return {"machine": machine(), "frames_per_second": fps, "ratio": fps["frame"] / fps["zhang"]}


def _fastest(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best
