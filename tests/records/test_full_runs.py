from __future__ import annotations

from pathlib import Path

import pytest

from records.quality.full_runs import check_full_record, record_full_runs
from tests.helpers.clips import prepare_rendered
from tests.helpers.eager import without_graphs
from tests.helpers.runs import TINY_STUDY
from vidcolor_utils.course.runs import kept_clip
from vidcolor_utils.course.training import train_report_model
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.files import iter_rgb


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=6)


@without_graphs()
def test_full_runs_are_measured_and_kept_to_be_shown(clips: Path, tmp_path: Path):
    train_report_model(clips, tmp_path / "runs" / "one", TINY_STUDY, scored=(), verbose=0)
    (shown,) = ClipStore(clips).names("dev")
    record = record_full_runs(clips, tmp_path / "runs", tmp_path / "out", frames=4, shown=[shown])
    assert list(record["runs"]) == ["AlexNet, beta 0.8"]
    assert set(record["runs"]["AlexNet, beta 0.8"]) >= {"history", "scale", "dev", "test"}
    for row in ("true", "baseline", "AlexNet, beta 0.8"):
        assert len(list(iter_rgb(kept_clip(tmp_path / "out", shown, row)))) == 4
    network = kept_clip(tmp_path / "out", shown, "AlexNet, beta 0.8")
    network.unlink()
    assert record_full_runs(clips, tmp_path / "runs", tmp_path / "out", frames=4, shown=[shown]) == record
    assert not network.exists(), "measured again"
    with pytest.raises(InputError, match=r"other settings \(shown\)"):
        record_full_runs(clips, tmp_path / "runs", tmp_path / "out", frames=4)
    check_full_record(clips, tmp_path / "out", frames=4, shown=[shown])
    with pytest.raises(InputError, match=r"other settings \(shown\)"):
        check_full_record(clips, tmp_path / "out", frames=4)
    with pytest.raises(InputError, match="has no clip named nobody"):
        check_full_record(clips, tmp_path / "elsewhere", frames=4, shown=["nobody"])
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(InputError, match="make train-full"):
        record_full_runs(clips, tmp_path / "nothing", tmp_path / "out")
