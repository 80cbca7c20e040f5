"""One video by several processes: the same as by one, whoever makes its segments, and whoever dies."""

import itertools
import os
import signal
from functools import partial

import pytest
from PIL import Image

from tests.helpers.clusters import cluster_of
from tests.helpers.command import fails_in_one_line, run_vidcolor
from tests.helpers.elsewhere import Elsewhere
from tests.helpers.films import FRAMES, SEGMENT_S, Interrupted, crash_after, frame_times, packets_of
from vidcolor_utils.film import color_video as film_module
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.spread import HERE, Spread, spread_over
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.writer import VideoWriter


@pytest.fixture
def quick(colorizer, monkeypatch):
    """Have the network that is loaded already take the place of one that is loaded by name."""
    monkeypatch.setattr("vidcolor_utils.film.director.shared_colorizer", lambda *_: colorizer)


def starts(folder):
    """How often each segment was begun."""
    names = [path.name.split("-")[0] for path in folder.iterdir()]
    return {name: names.count(name) for name in sorted(names)}


def begin(function, folder, place):
    """Make a segment and leave a mark; the process that is first at the second one dies in the middle of it."""
    earlier = len(list(folder.glob(f"{place.segment}-*")))
    (folder / f"{place.segment}-{earlier}").touch()
    if place.segment == 1 and not earlier:
        VideoWriter.write_planes = die_at_frame(10, VideoWriter.write_planes)
    return function(place)


def die_at_frame(number, write_planes):
    """Make a `VideoWriter.write_planes` that kills its process; what it has written lies there."""
    count = itertools.count(1)

    def write(*arguments, **options):
        if next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        write_planes(*arguments, **options)

    return write


class Dying(Spread):
    """Another spread, whose process dies at the second segment, see `begin`."""

    is_local = False

    def __init__(self, spread, marks):
        self._spread, self._marks = spread, marks

    def __call__(self, function, items):
        return self._spread(partial(begin, function, self._marks), items)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("in.mp4", {}),
        ("in.mp4", {"offline": True, "restore_luma": True, "restore": True}),
        ("in.h264", {"strength": 0.0}),  # cannot be sought in
        ("in.mp4", {"encoding": Encoding("ffv1")}),
    ],
)
def test_the_same_packets_whoever_makes_them(make_video, quick, tmp_path, name, options):
    film = make_video(name, frames=FRAMES, options={"bf": "2"})
    segment_s = SEGMENT_S * 25 / float(video_info(film).rate)  # .h264 says no more than its unit of time
    alone = colorize_file(film, tmp_path / "alone.mkv", segment_s=segment_s, **options)
    seen = []
    together = colorize_file(
        film,
        tmp_path / "together.mkv",
        segment_s=segment_s,
        spread=Elsewhere(),
        progress=lambda done, total: seen.append(done),
        **options,
    )
    assert (together.frames, together.warnings) == (alone.frames, alone.warnings)
    assert seen[0] == 0 and len(seen) == 5 and seen[-1] == alone.frames
    assert packets_of(tmp_path / "together.mkv", "video") == packets_of(tmp_path / "alone.mkv", "video")
    assert frame_times(tmp_path / "together.mkv") == frame_times(tmp_path / "alone.mkv")
    assert not work_folder_path(tmp_path / "together.mkv").exists()


def test_a_film_that_is_cut_short_has_the_same_warning(make_video, quick, tmp_path):
    film = make_video("in.mkv", frames=FRAMES)
    film.write_bytes(film.read_bytes()[: int(film.stat().st_size * 0.7)])
    alone, together = (
        colorize_file(film, tmp_path / f"{spread.is_local}.mkv", segment_s=SEGMENT_S, spread=spread)
        for spread in (HERE, Elsewhere())
    )
    assert together[1:] == alone[1:] and "cut short" in alone.warnings[0]


@pytest.mark.parametrize("spread", [HERE, Elsewhere()])
def test_finished_segments_are_kept_over_gaps(make_video, quick, tmp_path, monkeypatch, spread):
    film, out = make_video(frames=100), tmp_path / "out.mp4"
    colorize_file(film, tmp_path / "whole.mp4", segment_s=SEGMENT_S)
    with pytest.raises(Interrupted):
        colorize_file(film, out, segment_s=SEGMENT_S, progress=crash_after(85))
    for index in (0, 2):
        (work_folder_path(out) / f"{index:06}.json").unlink()

    def made():
        return {path.name: path.stat().st_mtime_ns for path in work_folder_path(out).glob("[0-9]*")}

    kept, join = {name: time for name, time in made().items() if name[5] in "13"}, film_module.join_segments

    def join_if_kept(*arguments, **options):
        assert len(made()) == 10 and kept.items() <= made().items()
        return join(*arguments, **options)

    monkeypatch.setattr(film_module, "join_segments", join_if_kept)
    colorize_file(film, out, segment_s=SEGMENT_S, spread=spread)
    assert len(kept) == 4
    assert packets_of(out, "video") == packets_of(tmp_path / "whole.mp4", "video")


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_a_killed_worker_costs_only_its_segment(make_video, tmp_path, codec):
    film, marks, out = make_video(frames=80, sound="aac"), tmp_path / "marks", tmp_path / "together.mkv"
    marks.mkdir()
    options = {"segment_s": SEGMENT_S, "every": 8, "encoding": Encoding(codec)}
    colorize_file(film, tmp_path / "alone.mkv", **options)
    with (
        cluster_of(2) as cluster,
        spread_over(cluster.scheduler_address) as spread,
    ):
        report = colorize_file(film, out, spread=Dying(spread, marks), **options)
    assert report.frames == 80 and starts(marks) == {"0": 1, "1": 2, "2": 1, "3": 1}
    assert packets_of(out, "video") == packets_of(tmp_path / "alone.mkv", "video")
    assert packets_of(out, "audio") == packets_of(film, "audio")
    assert not work_folder_path(out).exists()


def test_errors_of_other_processes_are_one_line(make_video, tmp_path):
    film = make_video()
    result = run_vidcolor("colorize", film, "-o", tmp_path / "out.mp4", "--start", "9", "--workers", "2")
    assert fails_in_one_line(result, 2) and "no frame between" in result.stderr
    assert os.listdir(tmp_path) == [film.name]


def test_what_cannot_be_shared_out_is_refused(make_video, colorizer, tmp_path):
    with pytest.raises(ValueError, match="cannot be sent"):
        colorize_file(make_video(), tmp_path / "out.mp4", colorizer, spread=Elsewhere())
    Image.new("L", (16, 16)).save(tmp_path / "in.png")
    with pytest.raises(InputError, match="still image"):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", spread=Elsewhere())
