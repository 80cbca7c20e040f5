"""Videos that are interrupted and go on."""

import itertools
import json
import logging
import os
import time

import av
import numpy as np
import pytest

from tests.helpers.command import run_vidcolor, start_vidcolor
from tests.helpers.films import (
    FRAMES,
    SEGMENT_S,
    Interrupted,
    crash_after,
    decoded,
    frame_times,
    moving_disc,
    packets_of,
    woven,
)
from tests.helpers.plain import SIZE
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span
from vidcolor_utils.video.writer import VideoWriter


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_segment_is_made_anew_when_the_command_is_repeated(make_video, colorizer, tmp_path, share):
    film, output = make_video(frames=FRAMES, sound="aac"), tmp_path / "out.mp4"
    options = {"segment_s": SEGMENT_S}
    with pytest.raises(Interrupted):
        colorize_file(film, output, colorizer, progress=crash_after(45), **options)
    first = min(work_folder_path(output).glob("*.nut"))
    size = first.stat().st_size
    first.write_bytes(first.read_bytes()[: round(size * share)].ljust(size, b"\0"))
    with pytest.raises(OutputError, match="repeat the command, which makes it anew"):
        colorize_file(film, output, colorizer, **options)
    assert colorize_file(film, output, colorizer, **options).frames == FRAMES
    assert len(frame_times(output)) == FRAMES


def count_frames(seen):
    return lambda done, total: seen.append(done)


@pytest.fixture
def film(make_video):
    return make_video(frames=FRAMES, sound="aac", options={"g": "12", "bf": "2"})


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", {}),
        (".mp4", {"offline": True}),
        (".mp4", {"strength": 0.0, "every": 3}),
        (".mkv", {"encoding": Encoding("ffv1")}),
    ],
)
def test_an_interrupted_film_goes_on_to_the_same_frames(film, colorizer, tmp_path, suffix, options):
    whole, cut, seen = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}", []
    colorize_file(film, whole, colorizer, segment_s=SEGMENT_S, **options)
    for crash in (5, 45, 65):
        with pytest.raises(Interrupted):
            colorize_file(film, cut, colorizer, segment_s=SEGMENT_S, progress=crash_after(crash), **options)
        assert not cut.exists() and work_folder_path(cut).exists() == (crash > 20)
    report = colorize_file(film, cut, colorizer, segment_s=SEGMENT_S, progress=count_frames(seen), **options)
    assert seen == list(range(61, FRAMES + 1)) and report.frames == FRAMES and report.warnings == ()
    np.testing.assert_array_equal(decoded(cut), decoded(whole))
    assert frame_times(cut) == frame_times(film) == frame_times(whole)
    assert packets_of(cut, "audio") == packets_of(film, "audio")
    assert sorted(os.listdir(tmp_path)) == sorted([film.name, cut.name, whole.name])


def test_pictures_are_kept_when_the_sound_is_wanted_in_another_way(film, colorizer, tmp_path):
    cut, seen = tmp_path / "cut.mp4", []
    with pytest.raises(Interrupted):
        colorize_file(film, cut, colorizer, segment_s=SEGMENT_S, progress=crash_after(45))
    encoding = Encoding(sound="none")
    colorize_file(film, cut, colorizer, segment_s=SEGMENT_S, encoding=encoding, progress=count_frames(seen))
    with av.open(str(cut)) as made:
        assert seen == list(range(41, FRAMES + 1)) and not made.streams.audio


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("in.h264", "libx264", {"bf": "2"}),
        ("in.avi", "mpeg4", {"bf": "2"}),
        ("in.mkv", "ffv1", {}),
        ("in.ts", "libx264", {}),
    ],
)
def test_sources_that_cannot_be_sought_in_go_on_too(make_video, colorizer, tmp_path, name, codec, options):
    source = make_video(name, frames=FRAMES, codec=codec, options=options)
    colorize_file(source, tmp_path / "whole.mkv", colorizer, segment_s=SEGMENT_S)
    with pytest.raises(Interrupted):
        colorize_file(source, tmp_path / "cut.mkv", colorizer, segment_s=SEGMENT_S, progress=crash_after(50))
    colorize_file(source, tmp_path / "cut.mkv", colorizer, segment_s=SEGMENT_S)
    np.testing.assert_array_equal(decoded(tmp_path / "cut.mkv"), decoded(tmp_path / "whole.mkv"))
    assert frame_times(tmp_path / "cut.mkv") == frame_times(tmp_path / "whole.mkv")
    with VideoReader(source) as reader:
        assert len(decoded(tmp_path / "cut.mkv")) == len(list(reader.luma_frames()))


