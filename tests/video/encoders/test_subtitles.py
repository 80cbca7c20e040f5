from fractions import Fraction

import av
import pytest

from vidcolor_utils.video.encoders.subtitles import SubtitleEncoder, subtitle_encoder


@pytest.fixture
def text(tmp_path):
    """A stream of SubRip with a styled line, one that says nothing, and one that is no text at all."""
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("subrip")
        stream.time_base = Fraction(1, 1000)
        for begin, line in ((0, b"<i>Hello</i>"), (500, b""), (900, b"\xff\xfe")):
            packet = av.Packet(line)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = begin
            packet.duration = 400
            container.mux(packet)
    with av.open(str(path)) as container:
        yield container.streams.subtitles[0]


def test_each_container_has_its_own(text):
    found = {suffix: subtitle_encoder(suffix, text) for suffix in (".mp4", ".mov", ".mkv", ".webm", ".avi")}
    assert found == {".mp4": "mov_text", ".mov": "mov_text", ".mkv": "subrip", ".webm": "webvtt", ".avi": None}


def test_text_keeps_its_style_and_what_is_empty_is_left_out(text, tmp_path):
    with av.open(str(tmp_path / "out.mp4"), "w") as container:
        encoder = SubtitleEncoder(text, container, "mov_text")
        made = [encoder.encoded(packet) for packet in text.container.demux(text) if packet.size]
        assert encoder.encoded(None) == []
    lines = [packet for packets in made for packet in packets]
    assert bytes(lines[0])[2:7] == b"Hello" and b"styl" in bytes(lines[0])
    assert all(packet.duration == 400 for packet in lines)


def test_sound_is_no_text(make_video):
    with av.open(str(make_video(sound="aac"))) as container:
        assert subtitle_encoder(".mkv", container.streams.audio[0]) is None
