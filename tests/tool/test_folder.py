"""Folders: what is done, passed over, tried again."""

import io
import json
import os
import signal
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from tests.helpers.command import run_vidcolor
from tests.helpers.films import decoded, moving_disc
from vidcolor_utils.cli.screen import folder_table
from vidcolor_utils.colorizers import reference
from vidcolor_utils.film import director
from vidcolor_utils.film.look import Reference
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.spread import spread_over
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.folder import REPORT, Result, colorize_folder, find_jobs
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.times import Span


class Plain:
    """One colour, whatever the frame."""

    def predict_ab(self, lumas):
        return np.full((len(lumas), 12, 16, 2), 20, np.float32)

    def fingerprint(self):
        return {"plain": 20}


@pytest.fixture
def folder(make_video, tmp_path, monkeypatch):
    """Two films and a photograph in two folders, and a file that is none of them."""
    plain = Plain()
    monkeypatch.setattr("vidcolor_utils.tool.folder.shared_colorizer", lambda *_: plain)
    films = tmp_path / "films"
    (films / "old").mkdir(parents=True)
    make_video("a.mp4").rename(films / "a.mp4")
    make_video("b.avi", codec="mpeg4").rename(films / "old" / "b.avi")
    Image.new("L", (40, 30), 99).save(films / "photo.png")
    (films / "notes.txt").write_text("no film")
    return films


def states(results):
    return {result.name: result.state for result in results}


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


class Counted(Plain):
    """Counts how many frames are predicted at the same time, and waits for a second one."""

    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        self.second = threading.Event()

    def predict_ab(self, lumas):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == 2:
                self.second.set()
        self.second.wait(1)
        with self.lock:
            self.now -= 1
        return super().predict_ab(lumas)


@pytest.mark.parametrize(("method", "most"), [("frame", 2), ("zhang", 1)])
def test_two_photographs_are_coloured_at_a_time(tmp_path, monkeypatch, method, most):
    counted = Counted()
    monkeypatch.setattr("vidcolor_utils.tool.folder.shared_colorizer", lambda *_: counted)
    (tmp_path / "photos").mkdir()
    for number in range(4):
        Image.new("L", (40, 30), 50 + number).save(tmp_path / "photos" / f"{number}.png")
    if most == 1:
        counted.second.set()
    results = colorize_folder(tmp_path / "photos", tmp_path / "out", method=method)
    assert counted.most == most
    assert states(results) == {f"{number}.png": "done" for number in range(4)}
    for number in range(4):  # each its own luma
        assert (
            abs(np.asarray(Image.open(tmp_path / "out" / f"{number}.png").convert("L")).mean() - 50 - number) < 0.6
        )


def test_large_photographs_are_coloured_one_at_a_time(tmp_path, monkeypatch):
    counted = Counted()
    monkeypatch.setattr("vidcolor_utils.tool.folder.shared_colorizer", lambda *_: counted)
    monkeypatch.setattr("vidcolor_utils.tool.folder.LARGE", 40 * 30)
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.new("L", (40, 30), 50 + number).save(tmp_path / "photos" / f"{number}.png")
    counted.second.set()
    colorize_folder(tmp_path / "photos", tmp_path / "out", method="frame")
    assert counted.most == 1


def test_outputs_of_one_name_are_kept_apart(tmp_path):
    for name in ("film.avi", "film.mpg", "film.mkv"):
        (tmp_path / name).write_bytes(b"x")
    outputs = [job.output.name for job in find_jobs(tmp_path, tmp_path / "out", Encoding())]
    assert outputs == ["film.avi.mkv", "film.mkv", "film.mpg.mkv"]


def test_no_output_takes_the_name_of_another(tmp_path):
    for name in ("a.avi", "a.avi.mkv", "a.mpg", "b.avi", "b.mkv"):
        (tmp_path / name).write_bytes(b"x")
    outputs = [job.output.name for job in find_jobs(tmp_path, tmp_path / "out", Encoding())]
    assert outputs == ["a.avi.mkv.mkv", "a.avi.mkv", "a.mpg.mkv", "b.avi.mkv", "b.mkv"]


def test_a_source_that_goes_away_costs_no_other(folder, tmp_path):
    out = tmp_path / "out"

    def remove(name):
        if name == "a.mp4":
            (folder / "a.mp4").unlink()
            (folder / "old" / "b.avi").unlink()
        return lambda done, total: None

    found = states(colorize_folder(folder, out, progress=remove))
    assert found["old/b.avi"] == "failed" and found["photo.png"] == "done"


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


def test_a_photograph_that_guides_is_read_once_and_colours_as_for_each_file_by_itself(
    folder, tmp_path, monkeypatch
):
    """Two films look at it plain and mirrored, two photographs closely: three times in all."""
    disc = Image.fromarray(moving_disc(1, 48, 64)[0])
    disc.save(tmp_path / "guide.png")
    disc.convert("L").save(folder / "disc.png")
    options = {"references": (Reference(tmp_path / "guide.png"),)}
    read, looked_at = [], []
    with monkeypatch.context() as counting:
        counting.setattr(director, "read_image", lambda path: (read.append(path), read_image(path))[1])
        points_of = reference._points_of
        counting.setattr(
            reference, "_points_of", lambda *given: (looked_at.append(given[0]), points_of(*given))[1]
        )
        results = colorize_folder(folder, tmp_path / "out", **options)
    assert read == [str(tmp_path / "guide.png")] and len(looked_at) == 3
    assert set(states(results).values()) == {"done"} and len(results) == 4
    for result in results:
        alone, together = tmp_path / f"alone{Path(result.output).suffix}", Path(result.output)
        colorize_file(folder / result.name, alone, Plain(), **options)
        assert all(map(np.array_equal, iter_rgb(alone), iter_rgb(together)))
    assert np.ptp(np.asarray(Image.open(tmp_path / "out" / "disc.png"))[24, 32].astype(int)) > 60


