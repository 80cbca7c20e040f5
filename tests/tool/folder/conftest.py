"""A folder of films and photographs."""

import pytest
from PIL import Image

from tests.helpers.folders import Plain


@pytest.fixture
def folder(make_video, tmp_path, monkeypatch):
    """Two films and a photograph in two folders, and a file that is none of them."""
    plain = Plain()
    monkeypatch.setattr("vidcolor_utils.tool.folder.colorize.shared_colorizer", lambda *_: plain)
    films = tmp_path / "films"
    (films / "old").mkdir(parents=True)
    make_video("a.mp4").rename(films / "a.mp4")
    make_video("b.avi", codec="mpeg4").rename(films / "old" / "b.avi")
    Image.new("L", (40, 30), 99).save(films / "photo.png")
    (films / "notes.txt").write_text("no film")
    return films
