"""Segments are put together by their packets, whatever their order of decoding."""

from itertools import pairwise

import av
import numpy as np
import pytest

from tests.helpers.films import decoded, frame_times, packets_of
from vidcolor_utils.film.joining import Segment, join_segments
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.codecs import CODECS, HARDWARE, Encoding
from vidcolor_utils.video.ffmpeg import packet_order
from vidcolor_utils.video.formats import chroma_planes
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import open_output


@pytest.fixture
def film(make_video):
    return make_video("in.mkv", frames=20, sound="flac")


@pytest.fixture
def joined(film, tmp_path):
    """A function that joins two segments of the film, 12 and 8 frames; they are beside it."""

    def join(name, *encodings):
        segments = []
        with VideoReader(film) as reader:
            frames = list(reader.luma_frames())
        with VideoReader(film) as reader:
            for index, part in enumerate((frames[:12], frames[12:])):
                path = tmp_path / f"{index}.nut"
                with open_output(reader, path, [*encodings, *[Encoding()] * 2][index], shown=path) as writer:
                    for frame in part:
                        planes = chroma_planes(frame.decoded, writer.pixel_format)
                        writer.write_planes(frame.luma, *planes, pts=frame.pts - part[0].pts)
                times = [frame.pts for frame in part]
                segments.append(Segment(path, times, packet_order(path), times[-1] + 40))
            assert join_segments(segments, reader, tmp_path / name, encoding=[*encodings, Encoding()][0]) == []
        return tmp_path / name

    return join


def test_frames_and_sound_are_all_there(film, joined, tmp_path):
    output = joined("out.mkv")
    assert frame_times(output) == pytest.approx([number / 25 for number in range(20)])
    parts = [decoded(tmp_path / f"{index}.nut") for index in range(2)]
    np.testing.assert_array_equal(decoded(output), np.concatenate(parts))
    assert packets_of(output, "audio") == packets_of(film, "audio")


def test_times_of_decoding_rise_over_borders(joined):
    with av.open(str(joined("out.mp4"))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.dts is not None]
    assert all(first.dts < second.dts for first, second in pairwise(packets))
    assert all(packet.dts <= packet.pts for packet in packets)


def test_parts_of_hardware_that_do_not_go_together_are_refused(joined, monkeypatch):
    row = CODECS["h264"]
    for name, options in (("nvenc", {"bf": "2"}), ("qsv", {"bf": "0", "refs": "1"})):
        monkeypatch.setitem(HARDWARE, name, {"h264": row._replace(options=options)})
    nvenc, qsv = Encoding(encoder="nvenc"), Encoding(encoder="qsv")
    assert joined("same.mkv", nvenc, nvenc).exists()
    with pytest.raises(InputError, match=r"out\.mkv: the hardware encoder made parts that do not go together"):
        joined("out.mkv", nvenc, qsv)