@pytest.fixture
def interlaced(make_interlaced):
    """A film of 70 interlaced frames that flickers."""
    rng, lumas = np.random.default_rng(0), woven(moving_disc(2 * FRAMES, 48, 64)[..., 0], "bottom")
    return make_interlaced(np.uint8(lumas * rng.uniform(0.7, 0.9, (FRAMES, 1, 1))), "bottom")


@pytest.mark.parametrize("strength", [0.0, 0.9])
def test_segments_do_not_change_restored_luma(interlaced, tmp_path, strength):
    found = []
    for seconds in (100, SEGMENT_S):
        options = {"segment_s": seconds, "strength": strength, "encoding": Encoding("ffv1")}
        colorize_file(interlaced, tmp_path / "out.mkv", GrayColorizer(), restore_luma=True, **options)
        found.append(decoded(tmp_path / "out.mkv")[:, :48])
    np.testing.assert_array_equal(*found)


def test_an_interrupted_interlaced_film_goes_on_to_the_same_frames(interlaced, colorizer, tmp_path):
    options = {"segment_s": SEGMENT_S, "restore": True, "restore_luma": True}
    colorize_file(interlaced, tmp_path / "whole.mkv", colorizer, **options)
    for crash in (21, 50):
        with pytest.raises(Interrupted):
            colorize_file(interlaced, tmp_path / "cut.mkv", colorizer, progress=crash_after(crash), **options)
    report = colorize_file(interlaced, tmp_path / "cut.mkv", colorizer, **options)
    assert "the output is de-interlaced" in " ".join(report.warnings)
    np.testing.assert_array_equal(decoded(tmp_path / "cut.mkv"), decoded(tmp_path / "whole.mkv"))
    assert frame_times(tmp_path / "cut.mkv") == frame_times(interlaced)


def test_variable_frame_rate_keeps_its_times_over_borders(make_video, colorizer, tmp_path):
    times = [int(time) for time in np.cumsum([1 + 7 * (t % 20 == 0) + t % 3 for t in range(FRAMES)])]
    source = make_video(frames=FRAMES, times=times)
    colorize_file(source, tmp_path / "out.mp4", colorizer, segment_s=SEGMENT_S)
    np.testing.assert_allclose(np.diff(frame_times(tmp_path / "out.mp4")), np.diff(times) / 100, atol=1e-6)


def test_borders_of_segments_do_not_show(make_video, colorizer, tmp_path):
    source, encoding = make_video(frames=120), Encoding("ffv1")
    for name, seconds in (("one", 100), ("many", 2)):  # a lead of 32 frames of 50
        colorize_file(source, tmp_path / f"{name}.mkv", colorizer, segment_s=seconds, encoding=encoding)
    one, many = (decoded(tmp_path / f"{name}.mkv")[:, 48:].astype(int) for name in ("one", "many"))  # chroma
    behind = np.r_[50:60, 100:110]  # the first frames of segments
    assert np.abs(one - many)[behind].mean() < 0.8  # 1.3 without a lead


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strength": 0.5}, "settings strength"),
        ({"segment_s": 1.0}, "settings cutting"),
        ({"span": Span(0.0, 2.5)}, "settings span"),
    ],
)
def test_other_options_start_over_and_say_so(film, colorizer, tmp_path, caplog, change, said):
    out = tmp_path / "out.mp4"
    with pytest.raises(Interrupted):
        colorize_file(film, out, colorizer, segment_s=SEGMENT_S, progress=crash_after(50))
    seen = []
    with caplog.at_level(logging.WARNING):
        colorize_file(film, out, colorizer, **{"segment_s": SEGMENT_S, **change}, progress=count_frames(seen))
    assert seen[0] == 1 and "starting over" in caplog.text and said in caplog.text


def test_another_source_starts_over(film, make_video, colorizer, tmp_path, caplog):
    out = tmp_path / "out.mp4"
    with pytest.raises(Interrupted):
        colorize_file(film, out, colorizer, segment_s=SEGMENT_S, progress=crash_after(50))
    make_video(film.name, frames=30, size=(64, 64))
    report = colorize_file(film, out, colorizer, segment_s=SEGMENT_S)
    assert report.frames == 30 and "source bytes" in caplog.text


