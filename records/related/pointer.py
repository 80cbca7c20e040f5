"""Does tracking emerge from copying colours? The pointer with its controls."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from records.related.seeds import Row, clips_of, run_seeds
from vidcolor_utils.related import rows
from vidcolor_utils.related.clips import Split
from vidcolor_utils.related.discs import MaskedClip, disc_clip
from vidcolor_utils.related.learning import STRIDE
from vidcolor_utils.related.pointer.model import Pointer, build_pointer
from vidcolor_utils.related.pointer.tracking import Track, error_correlation, track, track_by_motion
from vidcolor_utils.related.pointer.training import PointerConfig, train_pointer
from vidcolor_utils.system.progress import Say

GAPS = (4, 10, 20)
DISCS = range(1000, 1040)
VARIANTS = {"trained on ab": {}, "colours of another pair": {"shuffled": True}}
LOSSES = {  # with the first seed only
    "trained on 16 classes": {"loss": "classes"},
    "softmax of probabilities": {"loss": "softmax of probabilities"},
}


def record_pointer(split: Split, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train every variant with every seed and measure colours and masks."""
    discs = [disc_clip(seed) for seed in DISCS]
    settings = {"steps": steps, "gaps": GAPS, "discs": len(discs), "clips": clips_of(split)}

    def controls() -> dict:
        tracks = [track(None, masked) for masked in discs]
        motion = np.mean([track_by_motion(masked) for masked in discs], axis=0)
        found: dict[str, dict] = {
            name: colors(rows.on_grid(guess, STRIDE), split) for name, guess in rows.CONTROLS.items()
        }
        found["hold"] |= {"overlap": mean_overlap(tracks)}
        found["motion (DIS)"] |= {"overlap": motion}
        return found

    def one_seed(seed: int) -> dict:
        keras.utils.set_random_seed(seed)
        side = split.train[0].lab.shape[1]
        found = {"random weights": measured(build_pointer(side=side), split, discs)}
        for name, changes in (VARIANTS | (LOSSES if seed == 0 else {})).items():
            network, history = train_pointer(split.train, PointerConfig(steps=steps, seed=seed, **changes))
            found[name] = measured(network, split, discs) | {"loss": history[::10]}
            say(f"pointer: seed {seed}, {name}")
        return found

    return run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)


def colors(guess: rows.Guess, split: Split) -> dict[str, dict[str, Row]]:
    """Scores of carried colours at each gap."""
    return {"colors": {str(gap): rows.score_guess(guess, split.test, gap) for gap in GAPS}}


def measured(network: keras.Model, split: Split, discs: list[MaskedClip]) -> dict:
    """Scores of a network: its colours on clips, its masks on discs."""
    pointer = Pointer(network)
    tracks = [track(pointer, masked) for masked in discs]
    found = {"overlap": mean_overlap(tracks), "rank_correlation": error_correlation(tracks)}
    return colors(pointer.guess, split) | found


def mean_overlap(tracks: list[Track]) -> np.ndarray:
    """Mean over clips of the overlap at each frame after the first."""
    return np.mean([each.overlap for each in tracks], axis=0)
