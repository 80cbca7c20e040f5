from __future__ import annotations

import json
from pathlib import Path

import pytest

from records.quality.study import run_study
from tests.helpers.clips import prepare_rendered
from tests.helpers.eager import without_graphs
from tests.helpers.runs import TINY_STUDY
from vidcolor_utils.system.errors import InputError


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=6)


@without_graphs()
def test_a_study_goes_on_with_the_runs_that_are_missing(clips: Path, tmp_path: Path):
    output, said = tmp_path / "study.json", []
    options = {"variants": {"average": {"window": 3, "average": True}}, "scale": TINY_STUDY, "frames": 4}
    run_study(clips, tmp_path / "runs", output, seeds=1, say=said.append, **options)
    record = run_study(clips, tmp_path / "runs", output, seeds=2, say=said.append, **options)
    assert said == ["average, seed 0", "average, seed 1"]
    assert record == json.loads(output.read_text())
    first, second = record["runs"]["average"]
    assert first["closed"]["errors"] != second["closed"]["errors"]
    assert len(record["speed"]) == 4
    with pytest.raises(InputError, match=r"other settings \(frames\)"):
        run_study(clips, tmp_path / "runs", output, **{**options, "frames": 5})


def test_clips_must_be_long_enough(clips: Path, tmp_path: Path):
    with pytest.raises(InputError, match="none of 1 clips has 7 frames"):
        run_study(clips, tmp_path / "runs", tmp_path / "study.json", frames=7)
