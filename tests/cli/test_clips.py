import json

import pytest

from tests.helpers.command import fails_in_one_line, run_vidcolor
from vidcolor_utils.pairs.store import ClipStore


def test_prepare_makes_clips_of_a_folder_and_counts_them(make_video, tmp_path):
    (tmp_path / "videos").mkdir()
    make_video("videos/a.mp4", frames=4, size=(160, 200))
    made = run_vidcolor("prepare", "--videos", tmp_path / "videos", "-o", tmp_path / "clips", "--frames", 3)
    assert (made.returncode, made.stderr) == (0, "")
    manifest = json.loads((tmp_path / "clips" / "manifest.json").read_text())
    assert manifest["counts"]["clips"] == 1 and "1 clips" in made.stdout
    (name,) = manifest["clips"]
    assert ClipStore(tmp_path / "clips").read(name).true.shape[0] == 3


def test_several_processes_prepare_what_one_does(make_video, tmp_path):
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        make_video(f"videos/{name}.mp4", frames=4, size=(160, 200))
    manifests = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        options = ["--videos", tmp_path / "videos", "-o", folder, "--frames", 3, "--workers", workers]
        made = run_vidcolor("prepare", *options)
        assert (made.returncode, made.stderr) == (0, "")
        manifests.append((folder / "manifest.json").read_bytes())
    assert manifests[0] == manifests[1]


def test_a_folder_without_videos_is_one_line(tmp_path):
    (tmp_path / "videos").mkdir()
    made = run_vidcolor("prepare", "--videos", tmp_path / "videos", "-o", tmp_path / "clips")
    assert fails_in_one_line(made, 2) and not (tmp_path / "clips" / "manifest.json").exists()


@pytest.mark.parametrize(
    "option", [("--frames", 0), ("--fps", "nan"), ("--fps", 0), ("--seed", -1), ("--clips", -1)]
)
def test_numbers_that_there_cannot_be_are_refused(tmp_path, option):
    assert fails_in_one_line(run_vidcolor("prepare", "-o", tmp_path / "clips", *option), 2)
