"""Several seeds of one study, written after each, so that an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from records.resuming import resumed
from vidcolor_utils.related.clips import Split
from vidcolor_utils.system.files import write_json
from vidcolor_utils.system.progress import Say

Row = dict[str, float]


def run_seeds(
    output: Path,
    settings: object,
    *,
    controls: Callable[[], dict],
    one_seed: Callable[[int], dict],
    seeds: int,
    say: Say,
) -> dict:
    """Run a study once for each seed, and keep what is already in the record if its settings are the same.

    Args:
        output: the record; its folder must be there.
        settings: what the numbers depend on.
        controls: measures what needs no training.
        one_seed: trains and measures.
        seeds: how many.
        say: told what is done.

    Raises:
        InputError: if there is a record with other settings.
    """
    record: dict = resumed(output, {"settings": rounded(settings)}, {"seeds": {}})
    if "controls" not in record:
        record["controls"] = rounded(controls())
        write_json(output, record, indent=1)
    for seed in range(seeds):
        if str(seed) not in record["seeds"]:
            record["seeds"][str(seed)] = rounded(one_seed(seed))
            write_json(output, record, indent=1)
            say(f"{output.stem}: seed {seed} done")
    return record


def complete(output: Path, record: dict, part: dict, name: str, make: Callable[[], object]) -> None:
    """Add what a part of a record still lacks, and write the record."""
    if name not in part:
        part[name] = rounded(make())
        write_json(output, record, indent=1)


def clips_of(split: Split) -> dict[str, list[dict[str, str]]]:
    """Names of the clips of a split, and the sha256 of their files, for the settings."""
    return {
        part: [{"name": clip.name, "sha256": clip.sha256} for clip in clips]
        for part, clips in split._asdict().items()
    }


def rounded(values: object, digits: int = 4) -> object:
    """Round all numbers in nested dicts, lists and arrays, for a record that can be read."""
    if isinstance(values, dict):
        return {str(key): rounded(value, digits) for key, value in values.items()}
    if isinstance(values, np.ndarray):
        return rounded(values.tolist(), digits)
    if isinstance(values, list | tuple):
        return [rounded(value, digits) for value in values]
    if isinstance(values, float | np.floating):
        return round(float(values), digits)
    return int(values) if isinstance(values, np.integer) else values
