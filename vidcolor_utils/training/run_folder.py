"""The folder of a training run: it holds one run, which goes on from where it was stopped."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import alone, finished_file, write_json

CONFIG, HISTORY, RECORD = "config.json", "history.csv", "run.json"
CHECKPOINT = "checkpoint.pt"
LOCK = ".lock"  # there while a start is at work


@contextmanager
def claimed_run(folder: Path, identity: Mapping, *, inner: Sequence[str] = ()) -> Iterator[None]:
    """Make a folder a run's, or check that it is, and keep other starts off it while the block runs.

    What a killed start was writing is removed; other runs may lie below the folder, and write at that time.

    Args:
        folder: made if missing.
        identity: all that the run depends on, such as its parameters; it is kept in `config.json`.
        inner: patterns of the folders in it that the run writes to as well.

    Raises:
        InputError: if the folder holds another run.
        OutputError: if another start is at work there, or it cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / LOCK, shown=folder):
        path = folder / CONFIG
        if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(identity)):
            raise InputError(f"{folder}: holds a run with other parameters or data: name another folder")
        for place in (".", *inner):
            for leftover in folder.glob(f"{place}/.*.part-*"):
                leftover.unlink()
        write_json(path, identity, indent=1)
        yield


def check_export(run_dir: Path, output: Path) -> None:
    """Check that a run can be exported, before anything is imported that takes seconds.

    Raises:
        InputError: if the folder holds no checkpoint, or `output` has another suffix than .safetensors.
    """
    if output.suffix != ".safetensors":
        raise InputError(f"{output}: name a file ending in .safetensors; the others are written beside it")
    if not (run_dir / CHECKPOINT).is_file():
        raise InputError(f"{run_dir}: no {CHECKPOINT}: not the folder of a training run")


def write_history(path: Path, place: Mapping, numbers: Mapping) -> None:
    """Add a row to a run's history, in place of one that a killed start wrote for the same place in it.

    Args:
        path: a CSV file; rewritten as a whole.
        place: columns that tell how far the run has come.
        numbers: what was measured there.
    """
    here = {name: str(value) for name, value in place.items()}
    rows = [row for row in read_rows(path) if any(row[name] != value for name, value in here.items())]
    write_rows(path, [*rows, {**place, **numbers}])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a history; [] if there is none yet."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Sequence[Mapping]) -> None:
    """Write a history as a whole, in the columns of its last row; the file appears complete or not at all."""
    with finished_file(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[-1]))
        writer.writeheader()
        writer.writerows(rows)
