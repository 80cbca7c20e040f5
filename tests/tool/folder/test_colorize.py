"""Folders of films and photographs, coloured whole."""

import io
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

from tests.helpers.clusters import cluster_of
from tests.helpers.command import run_vidcolor
from tests.helpers.films import decoded, moving_disc
from tests.helpers.folders import Plain, states
from vidcolor_utils.cli.screen import folder_table
from vidcolor_utils.colorizers import reference
from vidcolor_utils.film import director
from vidcolor_utils.film.look import Reference
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.spread import Spread, spread_over
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.folder.book import Result
from vidcolor_utils.tool.folder.colorize import colorize_folder
from vidcolor_utils.tool.folder.jobs import find_jobs
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.times import Span


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
    monkeypatch.setattr("vidcolor_utils.tool.folder.colorize.shared_colorizer", lambda *_: counted)
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
    monkeypatch.setattr("vidcolor_utils.tool.folder.colorize.shared_colorizer", lambda *_: counted)
    monkeypatch.setattr("vidcolor_utils.tool.folder.colorize.LARGE", 40 * 30)
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.new("L", (40, 30), 50 + number).save(tmp_path / "photos" / f"{number}.png")
    counted.second.set()
    colorize_folder(tmp_path / "photos", tmp_path / "out", method="frame")
    assert counted.most == 1


class InBatches(Spread):
    """Stands for other processes: notes what is handed out together."""

    is_local = False

    def __init__(self):
        self.batches = []

    def __call__(self, function, items):
        self.batches.append([job.name for job in items])
        return map(function, items)


class Deadly(InBatches):
    """Stands for processes that a file takes down."""

    def __call__(self, function, items):
        return (self._lost(job) if job.name == "a.mp4" else function(job) for job in items)


def test_a_file_that_takes_processes_down_costs_no_other(folder, tmp_path):
    results = colorize_folder(folder, tmp_path / "out", spread=Deadly())
    assert states(results) == {"a.mp4": "failed", "old/b.avi": "done", "photo.png": "done"}
    assert (
        results[0].error
        == f"{folder / 'a.mp4'}: took several processes down: there may be too little memory for it"
    )


def test_large_photographs_are_handed_to_other_processes_one_at_a_time(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("vidcolor_utils.tool.folder.colorize.LARGE", 50 * 40)
    for name in ("large_1.png", "large_2.png"):
        Image.new("L", (50, 40), 99).save(folder / name)
    results = colorize_folder(folder, tmp_path / "out", spread=(spread := InBatches()))
    assert spread.batches == [["a.mp4", "old/b.avi", "photo.png"], ["large_1.png"], ["large_2.png"]]
    assert set(states(results).values()) == {"done"} and len(results) == 5


def test_a_source_that_goes_away_costs_no_other(folder, tmp_path):
    out = tmp_path / "out"

    def remove(name):
        if name == "a.mp4":
            (folder / "a.mp4").unlink()
            (folder / "old" / "b.avi").unlink()
        return lambda done, total: None

    found = states(colorize_folder(folder, out, progress=remove))
    assert found["old/b.avi"] == "failed" and found["photo.png"] == "done"


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
    of_films = {"restore_luma": True, "strength": 0.5, "every": 2, "offline": True, "skip_colored": True}
    results = colorize_folder(folder, tmp_path / "out", references=guides, segment_s=9.0, **of_films)
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
    assert list(states(results).values()) == ["done"] * 3


def test_names_are_shown_as_they_are():
    table = folder_table([Result("[red] house [/b].jpg", "out", "done")])
    console = Console(file=io.StringIO(), width=99)
    console.print(table)
    assert "[red] house [/b].jpg" in console.file.getvalue()


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
    films, options = tmp_path / "films", {"segment_s": 1.0, "every": 12}
    films.mkdir()
    make_video(frames=100).rename(films / "a.mp4")
    colorize_folder(films, tmp_path / "alone", **options)
    killed = []
    with (
        cluster_of(2) as cluster,
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


def test_a_gray_photograph_is_told_once_before_any_file_is_touched(folder, tmp_path):
    Image.new("L", (40, 30), 90).save(tmp_path / "gray.png")
    for name, error in (("gray.png", InputError), ("none.png", FileNotFoundError)):
        with pytest.raises(error, match=name):
            colorize_folder(folder, tmp_path / "out", references=(Reference(tmp_path / name),))
    assert not (tmp_path / "out").exists()
