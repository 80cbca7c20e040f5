"""Records that are written as a long run goes, and gone on with where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256

MISSING = object()  # differs from every value, None as well


def resumed(
    path: Path, settings: Mapping[str, Any], empty: Mapping[str, Any], *, later: Mapping[str, Any] | None = None
) -> Any:
    """Go on with the record in a file, or begin one.

    Args:
        path: the record; nothing is written to it here.
        settings: what the numbers depend on, under the names that it has in the record.
        empty: the rest of a record that holds nothing yet.
        later: settings that records of before do not have: compared where there is something to compare with, and
            not written into a record that lacks them, since what it was made with is not known.

    Returns:
        The record, as JSON gives it back; what else is in it stays.

    Raises:
        InputError: if the file holds something else, or a record that was made with other settings: its numbers
            are not to be mixed with new ones, nor lost.
    """
    wanted, added = json.loads(json.dumps(settings)), json.loads(json.dumps(later or {}))
    if not path.exists():
        return {**wanted, **added, **empty}
    record = _read(path)
    if not isinstance(record, dict) or not empty.keys() <= record.keys():
        raise InputError(f"{path}: is there and no such record: name another file")
    wanted |= {name: value for name, value in added.items() if name in record}
    if names := _differing(record, wanted):
        raise InputError(f"{path}: made with other settings ({', '.join(names)}): remove it or name another file")
    return record


def same_files(path: Path, known: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """Hash the files that a record is made of, and compare those whose sum it knows.

    Args:
        path: the record.
        known: sha256 of files by their names, as the record has them; of others nothing is known.
        files: those that there are now.

    Returns:
        The sha256 of each by its name, for what is measured on them now.

    Raises:
        InputError: if a file is not what it was: scores of two films are not to stand under one name.
    """
    sums = {file.name: file_sha256(file) for file in files}
    if names := sorted(name for name, value in sums.items() if known.get(name, value) != value):
        raise InputError(f"{path}: made of other files ({', '.join(names)}): remove it or name another file")
    return sums


def _differing(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Names of the settings that are others in a record; of a group of them, the names in the group."""
    names: list[str] = []
    for name, value in wanted.items():
        found = record.get(name, MISSING)
        if isinstance(found, dict) and isinstance(value, dict):
            names += sorted(
                key for key in found.keys() | value.keys() if found.get(key, MISSING) != value.get(key, MISSING)
            )
        elif found != value:
            names.append(name)
    return names


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
