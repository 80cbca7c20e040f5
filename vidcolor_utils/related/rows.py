"""The rows that every table of part two prints beside its own: gray, hold, motion, the truth; their measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, motion_between, warp
from vidcolor_utils.pictures.metrics import chroma_warp_error, psnr_ab
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.related.clips import SmallClip, block_means

Guess = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the Lab of a reference frame (S, S, 3) and the L of a target frame (S, S): the target's ab (s, s, 2)."""

WITHIN = 4.4  # Lab units in a and in b: the accuracy of Colas, Lee and Rafailov


def gray_guess(reference: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """No colour at all."""
    return np.zeros((*lightness.shape, 2), np.float32)


def hold_guess(reference: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """The colours of the reference, where they were."""
    return reference[..., 1:]


def motion_guess(reference: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """The colours of the reference, fetched along the optical flow (DIS) of L."""
    return warp(reference[..., 1:], flow_between(lightness, reference[..., 0]))


def nearest_lightness_guess(reference: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """The colours of the reference's pixel that is most alike in L alone."""
    order = np.argsort(reference[..., 0].ravel(), kind="stable")
    known = reference[..., 0].ravel()[order]
    place = np.clip(np.searchsorted(known, lightness.ravel()), 1, len(known) - 1)
    left = lightness.ravel() - known[place - 1] < known[place] - lightness.ravel()
    return reference[..., 1:].reshape(-1, 2)[order[place - left]].reshape(*lightness.shape, 2)


CONTROLS: dict[str, Guess] = {
    "gray": gray_guess,
    "hold": hold_guess,
    "nearest lightness": nearest_lightness_guess,
    "motion (DIS)": motion_guess,
}


def flow_between(lightness: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Flow (H, W, 2) from one plane of L to another, both in [0, 100]."""
    return DenseFlow(MEDIUM)(*(np.clip(plane * 2.55, 0, 255).astype(np.uint8) for plane in (lightness, other)))


def pairs_apart(clip: SmallClip, gap: int, *, count: int = 12) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield at most `count` pairs of Lab frames `gap` apart, evenly spread; none if the clip is too short."""
    last = len(clip.lab) - gap
    for first in evenly(last, count) if last > 0 else ():
        yield clip.lab[first], clip.lab[first + gap]


def score_guess(guess: Guess, clips: Sequence[SmallClip], gap: int, *, count: int = 12) -> dict[str, float]:
    """Compare guesses with the truth over pairs of frames of all clips.

    Args:
        guess: what is scored; its ab may be smaller than the frames by a whole factor: the truth is shrunk to it.
        clips: each counts the same.
        gap: frames between reference and target.
        count: pairs of each clip.

    Returns:
        "psnr_ab": dB, mean over clips of the mean over pairs. "energy": sum of squared ab over that of the truth,
        mean over clips. Averages fade colours, so energy without PSNR, or PSNR without energy, says little.

    Raises:
        ValueError: if no clip is longer than `gap`.
    """
    scores, energies = [], []
    for clip in clips:
        results = [
            (guess(ref, frame[..., 0]), frame[..., 1:]) for ref, frame in pairs_apart(clip, gap, count=count)
        ]
        if results:
            pairs = [(made, block_means(true, true.shape[0] // made.shape[0])) for made, true in results]
            scores.append(np.mean([psnr_ab(true, made) for made, true in pairs]))
            energies.append(energy([made for made, _ in pairs]) / energy([true for _, true in pairs]))
    if not scores:
        raise ValueError(f"no clip is longer than {gap} frames")
    return {"psnr_ab": float(np.mean(scores)), "energy": float(np.mean(energies))}


def on_grid(guess: Guess, factor: int) -> Guess:
    """Shrink what a guess returns, so that rows of different resolution are compared on one grid."""
    return lambda reference, lightness: block_means(guess(reference, lightness), factor)


def energy(ab: Sequence[np.ndarray] | np.ndarray) -> float:
    """Sum of the squares of all a and b: how much colour there is, wherever it is."""
    return float(sum(np.square(each, dtype=np.float64).sum() for each in ab))


def accuracy(true_ab: np.ndarray, made_ab: np.ndarray) -> float:
    """Share of pixels whose a and b both lie within 4.4 Lab units, after rounding, as Colas et al. count."""
    near = np.abs(np.rint(true_ab) - np.rint(made_ab)) <= WITHIN
    return float(near.all(axis=-1).mean())


def unsteadiness(lightness: np.ndarray, ab: np.ndarray) -> float:
    """Mean chroma warp error of a clip, in Lab units: how much colours change along the motion of L.

    Args:
        lightness: true L (T, S, S), which the flow is found on.
        ab: (T, S, S, 2) float32, the colours that are judged.
    """
    errors = []
    for t in range(len(ab) - 1):
        motion = motion_between(lightness[t], lightness[t + 1], flow_between)
        errors.append(chroma_warp_error(ab[t], warp(ab[t + 1], motion.flow), motion.occluded))
    return float(np.mean([error for error in errors if error is not None]))


def held(clip: SmallClip) -> np.ndarray:
    """The first frame's colours in every frame: ab (T, S, S, 2)."""
    return np.repeat(clip.lab[:1, ..., 1:], len(clip.lab), axis=0)


def carried(clip: SmallClip) -> np.ndarray:
    """The first frame's colours carried on from frame to frame along the flow: ab (T, S, S, 2)."""
    made = [clip.lab[0, ..., 1:]]
    for before, now in zip(clip.lab[:-1, ..., 0], clip.lab[1:, ..., 0], strict=True):
        made.append(warp(made[-1], flow_between(now, before)))
    return np.stack(made)
