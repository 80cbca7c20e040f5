"""Teacher forcing flatters, the closed loop collapses: the small U-Net, its twin trained in closed loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from records.related.seeds import clips_of, run_seeds
from vidcolor_utils.pictures.color import rgb_from_lab, to_uint8
from vidcolor_utils.pictures.metrics import colorfulness
from vidcolor_utils.related.clips import SmallClip, Split
from vidcolor_utils.related.feedback.colas_training import (
    ColasConfig,
    FeedBack,
    accuracy_curve,
    adversarial_colas,
    chroma_ratio,
    fed_back,
    fed_truth,
    fitted_decay,
    train_colas,
)
from vidcolor_utils.related.rows import gray_guess, held
from vidcolor_utils.system.progress import Say

FRAMES = 60
LATE = (10, 30)
CLOSED_STEPS, CLOSED_RUN, CLOSED_BATCH = 170, 4, 8
ADVERSARIAL_STEPS = 100
LOOPS = {
    "fed its own": FeedBack(),
    "its own, 8 bits": FeedBack(quantized=True),
    "its own ab, true L": FeedBack(true_lightness=True),
}


def record_colas(split: Split, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train and measure; the defects of the published code and the adversarial half with the first seed only."""
    clips = [SmallClip(clip.name, clip.lab[:FRAMES]) for clip in split.test]
    settings = {
        "steps": steps,
        "closed": {"steps": CLOSED_STEPS, "run": CLOSED_RUN, "batch": CLOSED_BATCH},
        "frames": FRAMES,
        "clips": clips_of(split),
    }

    def controls() -> dict:
        gray = [np.stack([gray_guess(frame, frame[..., 0]) for frame in clip.lab]) for clip in clips]
        return {
            "gray": {"accuracy": accuracy_curve(clips, gray, FRAMES)},
            "hold": {"accuracy": accuracy_curve(clips, [held(clip) for clip in clips], FRAMES)},
        }

    def one_seed(seed: int) -> dict:
        forced, losses = train_colas(split.train, ColasConfig(steps=steps, seed=seed))
        say(f"colas: seed {seed}, teacher forcing")
        closed_config = ColasConfig(unroll=CLOSED_RUN, steps=CLOSED_STEPS, batch=CLOSED_BATCH, seed=seed)
        closed, _ = train_colas(split.train, closed_config)
        say(f"colas: seed {seed}, closed loop")
        found = {
            "teacher forcing": {"loss": losses[::10], "fed the truth": from_truth(forced, clips)}
            | {name: looped(forced, clips, how) for name, how in LOOPS.items()},
            "closed loop": {"fed its own": looped(closed, clips, FeedBack())},
        }
        return found | (first_seed_only(forced, split, clips, steps) if seed == 0 else {})

    return run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)


def first_seed_only(forced: keras.Model, split: Split, clips: Sequence[SmallClip], steps: int) -> dict:
    """The published code's batch statistics at test, and the network trained on against a discriminator."""
    batch_norm, _ = train_colas(split.train, ColasConfig(steps=steps, batch_norm=True))
    found = {
        "batch norm and dropout at test": {
            "fed the truth": from_truth(batch_norm, clips),
            "fed its own": looped(batch_norm, clips, FeedBack()),
        }
    }
    before = from_truth(forced, clips)
    losses = adversarial_colas(split.train, forced, steps=ADVERSARIAL_STEPS)
    after = from_truth(forced, clips)
    return found | {"adversarial": {"before": before, "after": after, "losses": losses}}


def from_truth(network: keras.Model, clips: Sequence[SmallClip]) -> dict:
    """Scores where each frame is made from the true one before."""
    made = [fed_truth(network, clip) for clip in clips]
    return {"accuracy": accuracy_curve(clips, made, FRAMES), "colorfulness": mean_colorfulness(made)}


def looped(network: keras.Model, clips: Sequence[SmallClip], how: FeedBack) -> dict:
    """Scores where each frame is made from the one made before."""
    made = fed_back(network, clips, FRAMES, how)
    curve = accuracy_curve(clips, made, FRAMES)
    ratios = {str(frame): chroma_ratio(clips, made, frame) for frame in LATE}
    return {"accuracy": curve, "chroma_ratio": ratios, "decay": fitted_decay(curve[1:])._asdict()}


def mean_colorfulness(made: Sequence[np.ndarray]) -> float:
    """Mean colourfulness of every fifth frame."""
    frames = [to_uint8(rgb_from_lab(np.ascontiguousarray(lab))) for film in made for lab in film[1::5]]
    return float(np.mean([colorfulness(frame) for frame in frames]))
