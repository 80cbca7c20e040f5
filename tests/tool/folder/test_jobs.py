"""What there is to do in a folder."""

import pytest
from PIL import Image

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.folder.jobs import find_jobs
from vidcolor_utils.video.codecs import CODECS, Encoding


def test_outputs_of_one_name_are_kept_apart(tmp_path):
    for name in ("film.avi", "film.mpg", "film.mkv"):
        (tmp_path / name).write_bytes(b"x")
    outputs = [job.output.name for job in find_jobs(tmp_path, tmp_path / "out", Encoding())]
    assert outputs == ["film.avi.mkv", "film.mkv", "film.mpg.mkv"]


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_goes_into_the_outputs_of_a_folder(tmp_path, codec):
    for name in ("a.mp4", "b.mov", "c.avi", "d.webm"):
        (tmp_path / name).write_bytes(b"x")
    outputs = [job.output for job in find_jobs(tmp_path, tmp_path / "out", Encoding(codec))]
    assert all(Encoding(codec).check(output) for output in outputs)
    if codec == "prores":
        assert [output.name for output in outputs] == ["a.mov", "b.mov", "c.mov", "d.mov"]


def test_films_of_camcorders_discs_and_old_programs_are_found(tmp_path, caplog):
    """Every name that a format which may be read has, and those of cards, whose first bytes are asked."""
    names = [
        "a.m2t",
        "a.qt",
        "a.rm",
        "a.divx",
        "a.3g2",
        "a.f4v",
        "a.mpe",
        "a.m1v",
        "a.mk3d",
        "a.y4m",
        "a.wtv",
        "a.pcx",
    ]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"x")
    for name in ("b.DAT", "b.mod", "b.tod", "c.tod", "d.dat"):
        (folder / name).write_bytes(b"\0\0\1\xba" + bytes(8))
    (folder / "c.tod").write_bytes((b"G" + bytes(187)) * 2)
    (folder / "d.dat").write_bytes(b"RIFF" + bytes(4) + b"CDXAfmt ")
    for name in ("table.dat", "tune.mod", "empty.tod"):
        (folder / name).write_bytes(b"M.K." if name == "tune.mod" else b"")
    found = [job.name for job in find_jobs(folder, tmp_path / "out", Encoding())]
    assert found == sorted([*names, "b.DAT", "b.mod", "b.tod", "c.tod", "d.dat"])
    assert caplog.text.count("passed over: by its name it is no video or image") == 3


def test_no_output_takes_the_name_of_another(tmp_path):
    for name in ("a.avi", "a.avi.mkv", "a.mpg", "b.avi", "b.mkv"):
        (tmp_path / name).write_bytes(b"x")
    outputs = [job.output.name for job in find_jobs(tmp_path, tmp_path / "out", Encoding())]
    assert outputs == ["a.avi.mkv.mkv", "a.avi.mkv", "a.mpg.mkv", "b.avi.mkv", "b.mkv"]


def test_outputs_whose_names_differ_in_case_alone_are_kept_apart(tmp_path, monkeypatch):
    """They would be one file on a Mac, or on a stick; here they are listed, as such a disk may hold the output."""
    names = ["IMG.jpg", "Scan.pgm", "cafe\u0301.jpg", "caf\u00e9.jpg", "img.jpg", "scan.png"]
    paths = [tmp_path / name for name in names]
    monkeypatch.setattr("vidcolor_utils.tool.folder.jobs.files_below", lambda *_, **__: paths)
    for path in paths:
        path.write_bytes(b"x")
    jobs = find_jobs(tmp_path, tmp_path / "out", Encoding())
    assert [job.output.name for job in jobs] == [
        *("IMG.jpg", "Scan.pgm.png", "cafe\u0301.jpg", "caf\u00e9.jpg.jpg", "img.jpg.jpg", "scan.png")
    ]


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path, caplog):
    inside, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    for each in (inside, elsewhere):
        each.mkdir()
    Image.new("L", (32, 24), 90).save(elsewhere / "a.png")
    (inside / "1950s").symlink_to(elsewhere)
    (elsewhere / "round").symlink_to(inside)
    (inside / "lost.png").symlink_to(tmp_path / "gone.png")
    assert [job.name for job in find_jobs(inside, tmp_path / "out", Encoding())] == ["1950s/a.png"]
    assert "lost.png: passed over: leads nowhere" in caplog.text


def test_no_file_that_is_to_be_coloured_is_replaced(tmp_path):
    (tmp_path / "in" / "in").mkdir(parents=True)
    for name in ("a.png", "in/a.png"):
        Image.new("L", (32, 24), 90).save(tmp_path / "in" / name)
    with pytest.raises(InputError, match=r"in/a\.png: is to be coloured, and would be replaced"):
        find_jobs(tmp_path / "in", tmp_path, Encoding())


def test_folders_that_cannot_be_done(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        find_jobs(tmp_path / "none", tmp_path / "out", Encoding())
    with pytest.raises(InputError, match="no video"):
        find_jobs(tmp_path, tmp_path / "out", Encoding())
    with pytest.raises(InputError, match="same folder"):
        find_jobs(tmp_path, tmp_path, Encoding())
