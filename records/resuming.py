"""Records that are written as a long run goes, and gone on with where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidcolor_utils.system.errors import InputError

MISSING = object()  # differs from every value, None as well


def resumed(path: Path, settings: Mapping[str, Any], empty: Mapping[str, Any]) -> Any:
    """Go on with the record in a file, or begin one.

    Args:
        path: the record; nothing is written to it here.
        settings: what the numbers depend on, under the names that it has in the record.
        empty: the rest of a record that holds nothing yet.

    Returns:
        The record, as JSON gives it back; what else is in it stays.

    Raises:
        InputError: if the file holds something else, or a record that was made with other settings: its numbers
            are not to be mixed with new ones, nor lost.
    """
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        return {**wanted, **empty}
    record = _read(path)
    if not isinstance(record, dict) or not empty.keys() <= record.keys():
        raise InputError(f"{path}: is there and no such record: name another file")
    if names := _differing(record, wanted):
        raise InputError(f"{path}: made with other settings ({', '.join(names)}): remove it or name another file")
    return record


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
