import dataclasses
import json

import pytest

from records.quality import first_run
from tests.helpers.clips import prepare_rendered
from tests.helpers.eager import without_graphs
from tests.helpers.runs import TINY


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return prepare_rendered(tmp_path_factory, frames=6)


@without_graphs()
def test_runs_of_every_seed_are_kept_with_the_pictures_of_the_first(clips, tmp_path, monkeypatch):
    """The first is trained; that of the second seed is told as if it had been, into a folder of its own."""
    train, folders = first_run.train_report_model, []

    def train_first(data, folder, config, **options):
        folders.append(folder.name)
        if config.seed:
            told = json.loads((folder.with_name("alexnet-0") / "run.json").read_text())
            return told | {"config": dataclasses.asdict(config)}
        return train(data, folder, config, **options)

    monkeypatch.setattr(first_run, "train_report_model", train_first)
    tiny = {"alexnet": dataclasses.replace(TINY, epochs=1, sample_every=1)}
    said = []
    found = first_run.record_first_runs(
        clips, tmp_path / "runs", tmp_path / "out", networks=tiny, seeds=2, say=said.append
    )
    assert [run["config"]["seed"] for run in found["alexnet"]] == [0, 1]
    assert folders == ["alexnet-0", "alexnet-1"]
    assert len(said) == 2 and all("dev" in line for line in said)
    kept = tmp_path / "out" / "alexnet"
    assert json.loads((kept / "runs.json").read_text()) == {"runs": found["alexnet"]}
    assert [path.name for path in kept.glob("*.png")]
