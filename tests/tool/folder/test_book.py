"""What stands in a folder's report: done, changed, failed, interrupted."""

import json
import os

import pytest
from PIL import Image

from tests.helpers.folders import states
from vidcolor_utils.film.look import Reference
from vidcolor_utils.tool.folder.book import BY_HAND
from vidcolor_utils.tool.folder.colorize import colorize_folder
from vidcolor_utils.tool.folder.jobs import REPORT


def test_a_folder_is_done_once(folder, tmp_path):
    out = tmp_path / "out"
    first = colorize_folder(folder, out)
    assert states(first) == dict.fromkeys(["a.mp4", "old/b.avi", "photo.png"], "done")
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == [
        "a.mp4",
        "old/b.mkv",
        "photo.png",
        REPORT,
    ]
    second = colorize_folder(folder, out)
    assert set(states(second).values()) == {"there already"} and [r.frames for r in second] == [6, 6, 1]


def test_what_changed_or_is_lost_is_done_again(folder, make_video, tmp_path):
    out = tmp_path / "out"
    colorize_folder(folder, out)
    (out / "old" / "b.mkv").unlink()
    make_video("new.mp4", frames=4).replace(folder / "a.mp4")
    assert states(colorize_folder(folder, out)) == {
        "a.mp4": "done",
        "old/b.avi": "done",
        "photo.png": "there already",
    }
    assert set(states(colorize_folder(folder, out, strength=0.5)).values()) == {"done"}


def test_failures_are_listed_and_tried_again(folder, make_video, tmp_path):
    out = tmp_path / "out"
    good = (folder / "a.mp4").read_bytes()
    (folder / "a.mp4").write_bytes(b"no film at all")
    results = colorize_folder(folder, out)
    assert states(results) == {"a.mp4": "failed", "old/b.avi": "done", "photo.png": "done"}
    assert "not a video" in results[0].error
    report = json.loads((out / REPORT).read_text())
    assert report["summary"] == {"files": 3, "done": 2, "there already": 0, "failed": 1}
    assert report["files"]["a.mp4"]["error"] == results[0].error
    (folder / "a.mp4").write_bytes(good)
    assert states(colorize_folder(folder, out)) == {
        "a.mp4": "done",
        "old/b.avi": "there already",
        "photo.png": "there already",
    }


def test_an_interrupted_folder_goes_on(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def interrupt(name):
        def progress(done, total):
            if name == "photo.png":
                raise KeyboardInterrupt

        return progress

    with pytest.raises(KeyboardInterrupt):
        colorize_folder(folder, out, progress=interrupt)
    assert list(states(colorize_folder(folder, out)).values()) == ["there already", "there already", "done"]


def test_a_source_that_changes_while_it_is_coloured_is_done_again(folder, make_video, tmp_path):
    def change(name):
        if name == "a.mp4":
            make_video("new.mp4", frames=4).replace(folder / "a.mp4")
        return lambda done, total: None

    colorize_folder(folder, tmp_path / "out", progress=change)
    again = states(colorize_folder(folder, tmp_path / "out"))
    assert again == {"a.mp4": "done", "old/b.avi": "there already", "photo.png": "there already"}


def test_another_photograph_of_the_same_name_colours_anew(folder, tmp_path):
    photograph = tmp_path / "warm.png"
    Image.new("RGB", (40, 30), (200, 90, 60)).save(photograph)
    options = {"references": (Reference(photograph),)}
    colorize_folder(folder, tmp_path / "out", **options)
    assert set(states(colorize_folder(folder, tmp_path / "out", **options)).values()) == {"there already"}
    assert set(states(colorize_folder(folder, tmp_path / "out", device="cpu", **options)).values()) == {
        "there already"
    }
    Image.new("RGB", (40, 30), (60, 90, 200)).save(photograph)
    assert set(states(colorize_folder(folder, tmp_path / "out", **options)).values()) == {"done"}


def test_what_was_changed_by_hand_is_never_replaced(folder, tmp_path):
    out = tmp_path / "out"
    colorize_folder(folder, out)
    Image.new("RGB", (40, 30), (200, 90, 60)).rotate(3).save(out / "photo.png")
    by_hand, later = (out / "photo.png").read_bytes(), (out / REPORT).stat().st_mtime + 1
    os.utime(out / "photo.png", (later, later))
    for options in ({}, {}, {"saturation": 0.5}, {"saturation": 0.5}, {}):
        *_, photo = colorize_folder(folder, out, **options)
        assert photo.state == "there already" and (out / "photo.png").read_bytes() == by_hand
        assert photo.warnings == (f"{out / 'photo.png'}: {BY_HAND}",)
    (out / "photo.png").unlink()
    assert [(each.state, each.warnings) for each in colorize_folder(folder, out)][-1] == ("done", ())
