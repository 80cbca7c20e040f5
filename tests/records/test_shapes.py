"""The records of the repository have the shapes that the code which writes them says."""

from __future__ import annotations

import json
import types
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from records.quality.ablate import AblationRecord
from records.quality.compare import ComparisonRecord
from records.quality.full_runs import FullRecord
from records.quality.study import StudyRecord
from records.speed.bench import BenchRecord
from records.strain.containers import FidelityRecord
from records.strain.endurance import EnduranceRecord
from records.strain.failing import FailingRecord
from records.strain.fuzz import FuzzRecord
from tests.helpers.command import REPOSITORY
from vidcolor_utils.tool.evaluate import Evaluation

RESULTS = REPOSITORY / "data" / "results"
SHAPES = {
    "frame.json": Evaluation,
    "frame_previous.json": Evaluation,
    "temporal.json": AblationRecord,
    "report/compare.json": ComparisonRecord,
    "report/full.json": FullRecord,
    "report/study.json": StudyRecord,
    "bench.json": BenchRecord,
    "containers.json": FidelityRecord,
    "resume.json": EnduranceRecord,
    "failing.json": FailingRecord,
    "fuzz.json": FuzzRecord,
}


def faults(value: object, shape: Any, place: str = "") -> list[str]:
    """Where a value from JSON is not of a type made of TypedDict, dict, list, unions and plain types."""
    kind, parts = get_origin(shape), get_args(shape)
    if shape is Any:
        return []
    if is_typeddict(shape):
        if not isinstance(value, dict):
            return [f"{place} is no {shape.__name__}"]
        hints = get_type_hints(shape, include_extras=True)
        names = {name for name in shape.__required_keys__ if get_origin(hints[name]) is not NotRequired}
        found = [f"{place} lacks {name}" for name in sorted(names - set(value))]
        found += [f"{place} has {name} besides" for name in sorted(set(value) - set(hints))]
        return found + [
            text for name in hints if name in value for text in faults(value[name], hints[name], f"{place}.{name}")
        ]
    if kind is NotRequired:
        return faults(value, parts[0], place)
    if kind in (Union, types.UnionType):
        return [] if any(not faults(value, part) for part in parts) else [f"{place} is {value!r}"]
    if kind is list and isinstance(value, list):
        return [text for number, item in enumerate(value) for text in faults(item, parts[0], f"{place}[{number}]")]
    if kind is dict and isinstance(value, dict):
        return [text for name, item in value.items() for text in faults(item, parts[1], f"{place}[{name}]")]
    plain = (int, float) if shape is float else shape
    is_right = isinstance(plain, type | tuple) and isinstance(value, plain)
    return [] if is_right else [f"{place} is {str(value)[:80]!r}, no {shape}"]


@pytest.mark.parametrize("name", SHAPES)
def test_a_record_has_its_shape(name):
    assert faults(json.loads((RESULTS / name).read_text()), SHAPES[name]) == []


def test_what_is_missing_wrong_or_besides_is_found():
    record = json.loads((RESULTS / "failing.json").read_text())
    del record["tried"]
    record["calls"]["open"], record["more"] = "many", 1
    assert faults(record, FailingRecord) == [
        " lacks tried",
        " has more besides",
        ".calls[open] is 'many', no <class 'int'>",
    ]
