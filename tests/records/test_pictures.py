from fractions import Fraction

import numpy as np
from PIL import Image

from records.pictures import Excerpt, grid, make_pictures, write_moving
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.writer import VideoWriter


def write_film(path, film):
    with VideoWriter(path, film.shape[1:3], encoding=Encoding("ffv1"), rate=Fraction(25)) as writer:
        for index, frame in enumerate(film):
            writer.write_rgb(frame, index)


def letterboxed(level):
    """Twelve frames that get brighter, between black bars of 16 lines."""
    film = np.zeros((12, 96, 64, 3), np.uint8)
    film[:, 16:-16] = (level + 8 * np.arange(12))[:, None, None, None]
    return film


def test_bars_are_cut_and_moments_are_the_same(tmp_path):
    for name, level in (("dark", 40), ("bright", 140)):
        write_film(tmp_path / f"{name}.mkv", letterboxed(level))
    films = {name: tmp_path / f"{name}.mkv" for name in ("dark", "bright")}
    write_moving(films, tmp_path / "out.webp", Excerpt(start=2, step=3, frames=3, width=64, columns=2))
    picture = Image.open(tmp_path / "out.webp")
    assert (picture.n_frames, picture.width) == (3, 64 + 4 + 64)
    for frame, brighter in enumerate((16, 40, 64)):
        picture.seek(frame)
        shown = np.asarray(picture.convert("RGB"))[30:-4]
        assert abs(shown[:, 8:56].mean() - 40 - brighter) < 6 and abs(shown[:, 76:124].mean() - 140 - brighter) < 6


def test_a_grid_has_rows_of_its_columns():
    frames = {name: np.zeros((20, 40, 3), np.uint8) for name in "abcd"}
    wide, square = (grid(frames, Excerpt(0, 1, 1, 40, columns)) for columns in (4, 2))
    assert wide.shape == (42, 4 * 40 + 3 * 4, 3) and square.shape == (2 * 42, 2 * 40 + 4, 3)


def test_all_pictures_are_made(tmp_path, make_video, monkeypatch):
    monkeypatch.setattr("records.pictures.STRIP_STEP", 2)
    monkeypatch.setattr("records.pictures.MOVING", Excerpt(0, 2, 3, 64, 2))
    monkeypatch.setattr("records.pictures.OLD", Excerpt(1, 2, 3, 64, 2))
    for name in ("bw_1.mp4", "colorized_1.mp4", "color_1.mp4", "old.ogv.mp4"):
        make_video(name, frames=9)
    monkeypatch.setattr("records.pictures.KINDS", ("color_1", "bw_1"))
    monkeypatch.setattr("records.pictures.KINDS_AT", 3)
    make_pictures(tmp_path, tmp_path / "old.ogv.mp4", tmp_path, tmp_path)
    images = [Image.open(tmp_path / name) for name in ("moving.webp", "old_film.webp")]
    assert [(image.n_frames, image.size) for image in images] == [(3, (132, 2 * (48 + 22))), (3, (132, 48 + 22))]
    rows, columns = 4 * (180 + 22), 5 * 240 + 4 * 4
    assert Image.open(tmp_path / "strip.jpg").size == (columns, rows)
    assert Image.open(tmp_path / "kinds.jpg").size == (2 * 240 + 4, 3 * (180 + 22))
