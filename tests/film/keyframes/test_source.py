import pickle

import pytest
from PIL import Image

from tests.helpers.keyed import error, panned, write_film
from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.film.keyframes.source import KeyedColors, colors_of
from vidcolor_utils.film.look import PLAIN, Look


@pytest.fixture
def keys(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    Image.fromarray(panned(1)[0]).save(folder / key_name(1, 0.0))
    return folder


def test_without_key_frames_the_colours_are_the_automatic_ones(tmp_path):
    assert type(colors_of(tmp_path / "film.mp4", PLAIN)) is FilmColors


def test_another_picture_is_another_setting(make_video, colorizer, keys):
    film = make_video()
    before = colors_of(film, Look(keyframes=keys), colorizer).settings()
    Image.fromarray(panned(1, seed=1)[0]).save(keys / key_name(1, 0.0))
    after = colors_of(film, Look(keyframes=keys), colorizer).settings()
    assert {key for key in after if before[key] != after[key]} - {"colorizer"} == {"key_frames"}


def test_it_can_be_sent_to_another_process(make_video, keys):
    sent = pickle.loads(pickle.dumps(colors_of(make_video(), Look(keyframes=keys))))
    assert type(sent) is KeyedColors and "key_frames" in sent.settings()


def test_a_picture_behind_the_end_is_left_out_and_named(make_video, colorizer, keys):
    (keys / key_name(1, 0.0)).rename(keys / key_name(1, 50.0))
    (warning,) = colors_of(make_video(), Look(keyframes=keys), colorizer).warnings
    assert key_name(1, 50.0) in warning and "not used" in warning


def test_a_time_that_a_name_rounds_down_is_of_its_own_frame(tmp_path, keys, colorizer):
    frames = panned(4, step=24)
    film = write_film(tmp_path / "film.mp4", frames, rate=30)  # the second is shown at 0.0333... s
    (keys / key_name(1, 0.0)).unlink()
    Image.fromarray(frames[1]).save(keys / key_name(1, 1 / 30))
    (key,) = colors_of(film, Look(keyframes=keys), colorizer)._keys
    assert error(key.ab, frames[1]) < 4
