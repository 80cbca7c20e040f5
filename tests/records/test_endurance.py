import shutil
import subprocess
import sys

import numpy as np
import pytest

from records.strain import endurance
from tests.helpers.films import moving_disc
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.system.progress import silent, silent_steps
from vidcolor_utils.system.spread import HERE
from vidcolor_utils.tool.folder.book import Result


def copying(seconds):
    """A command that takes so long, and then copies its first file to its second."""
    code = f"import shutil, sys, time; time.sleep({seconds}); shutil.copy(*sys.argv[1:])"
    return lambda source, output: [sys.executable, "-c", code, str(source), str(output)]


def test_a_command_is_killed_and_told_from_one_that_ends_and_one_that_fails():
    assert not endurance._runs_to_the_end([sys.executable, "-c", "import time; time.sleep(60)"], 0.05)
    assert endurance._runs_to_the_end([sys.executable, "-c", ""], 60)
    with pytest.raises(subprocess.CalledProcessError):
        endurance._runs_to_the_end([sys.executable, "-c", "raise SystemExit(3)"], 60)


def test_every_kill_is_recorded_and_the_last_run_goes_to_the_end(make_video, tmp_path, monkeypatch):
    film = make_video(sound="aac")
    monkeypatch.setattr(endurance, "KILLS", 2)
    monkeypatch.setattr(endurance, "_command", copying(0.2))
    record = endurance.kill_at_random(film, tmp_path, seed=1, progress=silent)
    assert len(record["kills"]) == 2 and record["runs_to_the_end"] >= 1 and record["frames"] == 6
    assert record["frames_identical"] and record["sound_identical"]


def test_other_frames_after_a_kill_are_found(make_video, tmp_path, monkeypatch):
    film, other = make_video(), make_video("other.mp4", frames=5)
    first = copying(0)(film, tmp_path / "whole.mp4")
    commands = iter([first])
    monkeypatch.setattr(endurance, "KILLS", 0)
    monkeypatch.setattr(
        endurance, "_command", lambda source, output: next(commands, None) or copying(0)(other, output)
    )
    record = endurance.kill_at_random(film, tmp_path, seed=0, progress=silent)
    assert not record["frames_identical"]


def test_frames_are_decoded_as_stored(make_video):
    frames = endurance.decoded_frames(make_video(frames=2, size=(48, 64)))
    assert frames.shape == (2, 72, 64) and frames.dtype == np.uint8
    luma = np.stack([luma_from_rgb(rgb) for rgb in moving_disc(2, 48, 64)])
    assert np.corrcoef(frames[:, :48].ravel(), luma.ravel())[0, 1] > 0.98


@pytest.fixture
def small(monkeypatch):
    """Few films, two processes."""
    for name, value in {
        "FILES": 3,
        "FILE_FRAMES": 26,
        "WORKERS": 2,
        "FILM_SIZE": (64, 96),
        "FILM_FRAMES": 5,
    }.items():
        monkeypatch.setattr(endurance, name, value)


def test_a_worker_is_killed_and_no_film_is_lost(tmp_path, monkeypatch, small):
    asked = []

    def kill(film, folder, *, seed, progress):
        asked.append((len(endurance.decoded_frames(film)), folder, seed))
        return {"frames": 5}

    monkeypatch.setattr(endurance, "kill_at_random", kill)
    record = endurance.run_endurance(tmp_path, seed=4, progress=silent_steps)
    assert asked == [(5, tmp_path, 4)] and record["kills"] == {"frames": 5} and record["machine"]
    assert record["workers"] == {"files": 3, "killed": 1, "done": 3, "identical": 3}


def test_films_that_are_lost_or_others_are_found(tmp_path, monkeypatch, small):
    def colorize(films, output, *, spread=HERE, segment_s):
        output.mkdir()
        for name in ("00.mp4", "01.mp4"):
            shutil.copy(films / ("02.mp4" if spread is not HERE and name == "01.mp4" else name), output / name)
        return [Result("00.mp4", "", "done"), Result("01.mp4", "", "done"), Result("02.mp4", "", "failed")]

    monkeypatch.setattr(endurance, "colorize_folder", colorize)
    monkeypatch.setattr(endurance, "_kill_after_first", lambda *_: None)
    found = endurance.lose_a_worker(tmp_path, progress=silent)
    assert found == {"files": 3, "killed": 0, "done": 2, "identical": 1}
