"""The profile of a tiny film; what it shows is left to `make profile`."""

import io
import time

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
    stages = Stages()
    with stages.stage("outer"), stages.stage("inner"):
        time.sleep(0.05)
    passed, computed = stages.taken["inner"]
    assert passed >= 0.05 and computed < 0.04 and stages.taken["outer"][0] < 0.04


def test_nothing_stays_wrapped():
    before = VideoWriter.write_planes
    with measuring():
        assert VideoWriter.write_planes is not before
    assert VideoWriter.write_planes is before
