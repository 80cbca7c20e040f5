import os
import re

import pytest

from tests.helpers.command import run_vidcolor
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.tool import plan
from vidcolor_utils.tool.plan import plan_file
from vidcolor_utils.video.times import Span


def test_a_plan_counts_frames_and_segments_and_writes_nothing(make_video, tmp_path, monkeypatch):
    source = make_video(frames=75, sound="aac")
    facts = plan_file(source, tmp_path / "out.mp4", segment_s=1.0, every=8)
    assert (facts["frames"], facts["segments"], facts["kept"]) == (75, 3, "aac")
    assert re.fullmatch(r"about \d+:\d\d", facts["time"]) and "trial of 50 frames" in facts["speed"]
    monkeypatch.setattr(plan, "TRIAL_S", 0.1)
    assert plan_file(source, tmp_path / "out.mp4", span=Span(1.0, 2.0), every=8)["frames"] == 25
    assert plan_file(source, tmp_path / "out.mp4", segment_s=1e-308, every=8)["segments"] == 75  # a frame each
    assert os.listdir(tmp_path) == [source.name]


def test_what_would_fail_fails_in_the_plan(make_video, tmp_path):
    with pytest.raises(InputError, match=r"\.webm cannot hold"):
        plan_file(make_video(), tmp_path / "out.webm")
    with pytest.raises(InputError, match="input and output are the same file"):
        plan_file(make_video(), make_video())
    with pytest.raises(OutputError, match="no such folder"):
        plan_file(make_video(), tmp_path / "none" / "out.mp4")


def test_a_plan_says_how_many_processes_there_will_be(make_video, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "workers_for", lambda *_, **__: 3)
    assert plan_file(make_video(), tmp_path / "out.mp4")["processes"].startswith("3 will work on it")


def test_command_line(make_video, tmp_path):
    source = make_video()
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4", "--dry-run", "--start", "0:00.04")
    assert result.returncode == 0 and "frames        5" in result.stdout and not (tmp_path / "out.mp4").exists()
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4", "--start", "2", "--end", "1")
    assert result.returncode == 2 and "later than" in result.stderr
