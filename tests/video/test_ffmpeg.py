from pathlib import Path

import av
import pytest

from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.video import ffmpeg


@pytest.mark.parametrize(("options", "is_reordered"), [({"bf": "2"}, True), ({"bf": "0"}, False)])
def test_packets_hold_each_frame_once_in_the_order_of_decoding(make_video, options, is_reordered):
    path = make_video(frames=12, options=options)
    order = ffmpeg.packet_order(path)
    assert sorted(order) == list(range(12)) and (order != sorted(order)) == is_reordered
    assert len(list(ffmpeg.packets_of(path))) == 12


def test_every_name_of_a_format_that_may_be_read_is_known():
    other = {"avif", "heic", "heif", "mj2", "m4a", "m4b", "isma", "mka", "mks", "ogg"}  # pictures and sound
    other |= {"gif", "apng", "ism", "ismv", "psp", "h26l"}  # animations, which are known elsewhere, and rare ones
    names = {each for name in ffmpeg.FORMATS.split(",") for each in av.ContainerFormat(name, "r").extensions}
    assert {f".{name}" for name in names - other} <= ffmpeg.VIDEO_SUFFIXES


def test_what_is_no_film_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        ffmpeg.open_input(tmp_path / "none.mp4")
    with pytest.raises(InputError, match="not a file"):
        ffmpeg.open_input(tmp_path)
    (tmp_path / "text.mp4").write_text("text")
    with pytest.raises(InputError, match=r"text\.mp4: not a video that can be read"):
        ffmpeg.open_input(tmp_path / "text.mp4")
    with pytest.raises(OutputError, match="start over"):
        ffmpeg.packet_order(tmp_path / "text.mp4")


def test_streams_have_names_for_people(make_video):
    with av.open(str(make_video(sound="aac"))) as container:
        video, sound = container.streams
        sound.metadata["language"] = "cze"
        assert ffmpeg.stream_name(sound) == "sound (aac) in language cze"
        assert ffmpeg.find_video(container, Path("x")) is video


def test_large_frames_are_decoded_by_no_more_threads_than_there_are_cores(make_video, monkeypatch):
    monkeypatch.setattr(ffmpeg, "usable_cores", lambda: 5)
    path = make_video()
    with av.open(str(path)) as container:
        assert ffmpeg.find_video(container, path).codec_context.thread_count != 5
        monkeypatch.setattr("vidcolor_utils.video.codecs.LARGE", 1)
        assert ffmpeg.find_video(container, path).codec_context.thread_count == 5
