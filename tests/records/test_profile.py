"""The profile of a tiny film; what it shows is left to `make profile`."""

import io

import pytest
from rich.console import Console

from records.speed.profile import BESIDE, STAGES, WAIT, Stages, measuring, profile_film, profile_table
from vidcolor_utils.video.writer import VideoWriter


def test_every_stage_of_a_film_is_measured_and_none_twice():
    film = profile_film((64, 96), 6)
    assert set(film["stages"]) == {name for name, *_ in STAGES} | {"read", WAIT, BESIDE}
    assert sum(stage["work"] for stage in film["stages"].values()) == pytest.approx(film["work"])
    assert all(stage["work"] > 0 for name, stage in film["stages"].items() if name != BESIDE)
    console = Console(width=120, file=io.StringIO())
    console.print(profile_table({"machine": "abacus", "films": {"tiny": film}}))
    assert "abacus" in console.file.getvalue() and f"{film['work']:.1f} ms of work" in console.file.getvalue()


def test_a_stage_within_another_one_counts_once_and_sleep_is_no_work():
    times = iter([(0.0, 0.0), (1.0, 1.0), (9.0, 1.5), (11.0, 3.5)])  # passed, computed
    stages = Stages(lambda: next(times))
    with stages.stage("outer"), stages.stage("inner"):
        pass
    assert stages.taken == {"inner": [8.0, 0.5], "outer": [3.0, 3.0]}


def test_nothing_stays_wrapped():
    before = VideoWriter.write_planes
    with measuring():
        assert VideoWriter.write_planes is not before
    assert VideoWriter.write_planes is before
