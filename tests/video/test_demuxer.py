"""Where reading goes on after a seek, in formats that make it hard."""

import numpy as np
import pytest

from tests.helpers.films import write_part
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
