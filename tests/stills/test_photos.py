import io
import tarfile

import cv2
import numpy as np
import pytest

from vidcolor_utils.stills.photos import find_photos, photos_sha256, read_photos
from vidcolor_utils.system.errors import InputError


def encoded(color, side=80):
    ok, data = cv2.imencode(".png", np.full((side, side, 3), color, np.uint8)[..., ::-1])
    assert ok
    return data.tobytes()


FILES = {
    ".thumbnails/red.png": encoded((200, 30, 30)),
    "b/._red.png": encoded((200, 30, 30)),
    "b/red.png": encoded((200, 30, 30)),
    "a/blue.png": encoded((20, 40, 200)),
    "gray.png": encoded((90, 90, 90)),
    "tiny.png": encoded((200, 30, 30), side=20),
    "broken.png": b"nothing",
    "empty.jpg": b"",
    "notes.txt": b"no picture",
}


@pytest.fixture(params=["folder", "tar"])
def source(request, tmp_path):
    if request.param == "tar":
        with tarfile.open(tmp_path / "photos.tar", "w") as archive:
            for name, content in FILES.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return tmp_path / "photos.tar"
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


def test_read_photos_in_order_without_gray_tiny_and_broken_ones(source):
    photos = read_photos(source)
    assert [tuple(photo[0, 0]) for photo in photos] == [(20, 40, 200), (200, 30, 30)]


def test_photographs_are_told_from_others_by_what_they_hold(source):
    photos = find_photos(source)
    assert [photo.kind for photo in photos] == ["a", "b", "", ""]
    digest = photos_sha256(photos[:2], photos[2:])
    assert digest == photos_sha256(photos) != photos_sha256(photos[::-1])


def test_read_photos_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_photos(tmp_path / "none")
    with pytest.raises(InputError, match="no colour photographs"):
        read_photos(tmp_path)
    (tmp_path / "text.tar").write_text("no archive")
    with pytest.raises(InputError, match="neither"):
        read_photos(tmp_path / "text.tar")
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        with tarfile.open(tmp_path / "cut.tar", mode) as archive:
            for name, content in FILES.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        content = (tmp_path / "cut.tar").read_bytes()
        (tmp_path / "cut.tar").write_bytes(content[: len(content) * 2 // 3 if mode != "w" else 100])
        with pytest.raises(InputError, match="or damaged"):
            read_photos(tmp_path / "cut.tar")


def test_what_cannot_be_read_is_counted_and_a_source_that_is_not_there_named(tmp_path, caplog):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((70, 80, 3), np.uint8))
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    assert len(find_photos(tmp_path)) == 1
    assert "1 of its 2 pictures cannot be read" in caplog.text
    with pytest.raises(FileNotFoundError, match=r"none: no such file or folder"):
        find_photos(tmp_path / "none")
