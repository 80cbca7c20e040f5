"""Does the previous estimate calm the colours, and how long does a wrong one last?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from records.related.seeds import Row, clips_of, run_seeds
from vidcolor_utils.pictures.metrics import psnr_ab
from vidcolor_utils.related.clips import SmallClip, Split
from vidcolor_utils.related.feedback.colornn_training import (
    ColorNN,
    ColorNNConfig,
    half_life,
    memory_curve,
    nothing,
    random_earlier,
)
from vidcolor_utils.related.rows import held, unsteadiness
from vidcolor_utils.system.progress import Say

FRAMES = 40
MEMORY_FRAMES = 30
FEEDBACK_SHARE = 4  # a quarter as many runs of 4 frames as single frames before


def record_colornn(split: Split, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train on single frames, then on with feedback and without, and measure both in closed loop."""
    clips = [SmallClip(clip.name, clip.lab[:FRAMES]) for clip in split.test]
    settings = {"steps": steps, "frames": FRAMES, "clips": clips_of(split)}

    def controls() -> dict:
        return {
            "gray": scored(clips, lambda clip: np.zeros_like(clip.lab[..., 1:])),
            "hold": scored(clips, held),
            "true": scored(clips, lambda clip: clip.lab[..., 1:]),
        }

    def one_seed(seed: int) -> dict:
        side = split.train[0].lab.shape[1]
        first = ColorNN(ColorNNConfig(frame_steps=steps, feedback_steps=0, seed=seed), side)
        found: dict = {"encoder": first.weights_source, "loss of single frames": first.train(split.train)[::10]}
        say(f"colornn: seed {seed}, single frames")
        for name, feedback in (("with feedback", True), ("per frame", False)):
            config = ColorNNConfig(
                frame_steps=0, feedback_steps=steps // FEEDBACK_SHARE, feedback=feedback, seed=seed
            )
            network = ColorNN(config, side)
            network.head.set_weights(first.head.get_weights())
            losses = network.train(split.train)
            say(f"colornn: seed {seed}, {name}")
            found[name] = {"loss": losses[::10]} | measured(network, clips, feedback)
        return found

    return run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)


def measured(network: ColorNN, clips: list[SmallClip], feedback: bool) -> dict:
    """Scores of a network as it is used, and of its controls."""
    if not feedback:
        return {"previous is zero": scored(clips, lambda clip: network.colorize(clip, previous=nothing))}
    curve = np.mean([memory_curve(network, clip, frames=MEMORY_FRAMES) for clip in clips], axis=0)
    lasting = half_life(curve)
    return {
        "closed loop": scored(clips, network.colorize),
        "previous is zero": scored(clips, lambda clip: network.colorize(clip, previous=nothing)),
        "a random earlier frame": scored(clips, lambda clip: network.colorize(clip, previous=random_earlier(0))),
        "memory": curve,
        "half_life": lasting if np.isfinite(lasting) else None,
    }


def scored(clips: list[SmallClip], made: Callable[[SmallClip], np.ndarray]) -> Row:
    """Mean PSNR of ab and mean chroma warp error over clips."""
    films = [(clip.lab, np.ascontiguousarray(made(clip), np.float32)) for clip in clips]
    return {
        "psnr_ab": float(np.mean([mean_psnr(lab, film) for lab, film in films])),
        "unsteadiness": float(np.mean([unsteadiness(lab[..., 0], film) for lab, film in films])),
    }


def mean_psnr(lab: np.ndarray, film: np.ndarray) -> float:
    """Mean PSNR of ab over the frames of a clip."""
    return float(np.mean([psnr_ab(true, ab) for true, ab in zip(lab[..., 1:], film, strict=True)]))
