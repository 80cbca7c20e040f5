"""The records of the repository have the shapes that the code which writes them says."""

from __future__ import annotations

import json

import pytest

from records.quality.ablate import AblationRecord
from records.quality.compare import ComparisonRecord
from records.quality.full_runs import FullRecord
from records.quality.study import StudyRecord
from records.speed.bench import BenchRecord
from records.speed.profile import ProfileRecord
from records.strain.containers import FidelityRecord
from records.strain.endurance import EnduranceRecord
from records.strain.failing import FailingRecord
from records.strain.fuzz import FuzzRecord
from tests.helpers.command import REPOSITORY
from tests.helpers.shapes import faults
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
    "profile.json": ProfileRecord,
    "containers.json": FidelityRecord,
    "resume.json": EnduranceRecord,
    "failing.json": FailingRecord,
    "fuzz.json": FuzzRecord,
}


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
