import pytest

from vidcolor_utils.video.encoders.muxers import muxer_takes


@pytest.mark.parametrize(
    ("suffix", "codec", "is_taken"),
    [(".mp4", "aac", True), (".m4v", "aac", True), (".webm", "aac", False), (".mkv", "flac", True)],
)
def test_a_muxer_is_asked_with_a_header(suffix, codec, is_taken):
    assert muxer_takes(suffix, lambda container: container.add_stream(codec, rate=48_000)) == is_taken


def test_what_cannot_be_added_is_not_taken():
    assert not muxer_takes(".mp4", lambda container: container.add_stream("no such codec"))