def test_a_part_is_of_films_only(folder, tmp_path):
    results = colorize_folder(folder, tmp_path / "out", span=Span(0.0, 0.1))
    assert set(states(results).values()) == {"done"}
    assert {result.name: result.frames for result in results} == {"a.mp4": 3, "old/b.avi": 3, "photo.png": 1}


def test_what_only_films_can_have_passes_photographs_by(folder, tmp_path):
    Image.new("RGB", (32, 24), "teal").save(tmp_path / "photo.png")
    guides = (Reference(tmp_path / "photo.png", 0.0),)
    results = colorize_folder(folder, tmp_path / "out", restore_luma=True, references=guides)
    assert set(states(results).values()) == {"done"}


def test_settings_that_do_not_go_together_are_told_before_any_file_is_touched(folder, tmp_path):
    for encoding in (Encoding("hevc"), Encoding(crf=99)):
        with pytest.raises(InputError):
            colorize_folder(folder, tmp_path / "out", encoding=encoding)
    assert not (tmp_path / "out").exists()


def test_the_output_folder_is_found_by_any_path(folder, monkeypatch):
    colorize_folder(folder, folder / "color")
    monkeypatch.chdir(folder)
    assert len(find_jobs(folder, Path("color"), Encoding())) == 3


def test_the_input_folder_may_lie_in_the_output_folder(folder, tmp_path):
    results = colorize_folder(folder, tmp_path)
    assert all(result.state == "done" for result in results)


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path, caplog):
    inside, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    for each in (inside, elsewhere):
        each.mkdir()
    Image.new("L", (32, 24), 90).save(elsewhere / "a.png")
    (inside / "1950s").symlink_to(elsewhere)
    (elsewhere / "round").symlink_to(inside)
    (inside / "lost.png").symlink_to(tmp_path / "gone.png")
    assert [job.name for job in find_jobs(inside, tmp_path / "out", Encoding())] == ["1950s/a.png"]
    assert "lost.png: passed over: leads nowhere" in caplog.text


def test_no_file_that_is_to_be_coloured_is_replaced(tmp_path):
    (tmp_path / "in" / "in").mkdir(parents=True)
    for name in ("a.png", "in/a.png"):
        Image.new("L", (32, 24), 90).save(tmp_path / "in" / name)
    with pytest.raises(InputError, match=r"in/a\.png: is to be coloured, and would be replaced"):
        find_jobs(tmp_path / "in", tmp_path, Encoding())


def test_names_are_shown_as_they_are():
    table = folder_table([Result("[red] house [/b].jpg", "out", "done")])
    console = Console(file=io.StringIO(), width=99)
    console.print(table)
    assert "[red] house [/b].jpg" in console.file.getvalue()


def test_folders_that_cannot_be_done(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        find_jobs(tmp_path / "none", tmp_path / "out", Encoding())
    with pytest.raises(InputError, match="no video"):
        find_jobs(tmp_path, tmp_path / "out", Encoding())
    with pytest.raises(InputError, match="same folder"):
        find_jobs(tmp_path, tmp_path, Encoding())


def test_the_output_folder_may_lie_in_the_input(folder):
    colorize_folder(folder, folder / "color")
    assert set(states(colorize_folder(folder, folder / "color")).values()) == {"there already"}


def kill_a_worker(cluster, output, killed):
    """Kill a worker of a cluster as soon as a segment of `output` is finished."""
    deadline = time.monotonic() + 300
    while not list(work_folder_path(output).glob("[0-9]*.json")):
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)
    nanny = next(iter(cluster.workers.values()))
    while nanny.status.name != "running":  # who is still starting a worker takes its death for a failed start
        time.sleep(0.01)
    os.kill(nanny.pid, signal.SIGKILL)
    killed.append(nanny.pid)


def test_a_killed_worker_costs_only_its_segment(make_video, tmp_path):
    distributed = pytest.importorskip("distributed")
    films, options = tmp_path / "films", {"segment_s": 1.0, "every": 12}
    films.mkdir()
    make_video(frames=100).rename(films / "a.mp4")
    colorize_folder(films, tmp_path / "alone", **options)
    killed = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        spread_over(cluster.scheduler_address) as spread,
    ):
        killer = threading.Thread(target=kill_a_worker, args=(cluster, tmp_path / "out" / "a.mp4", killed))
        killer.start()
        (result,) = colorize_folder(films, tmp_path / "out", spread=spread, **options)
        killer.join()
    assert killed and result.state == "done"
    np.testing.assert_array_equal(decoded(tmp_path / "out" / "a.mp4"), decoded(tmp_path / "alone" / "a.mp4"))


def test_command_line(folder, tmp_path):
    (folder / "broken.mp4").write_bytes(b"no film at all")
    result = run_vidcolor("colorize", folder, "-o", tmp_path / "out")
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "broken.mp4: failed" in result.stderr and "1 of 4 files failed" in result.stderr
    assert "3 done, 1 failed" in result.stdout
    os.remove(folder / "broken.mp4")
    result = run_vidcolor("colorize", folder, "-o", tmp_path / "out")
    assert result.returncode == 0 and "3 there already" in result.stdout
    with av.open(str(tmp_path / "out" / "a.mp4")) as container:
        assert len(list(container.decode(video=0))) == 6
