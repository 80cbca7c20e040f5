"""Where reading goes on after a seek, in formats that make it hard."""

import numpy as np
import pytest

from tests.helpers.films import packets_of, write_part
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.demuxer import Demuxer
from vidcolor_utils.video.files import frame_at
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

FRAMES, RATE = 150, 25
KINDS = [
    ("in.ts", "libx264", {"bf": "2", "g": "25"}),
    ("in.mpg", "mpeg2video", {"bf": "2", "g": "12", "qmax": "2"}),  # frames so large that each has a time
    ("in.avi", "mpeg4", {"bf": "2", "g": "12"}),
    ("in.avi", "libx264", {"bf": "3", "g": "25", "x264-params": "open-gop=1"}),
    ("in.avi", "mpeg4", {"g": "12"}),
    ("in.mp4", "libx264", {"bf": "2", "g": "25"}),
]


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}-{kind[2].get('bf')}")
def film(request, tmp_path):
    """A film each of whose frames is another one, with key frames a second or half of one apart."""
    name, codec, options = request.param
    write_part(tmp_path / name, frames=FRAMES, codec=codec, rate=RATE, options=options, size=(144, 176))
    return tmp_path / name


def test_a_frame_that_is_sought_is_the_one_that_is_read_at_that_time(film):
    with VideoReader(film) as reader:
        read = {round(frame.seconds * RATE): frame.luma for frame in reader.luma_frames()}
        assert len(read) == FRAMES
        for number in (0, 7, 26, 55, 80, 111, 137, 149):
            found = frame_at(reader, (number + 0.5) / RATE)
            assert round(found.seconds * RATE) == number
            np.testing.assert_array_equal(found.luma, read[number])


def test_a_part_begins_with_its_first_frame(film):
    with VideoReader(film) as reader:
        read = {round(frame.seconds * RATE): frame.luma for frame in reader.luma_frames()}
        for first in (30, 55, 101):
            part = list(reader.frames_in(Span(first / RATE - 0.01, (first + 10) / RATE - 0.01)))
            assert [round(frame.seconds * RATE) for frame in part] == [*range(first, first + 10)]
            for frame in part:
                np.testing.assert_array_equal(frame.luma, read[round(frame.seconds * RATE)])
            assert reader.counts.damaged == 0


def test_packets_of_other_streams_come_from_where_it_stands(tmp_path):
    write_part(tmp_path / "in.mkv", sound=True)
    with Demuxer(tmp_path / "in.mkv") as demuxer:
        packets = list(demuxer.other_packets())
        assert packets and {packet.stream.type for packet in packets} == {"audio"}
        demuxer.restart()
        assert len(list(demuxer.other_packets())) == len(packets)


def flip_flv(path):
    """Damage the time of a tag of pictures: 2 in its highest byte, nine hours."""
    content, place, number = bytearray(path.read_bytes()), 13, 0
    while content[place] != 9 or number < 9:
        number += content[place] == 9
        place += 15 + int.from_bytes(content[place + 1 : place + 4], "big")
    content[place + 7] = 2
    path.write_bytes(content)


def set_clusters(path, first, end, added=0, times=None):
    """Damage the times of some clusters of a Matroska file."""
    content, place = bytearray(path.read_bytes()), 0
    for number in range(end):
        place = content.index(b"\x1f\x43\xb6\x75", place + 4)
        at = content.index(b"\xe7", place)
        size = content[at + 1] & 0x7F
        if number >= first:
            time = 0 if times == 0 else int.from_bytes(content[at + 2 : at + 2 + size], "big") + added
            content[at + 2 : at + 2 + size] = time.to_bytes(size, "big")
    path.write_bytes(content)


def times_of(path):
    with VideoReader(path) as reader:
        times = [frame.seconds for frame in reader.luma_frames()]
        return times, reader.counts.mistimed, reader.truncation_warning()


def test_one_packet_whose_time_is_damaged_decides_nothing_behind_it(make_video, tmp_path):
    film = make_video("in.flv", codec="flv", frames=30, options={"g": "10"}, sound="libmp3lame")
    flip_flv(film)
    times, mistimed, warning = times_of(film)
    np.testing.assert_allclose(np.diff(times), 0.04, atol=2e-3)
    assert len(times) == 30 and mistimed == 1
    assert warning == f"{film}: damaged: 1 of 30 frames lack a usable time"
    assert colorize_file(film, tmp_path / "out.mp4", GrayColorizer()).frames == 30
    np.testing.assert_allclose(np.diff(times_of(tmp_path / "out.mp4")[0]), 0.04, atol=2e-3)


@pytest.mark.parametrize("options", [{"g": "10", "bf": "0"}, {"g": "10", "bf": "2"}])
def test_a_cluster_whose_time_is_damaged_keeps_its_pictures_and_sound(make_video, tmp_path, options):
    film = make_video("in.mkv", frames=40, options=options | {"sc_threshold": "0"}, sound="aac")
    set_clusters(film, 1, 2, added=1 << 14)
    times, mistimed, _ = times_of(film)
    np.testing.assert_allclose(np.diff(times), 0.04, atol=0.03)
    assert len(times) == 40 and times[-1] == pytest.approx(1.56, abs=0.03) and mistimed == 10
    report = colorize_file(film, tmp_path / "out.mkv", GrayColorizer())
    assert report.warnings == (f"{film}: damaged: 10 of 40 frames lack a usable time",)
    assert packets_of(tmp_path / "out.mkv", "audio") == packets_of(film, "audio")


def test_times_that_start_over_for_good_are_not_crammed(make_video):
    film = make_video("in.mkv", frames=30, options={"g": "10", "bf": "0", "sc_threshold": "0"}, sound="aac")
    set_clusters(film, 2, 3, times=0)
    times, mistimed, warning = times_of(film)
    assert np.diff(times)[-6:] == pytest.approx(0.04, abs=2e-3)
    assert mistimed == 6 and "6 of 30 frames lack a usable time" in warning


def test_a_long_pause_stays(make_video):
    film = make_video("in.mkv", frames=6, times=[0, 4, 8, 3000, 3004, 3008])
    times, mistimed, warning = times_of(film)
    assert times == pytest.approx([0, 0.04, 0.08, 30, 30.04, 30.08]) and not mistimed and warning is None
