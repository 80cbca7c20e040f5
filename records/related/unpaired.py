"""Does a network that sees the clip keep one hue a clip, and its frame-wise twin not?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from records.related.seeds import Row, complete, run_seeds
from vidcolor_utils.related.unpaired.digits import digit_clips, hue_color
from vidcolor_utils.related.unpaired.training import Trained, UnpairedConfig, painted, spreads, train_unpaired
from vidcolor_utils.system.progress import Say

FILTERS = 8
READ_EVERY = 100
TWINS = {"(2+1)-D": True, "frame by frame": False}
TRIES: dict[str, dict[str, Any]] = {"white digits": {"flicker": None}}
FRESH, FRESH_SEED = 64, 77  # digits that are painted for a reading


def record_unpaired(split: None, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train both twins with every seed, and with seed 0 as the tries say. It needs no clips.

    Readings are taken on the way, as the measures oscillate.
    """
    usual = UnpairedConfig(steps=steps, filters=FILTERS)
    settings = {
        **{name: getattr(usual, name) for name in ("steps", "filters", "batch", "pool", "flicker")},
        "read_every": READ_EVERY,
    }

    def one_seed(seed: int) -> dict:
        return both_twins(usual._replace(seed=seed), f"unpaired: seed {seed}", say)

    record = run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)
    tried = record.setdefault("tries", {})
    for name, changes in TRIES.items():
        make = partial(both_twins, usual._replace(**changes), f"unpaired: {name}", say)
        complete(output, record, tried, name, make)
    return record


def both_twins(config: UnpairedConfig, title: str, say: Say) -> dict[str, list[dict]]:
    """Train the network that sees clips and the one that sees frames; the readings of each."""
    found = {}
    for name, over_time in TWINS.items():
        found[name] = readings(config._replace(over_time=over_time))
        say(f"{title}, {name}")
    return found


def readings(config: UnpairedConfig) -> list[dict]:
    """Train once, and measure what is painted every `READ_EVERY` steps."""
    found: list[dict] = []

    def read(step: int, pair: Trained) -> None:
        made, true = painted(pair, count=FRESH, seed=FRESH_SEED, flicker=config.flicker)
        found.append({"step": step, **made._asdict(), "true_between": true.between})

    train_unpaired(config, watch=read, every=READ_EVERY)
    return found


def controls() -> dict[str, Row]:
    """What true clips measure, and a painter that makes everything red."""
    white = digit_clips(FRESH, colored=False, seed=FRESH_SEED, flicker=None)
    true = digit_clips(FRESH, colored=True, seed=FRESH_SEED + 1)
    red = (white + 1) * hue_color(0.0) - 1
    return {
        "true": spreads(true, true.max(axis=-1, keepdims=True))._asdict(),
        "all red": spreads(red, white)._asdict(),
    }
