"""Timings of the networks by themselves, in each runtime."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NotRequired, TypedDict

import numpy as np

from records.speed.runtimes import RUNTIMES
from records.speed.timing import fastest
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.zhang import ZHANG_SIDE
from vidcolor_utils.system.quiet import quiet_native_logs

ZHANG = "Zhang et al., Keras"
SHOWN = "what it shows (once a second), ONNX Runtime"
LUMA_SIZE = (256, 256)  # what Zhang's network sees of a frame
BATCH = 8


class NetworkSpeed(TypedDict):
    """How fast a network is; of ours also what `apart.Start` says."""

    fps: float
    times_zhang: float  # how many times that is Zhang's
    start_s: NotRequired[float]
    peak_mb: NotRequired[float]


def bench_networks() -> dict[str, NetworkSpeed]:
    """Measure frames per second of the light network in each runtime, of the other two, and of Zhang's.

    Ours look at frames of `LUMA_SIZE`. Zhang's, at 256x256 as in the authors' demo, has random weights, which take
    as long as the released ones.
    """
    rng = np.random.default_rng(0)
    lumas = list(rng.random((BATCH, *LUMA_SIZE), np.float32))
    square = rng.random((1, ZHANG_SIDE, ZHANG_SIDE, 1), np.float32) * 100
    with quiet_native_logs():
        from vidcolor_utils.models.zhang import build_zhang

        zhang = build_zhang()
    colorizers = {name: load() for name, load in RUNTIMES.items()}
    runs: dict[str, Callable[[], object]] = {
        name: partial(ours.predict_ab, lumas) for name, ours in colorizers.items()
    }
    reader = FrameColorizer()
    runs[SHOWN] = lambda: [reader.understand(luma) for luma in lumas]
    seconds = fastest(runs | {ZHANG: lambda: zhang.predict_on_batch(square)})
    fps = {name: (1 if name == ZHANG else BATCH) / best for name, best in seconds.items()}
    return {name: {"fps": value, "times_zhang": value / fps[ZHANG]} for name, value in fps.items()}
