from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from records.quality import study
from records.quality.study import run_study
from tests.helpers.clips import prepare_rendered
from tests.helpers.eager import without_graphs
from tests.helpers.runs import TINY_STUDY
from vidcolor_utils.system.errors import InputError


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=6)


@without_graphs()
def test_a_study_goes_on_with_the_runs_that_are_missing(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    output, said, asked, changes = tmp_path / "study.json", [], [], {"window": 3, "average": True}
    options = {"variants": {"average": changes}, "scale": TINY_STUDY, "frames": 4}
    (run,) = run_study(clips, tmp_path / "runs", output, seeds=1, say=said.append, **options)["runs"]["average"]
    assert run["closed"]["errors"] and run["encoder"] is None  # AlexNet has none
    monkeypatch.setattr(study, "_trained_and_measured", lambda *of: asked.append(of) or {"stands for": "one"})
    record = run_study(clips, tmp_path / "runs", output, seeds=2, say=said.append, **options)
    assert said == ["average, seed 0", "average, seed 1"]
    assert record == json.loads(output.read_text())
    assert record["runs"]["average"] == [run, {"stands for": "one"}]
    ((data, folder, config, measured),) = asked
    assert (data, folder) == (clips, tmp_path / "runs" / "average, 1") and len(measured) == 1
    assert config == dataclasses.replace(TINY_STUDY, seed=1, **changes)
    assert len(record["speed"]) == 4
    output.write_text(json.dumps({**record, "manifest": "another"}))
    with pytest.raises(InputError, match=r"other settings \(manifest\)"):
        run_study(clips, tmp_path / "runs", output, **options)
    output.write_text(json.dumps({name: value for name, value in record.items() if name != "manifest"}))
    assert "manifest" not in run_study(clips, tmp_path / "runs", output, seeds=2, **options)  # a record of before
    with pytest.raises(InputError, match=r"other settings \(frames\)"):
        run_study(clips, tmp_path / "runs", output, **{**options, "frames": 5})


def test_clips_must_be_long_enough(clips: Path, tmp_path: Path):
    with pytest.raises(InputError, match="none of 1 clips has 7 frames"):
        run_study(clips, tmp_path / "runs", tmp_path / "study.json", frames=7)
