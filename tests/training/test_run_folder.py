import json

import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.training.run_folder import claim_run


def test_a_folder_is_one_run_s(tmp_path):
    folder = tmp_path / "runs" / "first"
    claim_run(folder, {"sides": (96, 128), "seed": 0})
    assert json.loads((folder / "config.json").read_text()) == {"sides": [96, 128], "seed": 0}
    claim_run(folder, {"sides": (96, 128), "seed": 0})
    with pytest.raises(InputError, match="first: holds a run with other parameters or data: name another"):
        claim_run(folder, {"sides": (96, 128), "seed": 1})


def test_what_a_killed_start_was_writing_is_removed_and_the_rest_stays(tmp_path):
    (tmp_path / "backup").mkdir()
    kept, leftover = (tmp_path / "backup" / name for name in ("epoch-00001.h5", ".epoch-00002.part-77.h5"))
    for path in (kept, leftover):
        path.touch()
    claim_run(tmp_path, {})
    assert kept.exists() and not leftover.exists()
