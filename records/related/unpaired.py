"""Does a network that sees the clip keep one hue a clip, and its frame-wise twin not?"""

from __future__ import annotations

from pathlib import Path

from records.related.seeds import run_seeds
from vidcolor_utils.related.unpaired.training import Trained, UnpairedConfig, painted, train_unpaired
from vidcolor_utils.system.progress import Say

READ_EVERY = 250
TWINS = {"(2+1)-D": True, "frame by frame": False}


def record_unpaired(split: None, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train both twins with every seed; readings on the way, as the measures oscillate. It needs no clips."""
    settings = {"steps": steps, "pool": UnpairedConfig().pool, "read_every": READ_EVERY}

    def one_seed(seed: int) -> dict:
        found = {}
        for name, over_time in TWINS.items():
            readings: list[dict] = []

            def read(step: int, pair: Trained, readings: list = readings) -> None:
                made, true = painted(pair)
                readings.append({"step": step, **made._asdict(), "true_between": true.between})

            train_unpaired(
                UnpairedConfig(over_time=over_time, steps=steps, seed=seed), watch=read, every=READ_EVERY
            )
            say(f"unpaired: seed {seed}, {name}")
            found[name] = readings
        return found

    return run_seeds(output, settings, controls=dict, one_seed=one_seed, seeds=seeds, say=say)
