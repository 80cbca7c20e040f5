from pathlib import Path

import pytest

from vidcolor_utils.video.encoders import muxers
from vidcolor_utils.video.encoders.muxers import muxer_takes


@pytest.mark.parametrize(
    ("suffix", "codec", "is_taken"),
    [(".mp4", "aac", True), (".m4v", "aac", True), (".webm", "aac", False), (".mkv", "flac", True)],
)
def test_a_muxer_is_asked_with_a_header(suffix, codec, is_taken):
    assert muxer_takes(suffix, lambda container: container.add_stream(codec, rate=48_000)) == is_taken


def test_what_cannot_be_added_is_not_taken():
    assert not muxer_takes(".mp4", lambda container: container.add_stream("no such codec"))


def test_mp4_is_told_to_start_with_its_index(monkeypatch):
    asked = {}
    monkeypatch.setattr(muxers.av, "open", lambda path, mode, options: asked.update({path: options}))
    for name, any_tags in (("a.MP4", False), ("a.mov", True), ("a.mkv", True)):
        muxers.open_muxer(Path(name), any_tags=any_tags)
    flags = {path: options.get("movflags") for path, options in asked.items()}
    assert flags == {
        "file:a.MP4": "+faststart",
        "file:a.mov": "+faststart+use_metadata_tags",
        "file:a.mkv": None,
    }
