import json

import pytest

from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.training.run_folder import claimed_run, read_rows, write_history


def test_a_folder_is_one_run_s(tmp_path):
    folder = tmp_path / "runs" / "first"
    with claimed_run(folder, {"sides": (96, 128), "seed": 0}):
        assert json.loads((folder / "config.json").read_text()) == {"sides": [96, 128], "seed": 0}
    with claimed_run(folder, {"sides": (96, 128), "seed": 0}):
        pass
    with (
        pytest.raises(InputError, match="first: holds a run with other parameters or data: name another"),
        claimed_run(folder, {"sides": (96, 128), "seed": 1}),
    ):
        pass
    assert [path.name for path in folder.iterdir()] == ["config.json"]


def test_two_starts_do_not_work_in_one_folder(tmp_path):
    with (
        claimed_run(tmp_path, {}),
        pytest.raises(OutputError, match=f"{tmp_path.name}: another run is at work there"),
        claimed_run(tmp_path, {}),
    ):
        pass


def test_what_a_killed_start_was_writing_is_removed_and_the_rest_stays(tmp_path):
    (tmp_path / "backup").mkdir()
    kept = tmp_path / "backup" / "epoch-00001.h5"
    leftovers = tmp_path / ".checkpoint.part-77.pt", tmp_path / "backup" / ".epoch-00002.part-77.h5"
    for path in (kept, *leftovers):
        path.touch()
    with claimed_run(tmp_path, {}, inner=("backup",)):
        assert kept.exists() and not any(path.exists() for path in leftovers)


def test_what_a_run_further_below_is_writing_stays(tmp_path):
    with claimed_run(tmp_path / "inner", {}):
        writing = tmp_path / "inner" / ".checkpoint.part-77.pt"
        writing.touch()
        with claimed_run(tmp_path, {}, inner=("backup", "views/*")):
            assert writing.exists()


def test_a_row_of_the_history_replaces_the_one_of_its_place(tmp_path):
    path = tmp_path / "history.csv"
    assert read_rows(path) == []
    for stage, step, score in (("meaning", 5, 0.5), ("decoder", 5, 0.4), ("meaning", 5, 0.3)):
        write_history(path, {"stage": stage, "step": step}, {"score": score})
    assert path.read_text().splitlines() == ["stage,step,score", "decoder,5,0.4", "meaning,5,0.3"]
    assert read_rows(path)[0] == {"stage": "decoder", "step": "5", "score": "0.4"}
