from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.files import (
    is_sequence,
    iter_rgb,
    numbered,
    sample_lumas,
    sequence_files,
    video_info,
    videos_below,
    write_film_of,
    write_pictures_of,
)
from vidcolor_utils.video.reader import VideoReader


@pytest.fixture
def pictures(tmp_path):
    """Five pictures, numbered from 8 on, each brighter than the last."""
    for number in range(8, 13):
        Image.fromarray(np.full((48, 64, 3), 20 * number, np.uint8)).save(tmp_path / f"a{number:03}.png")
    return tmp_path / "a%03d.png"


def test_what_a_colorizing_has_not_finished_is_no_video_of_a_folder(tmp_path):
    for name in ("b.mp4", "a/c.mkv", ".b_color.mp4.vidcolor/000000.mkv", "a/._c.mkv", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert videos_below(tmp_path) == [tmp_path / "a" / "c.mkv", tmp_path / "b.mp4"]


def test_numbered_pictures_are_found_in_their_order(pictures):
    assert is_sequence(pictures) and not is_sequence(pictures.with_name("a008.png"))
    assert {number: path.name for number, path in sequence_files(pictures).items()} == {
        number: f"a{number:03}.png" for number in range(8, 13)
    }
    pictures.with_name("a010.png").unlink()
    with pytest.raises(InputError, match=r"a010\.png is missing between a008\.png and a012\.png"):
        sequence_files(pictures)
    with pytest.raises(InputError, match="there are no such pictures"):
        sequence_files(pictures.with_name("b%d.png"))


def test_pictures_become_a_film(pictures, tmp_path):
    write_film_of(sequence_files(pictures).values(), tmp_path / "film.mov", Fraction(24))
    assert (video_info(tmp_path / "film.mov").frames, video_info(tmp_path / "film.mov").rate) == (5, 24)
    assert [int(frame.mean()) for frame in iter_rgb(tmp_path / "film.mov")] == pytest.approx(
        [20 * number for number in range(8, 13)], abs=1
    )


def test_a_picture_that_a_film_cannot_have_is_named(pictures, tmp_path):
    good = pictures.with_name("a009.png").read_bytes()
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(tmp_path / "other.bmp")
    for bad, problem in ((b"", "not a picture"), (b"no picture", "not a picture"), (good[:60], "not a picture")):
        pictures.with_name("a010.png").write_bytes(bad)
        with pytest.raises(InputError, match=rf"a010\.png: {problem} that can be read"):
            write_film_of(sequence_files(pictures).values(), tmp_path / "film.mov", Fraction(24))
    pictures.with_name("a010.png").write_bytes((tmp_path / "other.bmp").read_bytes())
    write_film_of(sequence_files(pictures).values(), tmp_path / "film.mov", Fraction(24))  # read as what it holds
    Image.new("L", (64, 48)).save(tmp_path / "b001.tif")
    (tmp_path / "b002.tif").write_bytes((tmp_path / "other.bmp").read_bytes())
    with pytest.raises(InputError, match=r"b002\.tif: is coded in another way"):
        write_film_of(sequence_files(tmp_path / "b%03d.tif").values(), tmp_path / "film.mov", Fraction(24))


def test_a_name_may_have_other_percent_signs_but_one_number(pictures):
    assert numbered("100%/50%_%04d.png", 7) == Path("100%/50%_0007.png")
    pictures.with_name("a008.png").rename(pictures.with_name("50%_8.png"))
    assert list(sequence_files(pictures.with_name("50%_%d.png"))) == [8]
    with pytest.raises(InputError, match="one number"):
        sequence_files(pictures.with_name("%d_%d.png"))


def test_a_film_becomes_numbered_pictures(make_video, tmp_path):
    film = make_video(frames=3)
    write_pictures_of(film, tmp_path / "out%d.png", first=3)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["out3.png", "out4.png", "out5.png"]
    for number, frame in enumerate(iter_rgb(film), start=3):
        picture = np.asarray(Image.open(tmp_path / f"out{number}.png")).astype(int)
        assert np.abs(picture - frame).mean() < 4  # chroma is enlarged in another way


def test_a_film_is_looked_at_in_places_spread_over_it(make_video):
    path = make_video(frames=50, options={"g": "5"})
    with VideoReader(path) as reader:
        assert 2 < len(list(sample_lumas(reader, 5))) <= 5
    assert len(list(iter_rgb(path))) == 50


def test_a_picture_is_a_film_of_one_frame(pictures):
    (frame,) = iter_rgb(pictures.with_name("a008.png"))
    assert frame.shape == (48, 64, 3) and (frame == 160).all()
