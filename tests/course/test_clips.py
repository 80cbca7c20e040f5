import ast
import json
import os

import pytest

from tests.helpers.clips import contents, sepia
from tests.helpers.command import REPOSITORY
from vidcolor_utils.course import clips
from vidcolor_utils.course.clips import open_clips
from vidcolor_utils.pairs import prepare, sources
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import hold


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """A folder to run notebooks in, and a default set of three clips of four frames."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setattr(clips, "CLIPS", 3)
    monkeypatch.setattr(clips, "FRAMES", 4)
    return tmp_path


def test_the_first_chapter_prepares_the_default_clips_and_says_so(notebooks, capsys):
    store = open_clips("../out/course/clips")
    assert "No clips are prepared yet" in capsys.readouterr().out
    assert len(store.manifest["clips"]) == 3 and store.manifest["settings"]["seed"] == clips.SEED
    before = contents(notebooks)
    assert open_clips("../out/course/clips").manifest == store.manifest
    assert capsys.readouterr().out == "" and contents(notebooks) == before


@pytest.fixture
def another(notebooks, monkeypatch):
    """Begins another notebook's preparation; it ends, without clips, while this one waits."""

    def begin():
        (notebooks / "out/course/clips").mkdir(parents=True)
        held = hold(notebooks / "out/course/clips" / prepare.LOCK)
        monkeypatch.setattr(clips.time, "sleep", lambda seconds: held.close())

    return begin


@pytest.mark.skipif(os.name == "nt", reason="no such locks")
def test_a_second_notebook_waits_for_the_first(another, capsys):
    another()
    assert len(open_clips("../out/course/clips").manifest["clips"]) == 3
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Another notebook is preparing the clips: this one waits for them."
    assert second.startswith("No clips are prepared yet")


@pytest.mark.skipif(os.name == "nt", reason="no such locks")
def test_one_that_comes_late_to_the_lock_waits_as_well(another, notebooks, capsys, monkeypatch):
    """Both have seen that there are no clips, and listed films; then the other one takes the lock."""
    find = clips.find_clips

    def find_slowly(**wanted):
        found = find(**wanted)
        another()
        return found

    monkeypatch.setattr(clips, "find_clips", find_slowly)
    assert len(open_clips("../out/course/clips").manifest["clips"]) == 3
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert not (notebooks / "out/course/clips" / prepare.LOCK).exists()


def test_what_another_one_prepared_meanwhile_is_taken_as_it_is(notebooks, monkeypatch):
    """The chapter on preparation has parameters, so it may have made other clips."""
    find = clips.find_clips

    def find_slowly(**wanted):
        others = find(count=2, frames=4, seed=1)
        prepare.prepare_clips(others, clips.DEFAULT_DIR, baseline=sepia, baseline_name="sepia")
        return find(**wanted)

    monkeypatch.setattr(clips, "find_clips", find_slowly)
    assert open_clips("../out/course/clips").manifest["settings"]["baseline"] == "sepia"


def test_splits_that_a_chapter_asks_for_hold_clips(notebooks, monkeypatch):
    monkeypatch.setattr(clips, "CLIPS", 2)
    assert open_clips("../out/course/clips").names("train")
    with pytest.raises(InputError, match="too few clips"):
        open_clips("../out/course/clips", "dev")


def test_a_folder_that_was_named_must_have_clips(notebooks):
    with pytest.raises(InputError, match="prepare the clips first"):
        open_clips("../clips")
    assert not (notebooks / "clips").exists()


def test_the_default_set_is_that_of_the_first_chapter():
    """Or else the chapters would see other clips after 00 than before it."""
    cells = json.loads((REPOSITORY / "notebooks" / "00_data_prep.ipynb").read_text())["cells"]
    (text,) = ("".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", []))
    chosen = {line.target.id: ast.literal_eval(line.value) for line in ast.parse(text).body}
    assert (chosen["clips"], chosen["frames"], chosen["seed"]) == (clips.CLIPS, clips.FRAMES, clips.SEED)
    assert (chosen["baseline"], chosen["data_dir"]) == (clips.BASELINE, str(clips.DEFAULT_DIR))
    assert chosen["fps"] == sources.FPS and chosen["centre_crop"] and prepare.CROP
    assert not chosen["videos"] and not chosen["photos"]