def test_a_damaged_segment_is_made_again(film, colorizer, tmp_path):
    out, seen = tmp_path / "out.mp4", []
    with pytest.raises(Interrupted):
        colorize_file(film, out, colorizer, segment_s=SEGMENT_S, progress=crash_after(65))
    (work_folder_path(out) / "000001.nut").write_bytes(b"cut short")
    colorize_file(film, out, colorizer, segment_s=SEGMENT_S, progress=count_frames(seen))
    assert seen == list(range(41, FRAMES + 1))  # the second and the last of four
    colorize_file(film, tmp_path / "whole.mp4", colorizer, segment_s=SEGMENT_S)
    np.testing.assert_array_equal(decoded(out), decoded(tmp_path / "whole.mp4"))


def test_a_full_disk_keeps_finished_segments(film, colorizer, tmp_path, monkeypatch):
    out, written, write, seen = tmp_path / "out.mp4", itertools.count(1), VideoWriter.write_planes, []

    def write_until_full(*arguments, **options):
        if next(written) > 45:
            raise OutputError("out.mp4: cannot be written (No space left on device)")
        write(*arguments, **options)

    with monkeypatch.context() as full, pytest.raises(OutputError, match="2 finished segments are kept"):
        full.setattr(VideoWriter, "write_planes", write_until_full)
        colorize_file(film, out, colorizer, segment_s=SEGMENT_S)
    colorize_file(film, out, colorizer, segment_s=SEGMENT_S, progress=count_frames(seen))
    assert seen[0] == 41 and seen[-1] == FRAMES


def test_a_strangers_files_in_the_work_folder_stay(film, colorizer, tmp_path):
    folder = work_folder_path(tmp_path / "out.mp4")
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    colorize_file(film, tmp_path / "out.mp4", colorizer)
    assert os.listdir(folder) == ["letter.txt"]


def test_a_span_is_cut_out_with_its_sound(film, colorizer, tmp_path):
    report = colorize_file(film, tmp_path / "out.mp4", colorizer, span=Span(0.4, 2.0), segment_s=SEGMENT_S)
    assert report.frames == 40 and len(decoded(tmp_path / "out.mp4")) == 40
    whole, part = packets_of(film, "audio"), packets_of(tmp_path / "out.mp4", "audio")
    assert 0.9 < len(part) / (1.6 * 44100 / 1024) < 1.1 and b"".join(part) in b"".join(whole)
    with VideoReader(film) as source, VideoReader(tmp_path / "out.mp4") as output:
        expected = [frame.luma.astype(int) for frame in source.luma_frames()][10:50]
        for before, after in zip(expected, output.luma_frames(), strict=True):
            assert np.abs(before - after.luma).mean() < 1.5


def test_a_span_beyond_the_end_is_refused(film, colorizer, tmp_path):
    with pytest.raises(InputError, match="no frame between"):
        colorize_file(film, tmp_path / "out.mp4", colorizer, span=Span(100.0, None))
    assert os.listdir(tmp_path) == [film.name]


def test_killed_at_three_moments_the_same_command_goes_on(make_video, tmp_path):
    film = make_video(frames=80, sound="aac")
    command = ["colorize", film, "--segment", "0.8", "--every", "8", "-o"]
    assert run_vidcolor(*command, tmp_path / "whole.mp4").returncode == 0
    out = tmp_path / "cut.mp4"
    for finished in (1, 2, 3):
        process = start_vidcolor(*command, out)
        deadline = time.monotonic() + 60
        while len(list(work_folder_path(out).glob("[0-9]*.json"))) < finished:
            assert process.exitcode is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.join()
    last = run_vidcolor(*command, out)
    assert last.returncode == 0 and "going on" in last.stderr
    np.testing.assert_array_equal(decoded(out), decoded(tmp_path / "whole.mp4"))
    assert packets_of(out, "audio") == packets_of(film, "audio")
    assert sorted(os.listdir(tmp_path)) == sorted([film.name, "cut.mp4", "whole.mp4"])


def test_records_are_json(film, colorizer, tmp_path):
    with pytest.raises(Interrupted):
        colorize_file(film, tmp_path / "out.mp4", colorizer, segment_s=SEGMENT_S, progress=crash_after(50))
    record = json.loads((work_folder_path(tmp_path / "out.mp4") / "film.json").read_text())
    assert set(record) == {"source", "settings", "versions"}
    assert record["settings"]["colorizer"] == {"plain": list(SIZE)}
    assert record["source"]["bytes"] == film.stat().st_size
