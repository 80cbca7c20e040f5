import json

import pytest

from tests.helpers.command import run_vidcolor
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.tool import demo
from vidcolor_utils.tool.demo import run_demo, write_gray
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader


def test_write_gray_is_gray(make_video, tmp_path):
    source = make_video(size=(48, 64))
    write_gray(source, tmp_path / "gray.mp4")
    for rgb in iter_rgb(tmp_path / "gray.mp4"):
        assert abs(rgb.astype(int) - rgb[..., :1]).max() <= 2
    with VideoReader(tmp_path / "gray.mp4") as gray, VideoReader(source) as true:
        for ours, theirs in zip(gray.luma_frames(), true.luma_frames(), strict=True):
            assert abs(ours.luma.astype(int) - theirs.luma).mean() < 1.5


def test_films_of_somebody_else_are_not_replaced(tmp_path):
    (tmp_path / "color.mp4").write_text("mine")
    with pytest.raises(InputError, match=r"color\.mp4: is there, and no demo's scores"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["color.mp4"]


def test_what_a_demo_cannot_be_is_said(tmp_path):
    with pytest.raises(InputError, match="no clip hike: there are"):
        run_demo(tmp_path, clip="hike")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        run_demo(tmp_path / "file")


def test_run_demo_writes_everything(make_video, tmp_path, monkeypatch):
    source = make_video(frames=10, size=(64, 96))
    monkeypatch.setattr(demo, "builtin_clip", lambda name: source)
    scores = run_demo(tmp_path / "demo")
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert written == {"gray.mp4", "color.mp4", "side_by_side.mp4", "strip.png", "moving.webp", "scores.json"}
    assert json.loads((tmp_path / "demo" / "scores.json").read_text()) == scores
    assert scores["frames"] == 10 and scores["rows"]["gray"]["colorfulness"] < 1
    for name in ("color.mp4", "side_by_side.mp4"):
        info = video_info(tmp_path / "demo" / name)
        assert (info.codec, info.pixel_format, info.frames) == ("h264", "yuv420p", 10)


def test_what_is_shown_and_scored_is_small_and_only_the_start_is_scored(make_video, tmp_path, monkeypatch):
    source = make_video(frames=4, size=(36, 64))
    monkeypatch.setattr(demo, "PANEL_WIDTH", 32)
    monkeypatch.setattr(demo, "SCORED_FRAMES", 3)
    assert [frame.shape for frame in demo.panels(source)] == [(18, 32, 3)] * 4
    assert demo.score_start([source] * 3)["frames"] == 3


def test_demo_help():
    assert "--clip" in run_vidcolor("demo", "--help").stdout
