"""What the report claims of its networks, measured on clips: fidelity, steadiness, blur, and how errors grow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypedDict

import cv2
import numpy as np

from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.color import gray_clip, lab_from_rgb, rgb_from_gray
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, Motion, motion_between, warp

LoopColorizer = Callable[..., np.ndarray]


class MeasuredClip(NamedTuple):
    """A prepared clip with the motion in it."""

    name: str
    true: np.ndarray  # (T, H, W, 3) uint8
    baseline: np.ndarray  # the same
    motions: list[Motion]  # T - 1


class MeasuredRow(TypedDict):
    """What was measured of one row over clips."""

    clips: dict[str, dict[str, float]]  # name to `clip_scores`
    errors: list[float]  # the mean of `frame_errors` over the clips, frame by frame


def load_clips(store: ClipStore, names: Sequence[str], frames: int) -> list[MeasuredClip]:
    """Read the first `frames` frames of those clips that have as many, and find their motion."""
    clips = [(name, *store.read(name, 0, frames)) for name in names if store.num_frames(name) >= frames]
    return [MeasuredClip(name, true, baseline, clip_motions(true)) for name, true, baseline in clips]


def clip_motions(true: np.ndarray) -> list[Motion]:
    """Find the motion from each frame to the next, on gray; `true` is (T, H, W, 3) uint8."""
    flow_of, grays = DenseFlow(MEDIUM), gray_clip(true)
    return [motion_between(gray, other, flow_of) for gray, other in itertools.pairwise(grays)]


def frame_speeds(motions: Sequence[Motion]) -> np.ndarray:
    """Mean length of the motion to each frame from the one before, in pixels: (T - 1,)."""
    return np.array([float(np.linalg.norm(motion.flow, axis=-1).mean()) for motion in motions])


def frame_errors(true: np.ndarray, colored: np.ndarray) -> np.ndarray:
    """Mean squared error of each frame, in squared 8-bit units: (T,)."""
    return np.square(np.subtract(colored, true, dtype=np.float32)).mean(axis=(1, 2, 3))


def gradient_energy(frames: np.ndarray) -> float:
    """Mean squared luma gradient, in squared 8-bit units; blur lowers it. `frames` is (T, H, W, 3) uint8."""
    grays = gray_clip(frames).astype(np.float32)
    across, down = np.diff(grays, axis=2), np.diff(grays, axis=1)
    return float(np.square(across).mean() + np.square(down).mean())


def clip_scores(clip: MeasuredClip, colored: np.ndarray) -> dict[str, float]:
    """Score a colorized clip (T, H, W, 3) uint8.

    Returns:
        mse: mean squared error in squared 8-bit units.
        psnr, pixel_match, colorfulness, chroma_warp_error: see `metrics`, means over frames.
        sharpness: `gradient_energy` over that of the true clip: 1 is as sharp.
        change: mean squared difference from frame to frame, in squared 8-bit units.
    """
    frames = list(zip(clip.true, colored, strict=True))
    labs = [lab_from_rgb(frame)[..., 1:] for frame in colored]
    warps = [
        metrics.chroma_warp_error(ab, warp(np.ascontiguousarray(after), motion.flow), motion.occluded)
        for ab, after, motion in zip(labs, labs[1:], clip.motions, strict=False)
    ]
    return {
        "mse": float(frame_errors(clip.true, colored).mean()),
        "psnr": float(np.mean([metrics.psnr(*pair) for pair in frames])),
        "pixel_match": float(np.mean([metrics.pixel_match(*pair) for pair in frames])),
        "colorfulness": float(np.mean([metrics.colorfulness(frame) for frame in colored])),
        "chroma_warp_error": float(np.mean([value for value in warps if value is not None])),
        "sharpness": gradient_energy(colored) / gradient_energy(clip.true),
        "change": frame_change(colored),
    }


def frame_change(frames: np.ndarray) -> float:
    """Mean squared difference from frame to frame (T, H, W, 3) uint8, T at least 2, in squared 8-bit units."""
    return float(np.square(np.diff(frames.astype(np.float32), axis=0)).mean())


def measure_network(
    clips: Sequence[MeasuredClip], colorize: LoopColorizer, *, closed: bool = True
) -> dict[str, MeasuredRow]:
    """Score a network on clips, given the baseline's previous frames (open loop) and its own (closed loop).

    Args:
        clips: what to colorize.
        colorize: from a baseline clip (T, H, W, 3) uint8 to the colorized one; its keyword `feed_back` says
            whether the network is to get its own frames.
        closed: measure the closed loop, too.

    Returns:
        What was measured in the "open" loop and in the "closed" one.
    """
    loops = {"open": False} | ({"closed": True} if closed else {})
    return {loop: _measure(clips, partial(colorize, feed_back=feed)) for loop, feed in loops.items()}


def measure_references(clips: Sequence[MeasuredClip]) -> dict[str, MeasuredRow]:
    """Score what a network must be compared with: gray, the baseline, the truth, and the truth one level up."""
    return {
        "gray": _measure(clips, lambda frames: rgb_from_gray(gray_clip(frames))),
        "baseline": _measure(clips, lambda frames: frames),
        "true": _of_true(clips, lambda true: true),
        "true, one level brighter": _of_true(clips, lambda true: cv2.add(true, np.ones_like(true))),
    }


def _measure(clips: Sequence[MeasuredClip], colorize: Callable[[np.ndarray], np.ndarray]) -> MeasuredRow:
    return _scored(clips, [colorize(clip.baseline) for clip in clips])


def _of_true(clips: Sequence[MeasuredClip], change: Callable[[np.ndarray], np.ndarray]) -> MeasuredRow:
    return _scored(clips, [change(clip.true) for clip in clips])


def _scored(clips: Sequence[MeasuredClip], colored: Sequence[np.ndarray]) -> MeasuredRow:
    pairs = list(zip(clips, colored, strict=True))
    errors = [frame_errors(clip.true, frames) for clip, frames in pairs]
    return {
        "clips": {clip.name: clip_scores(clip, frames) for clip, frames in pairs},
        "errors": np.mean(errors, axis=0, dtype=float).round(2).tolist(),
    }
