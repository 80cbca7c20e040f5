"""Is colour lost hop by hop, and does a term for orthogonality keep it? With the controls that cost nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from records.related.seeds import Row, clips_of, complete, run_seeds
from vidcolor_utils.related import rows
from vidcolor_utils.related.clips import Split
from vidcolor_utils.related.learning import STRIDE
from vidcolor_utils.related.pointer.model import Pointer, build_pointer
from vidcolor_utils.related.propagation.training import (
    Hops,
    PropagationConfig,
    mean_gap,
    mean_hops,
    train_propagator,
)
from vidcolor_utils.system.progress import Say

TEMPERATURES = (0.05, 0.03, 0.02, 0.01)
GAPS = (1, 10, 20)
DIRECT = (0.05, 0.03)  # temperatures at which single steps are scored as well
HOPS = 15
PROBES_WEIGHT = 0.1
VARIANTS: dict[str, dict[str, Any]] = {
    "forward only": {},
    "switched direction": {"switched": 1.0},
    "round trip of probes": {"probes": PROBES_WEIGHT},
}
STRONGER = (2, 4, 10)  # times that weight, with seed 0


def record_propagation(split: Split, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train every variant with every seed and follow the colours over hops and over gaps; then stronger probes."""
    settings = {
        "steps": steps,
        "gaps": GAPS,
        "hops": HOPS,
        "temperatures": TEMPERATURES,
        "clips": clips_of(split),
    }

    def controls() -> dict:
        names = {"hold": "hold", "motion": "motion (DIS)"}
        return {
            label: as_row(mean_hops(key, split.test, hops=HOPS))
            | {"gaps": direct(rows.on_grid(rows.CONTROLS[label], STRIDE), split)}
            for key, label in names.items()
        }

    def one_seed(seed: int) -> dict:
        keras.utils.set_random_seed(seed)
        networks = {"random weights": build_pointer(side=split.train[0].lab.shape[1])}
        found = {}
        for name, changes in VARIANTS.items():
            config = PropagationConfig(steps=steps, seed=seed, **changes)
            networks[name], _ = train_propagator(split.train, config)
            say(f"propagation: seed {seed}, {name}")
        for name, network in networks.items():
            found[name] = {str(heat): measured(network, heat, split) for heat in TEMPERATURES}
        return found

    record = run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)
    tried = record.setdefault("tries", {})
    for times in STRONGER:
        name = f"round trip of probes, {times} times the weight"
        config = PropagationConfig(steps=steps, probes=times * PROBES_WEIGHT)
        complete(output, record, tried, name, partial(at_the_end, config, split))
        say(f"propagation: {name}")
    return record


def at_the_end(config: PropagationConfig, split: Split) -> dict[str, Row]:
    """Train once; what is left after the last hop, at the usual temperature and a sharper one."""
    network, _ = train_propagator(split.train, config)
    found = {}
    for heat in DIRECT:
        row = measured(network, heat, split)
        found[str(heat)] = {
            "energy": row["energy"][-1],
            "psnr_ab": row["psnr_ab"][-1],
            "stays": row["stays"],
            "psnr_ab_one_step_of_10": row["gaps"]["10"]["psnr_ab"],
        }
    return found


def measured(network: keras.Model, temperature: float, split: Split) -> dict:
    """What a network does to colours at one temperature."""
    pointer = Pointer(network, temperature)
    found = as_row(mean_hops(pointer, split.test, hops=HOPS))
    found |= {"gap_from_orthogonal": mean_gap(pointer, split.test), "stays": mean_stay(pointer, split)}
    return found | ({"gaps": direct(pointer.guess, split)} if temperature in DIRECT else {})


def direct(guess: rows.Guess, split: Split) -> dict:
    """Scores of one step over each gap."""
    return {str(gap): rows.score_guess(guess, split.test, gap) for gap in GAPS}


def mean_stay(pointer: Pointer, split: Split, apart: int = 10) -> float:
    """Share of points that point most strongly at their own place, between frames `apart`: 1 is copying."""
    stays = []
    for clip in split.test:
        features = pointer.features(clip.lab[[0, apart]])
        best = pointer.weights(features[1], features[0]).argmax(axis=1)
        stays.append(np.mean(best == np.arange(len(best))))
    return float(np.mean(stays))


def as_row(hops: Hops) -> dict:
    """The two curves, for the record."""
    return dict(hops._asdict())
