"""Films as people have them: joined, held, without times, with covers, from DV tapes."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from tests.helpers.films import moving_disc, write_part
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import frame_at, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import WHOLE, Span


def seen(path):
    """Times of the frames, the number of packets of sound, and the length."""
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
        duration = container.duration / av.time_base
    with av.open(str(path)) as container:
        sound = sum(1 for packet in container.demux() if packet.stream.type == "audio" and packet.size)
    return times, sound, duration


@pytest.mark.parametrize("offset", [0, 30_000])
def test_parts_whose_times_start_over_or_jump_run_on(tmp_path, offset):
    write_part(tmp_path / "a.ts", sound=True)
    write_part(tmp_path / "b.ts", sound=True, offset=offset)
    source = tmp_path / "in.ts"
    source.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    report = colorize_file(source, tmp_path / "out.mkv", GrayColorizer())
    times, sound, duration = seen(tmp_path / "out.mkv")
    assert report.warnings == () and len(times) == 50
    np.testing.assert_allclose(np.diff(times), 0.04, atol=0.025)  # parts of pictures and sound end at other times
    assert times[-1] - times[0] == pytest.approx(49 * 0.04, abs=0.03) and duration < 2.3
    assert sound == seen(source)[1]


def test_a_time_of_a_film_whose_times_start_over_is_that_of_the_whole(tmp_path):
    write_part(tmp_path / "a.ts", frames=100, options={"bf": "2", "g": "10"})
    source = tmp_path / "in.ts"
    source.write_bytes((tmp_path / "a.ts").read_bytes() * 2)
    with VideoReader(source) as reader:
        frames = [(frame.pts, frame.seconds) for frame in reader.frames_in()]
        assert len(frames) == 200
        for start in (0.5, 2.0, 5.0, 7.5):
            found = [(frame.pts, frame.seconds) for frame in reader.frames_in(Span(start))]
            assert found == [each for each in frames if each[1] >= start]
            shown = [pts for pts, seconds in frames if seconds <= start][-1]
            assert next(reader.frames_from(start)).pts == shown == frame_at(reader, start).pts


def test_one_part_is_sought_in_as_ever(tmp_path):
    write_part(tmp_path / "in.ts", frames=200, options={"bf": "2", "g": "10"})
    with VideoReader(tmp_path / "in.ts") as reader:
        frame_at(reader, 7.0)
        assert 0 < reader.counts.packets < 60


def test_a_frame_is_shown_until_the_next_one_the_last_as_long_as_it_is_held(make_video, tmp_path):
    held = make_video(times=[0, 4, 8, 300, 304, 308])
    write_part(tmp_path / "last.mp4", frames=10, hold=3, options={"bf": "0"})
    with VideoReader(held) as reader:
        assert frame_at(reader, 1.5).seconds == pytest.approx(0.08)
        with pytest.raises(InputError, match=r"clip.mp4: ends at 0:03.\d+, before 0:04.000"):
            frame_at(reader, 4.0)
    with VideoReader(tmp_path / "last.mp4") as reader:
        assert frame_at(reader, 2.0).seconds == pytest.approx(0.36)


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
@pytest.mark.parametrize("output", ["out.mp4", "out.mkv"])
def test_the_last_frame_stays_as_long_as_the_file_says(tmp_path, name, output):
    write_part(tmp_path / name, frames=10, hold=3, options={"bf": "0"})
    report = colorize_file(tmp_path / name, tmp_path / output, GrayColorizer())
    assert report.warnings == ()
    assert seen(tmp_path / output)[2] == pytest.approx(9 * 0.04 + 3, abs=0.01)


def test_an_avi_gets_even_times(tmp_path):
    write_part(tmp_path / "in.avi", frames=12, options={"bf": "3"})
    colorize_file(tmp_path / "in.avi", tmp_path / "out.mp4", GrayColorizer())
    np.testing.assert_allclose(np.diff(seen(tmp_path / "out.mp4")[0]), 0.04, atol=1e-3)


def test_raw_dv_has_its_rate_and_its_fields(tmp_path):
    frame = av.VideoFrame.from_ndarray(moving_disc(1, 480, 720)[0], format="rgb24").reformat(format="yuv411p")
    encoder = av.CodecContext.create("dvvideo", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 720, 480, "yuv411p"
    encoder.time_base = encoder.framerate = Fraction(30000, 1001)
    encoder.time_base = Fraction(1001, 30000)
    frame.pts, frame.time_base = 0, encoder.time_base
    (packet,) = [*encoder.encode(frame), *encoder.encode(None)]
    (tmp_path / "in.dv").write_bytes(2 * bytes(packet))
    assert colorize_file(tmp_path / "in.dv", tmp_path / "out.mp4", GrayColorizer()).frames == 2
    info = video_info(tmp_path / "out.mp4")
    assert (info.rate, info.fields, info.frames) == (Fraction(30000, 1001), "bottom", 2)


@pytest.mark.parametrize("output", ["out.mp4", "out.mkv", "out.webm", "out.mov", "out.m4v"])
def test_cover_art_stays_cover_art(tmp_path, output):
    from vidcolor_utils.video.codecs import Encoding

    cover = av.CodecContext.create("mjpeg", "w")
    cover.width, cover.height, cover.pix_fmt, cover.time_base = 32, 32, "yuvj420p", Fraction(1, 25)
    (picture,) = [*cover.encode(av.VideoFrame(32, 32, "yuvj420p")), *cover.encode(None)]
    source = tmp_path / "in.mkv"
    write_part(tmp_path / "plain.mkv", frames=5)
    with av.open(str(tmp_path / "plain.mkv")) as film, av.open(str(source), "w") as container:
        copy = container.add_stream_from_template(film.streams.video[0])
        container.add_attachment("cover.jpg", "image/jpeg", bytes(picture))
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = copy
                container.mux(packet)
    encoding = Encoding("vp9") if output == "out.webm" else None
    report = colorize_file(source, tmp_path / output, GrayColorizer(), encoding=encoding)
    with av.open(str(tmp_path / output)) as container:
        covers = [each for each in container.streams.video if each.disposition & Disposition.attached_pic]
        kept = [bytes(packet) for each in covers for packet in container.demux(each) if packet.size]
    assert kept == ([bytes(picture)] if output in ("out.mp4", "out.mkv") else [])
    assert any("cover art (mjpeg): not kept" in text for text in report.warnings) == (not kept)


def test_a_span_holds_its_start_and_not_its_end():
    assert [Span(1, 2).holds(seconds) for seconds in (0.99, 1, 1.99, 2)] == [False, True, True, False]
    assert WHOLE.holds(0) and WHOLE.holds(1e6)


@pytest.mark.parametrize("suffix", [".mkv", ".nut", ".mov", ".ts"])
def test_a_film_that_begins_late_is_as_long_as_its_pictures(tmp_path, suffix):
    write_part(tmp_path / f"late{suffix}", frames=50, offset=7)
    assert video_info(tmp_path / f"late{suffix}").duration_s == pytest.approx(2, abs=0.05)
    report = colorize_file(tmp_path / f"late{suffix}", tmp_path / "out.mkv", GrayColorizer())
    assert report.frames == 50 and report.warnings == ()


def test_parts_meet_where_a_time_lies_in_both():
    first, second, rest = Span(0, 1), Span(1, 2), Span(1.5)
    assert [a.meets(b) for a, b in ((first, second), (second, rest), (rest, first), (first, WHOLE))] == [
        False,
        True,
        False,
        True,
    ]
    assert rest.meets(WHOLE) and WHOLE.meets(rest) and not second.meets(first)
