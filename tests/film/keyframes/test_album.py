from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.helpers.keyed import ab_of, error, gray_of, panned
from vidcolor_utils.film.keyframes.album import key_colors, key_name, likeness, read_key_pictures, time_in_name
from vidcolor_utils.system.errors import InputError


def test_a_name_holds_its_time():
    assert key_name(3, 3680.5) == "shot_0003_1-01-20.500.png"
    for seconds in (0, 0.04, 59.9996, 80.5, 7261.001):
        assert time_in_name(Path(key_name(1, seconds))) == pytest.approx(seconds, abs=6e-4)
    assert time_in_name(Path("holiday.jpg")) is None and time_in_name(Path("2024-05-12.jpg")) is None
    for name in ("2024-05-12_shot_0001_0-01-20.500", "0-01-20.500-final", "key-0-01-20.500"):
        assert time_in_name(Path(f"{name}.png")) == 80.5


def save(path, rgb):
    Image.fromarray(rgb).save(path)


def test_gray_pictures_wait_and_coloured_ones_are_read_by_time(tmp_path):
    rgb = panned(1)[0]
    save(tmp_path / key_name(2, 9.0), rgb)
    save(tmp_path / key_name(1, 4.0).replace("png", "jpg"), rgb)
    save(tmp_path / key_name(1, 0.0), np.repeat(gray_of(rgb)[..., None], 3, axis=2))
    (tmp_path / "index.html").write_text("a page")
    (tmp_path / f"._{key_name(1, 4.0)}").write_bytes(b"what macOS lays beside a picture")
    assert [each.seconds for each in read_key_pictures(tmp_path)] == [4.0, 9.0]


def test_a_folder_that_says_nothing_is_refused_in_a_line(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_key_pictures(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no picture in colour"):
        read_key_pictures(tmp_path)
    save(tmp_path / "holiday.png", panned(1)[0])
    with pytest.raises(InputError, match=r"holiday.png: a key frame's name must hold its time"):
        read_key_pictures(tmp_path)


def test_two_pictures_of_one_frame_are_refused(tmp_path):
    for name in (key_name(1, 4.0), key_name(2, 4.0)):
        save(tmp_path / name, panned(1)[0])
    with pytest.raises(InputError, match="of the same frame"):
        read_key_pictures(tmp_path)


def test_a_picture_as_it_was_is_laid_over_as_it_is():
    rgb = panned(1)[0]
    np.testing.assert_array_equal(key_colors(gray_of(rgb), rgb), ab_of(rgb))


def test_a_moved_brighter_shrunk_and_compressed_picture_is_laid_right():
    rgb = panned(1)[0]
    moved = cv2.convertScaleAbs(np.roll(rgb, (2, 2), axis=(0, 1)), alpha=1.1)
    _, code = cv2.imencode(".jpg", cv2.resize(moved, (100, 75)), [cv2.IMWRITE_JPEG_QUALITY, 60])
    edited = cv2.imdecode(code, cv2.IMREAD_COLOR)
    unaligned = error(ab_of(cv2.resize(edited, rgb.shape[1::-1])), rgb)
    assert error(key_colors(gray_of(rgb), edited), rgb) < 0.75 * unaligned


def test_what_a_moved_picture_shows_beyond_the_frame_colours_nothing():
    """Colours of the border reach all that comes into a film there."""
    rgb = np.zeros((90, 120, 3), np.uint8)
    rgb[:] = np.random.default_rng(0).integers(60, 120, (90, 120, 1))
    rgb[..., 2] += 60
    moved = np.roll(rgb, (2, 2), axis=(0, 1))
    moved[:2], moved[:, :2] = (200, 30, 30), (200, 30, 30)
    _, code = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, 60])
    made = key_colors(gray_of(rgb), cv2.imdecode(code, cv2.IMREAD_COLOR))
    wrong = np.abs(made - ab_of(rgb)).mean(axis=2)
    assert wrong[10:-10, 10:-10].mean() < 2
    assert max(wrong[0].mean(), wrong[:, 0].mean()) < 8


def test_chroma_that_grew_with_brightness_shrinks_with_it():
    rgb = panned(1)[0]
    brighter = cv2.convertScaleAbs(rgb, alpha=1.15)
    assert error(key_colors(gray_of(rgb), brighter), rgb) < 0.5 * error(ab_of(brighter), rgb)


def test_only_its_chroma_is_used():
    rgb = panned(1)[0]
    ab = key_colors(gray_of(rgb), cv2.convertScaleAbs(rgb, alpha=0.8, beta=40))
    assert ab is not None and ab.shape == (*rgb.shape[:2], 2)


def test_a_picture_of_something_else_is_refused():
    rgb = panned(1)[0]
    for seed in (1, 2, 3):
        assert key_colors(gray_of(rgb), panned(1, seed=seed)[0]) is None


def test_likeness_knows_no_contrast_but_knows_place():
    gray = gray_of(panned(1)[0])
    assert likeness(gray, (gray * 0.6 + 50).astype(np.uint8)) > 0.98
    assert likeness(gray, gray[::-1]) < 0.5
    assert likeness(np.zeros_like(gray), np.zeros_like(gray)) == 1.0
    assert likeness(gray, np.full_like(gray, 90)) == likeness(np.full_like(gray, 90), gray) == 0.0
