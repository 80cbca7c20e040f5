import pickle

import pytest
from PIL import Image

from tests.helpers.keyed import error, panned, two_shots, write_film
from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.film.keyframes.carrier import GrayFilm
from vidcolor_utils.film.keyframes.source import KeyedColors, colors_of
from vidcolor_utils.film.look import PLAIN, Hint, Look, Reference
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.times import WHOLE, Span


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
    (warning,) = colors_of(make_video(), Look(keyframes=keys), colorizer).warnings_of(WHOLE)
    assert key_name(1, 50.0) in warning and "not used" in warning


def test_a_time_within_a_frame_is_that_frame_s_and_two_of_one_frame_are_one(tmp_path, keys, colorizer):
    frames = panned(4, step=24)
    film = write_film(tmp_path / "film.mp4", frames)
    (keys / key_name(1, 0.0)).unlink()
    Image.fromarray(frames[1]).save(keys / key_name(1, 0.075))  # it is shown from 0.04 to 0.08 s
    Image.fromarray(frames[1]).save(keys / key_name(1, 0.05))
    colors = colors_of(film, Look(keyframes=keys), colorizer)
    assert [key.seconds for key in colors.keys] == [0.04]
    (warning,) = colors.warnings_of(WHOLE)
    assert "0.075" in warning and "not used: another one is of the frame at 0:00.040" in warning


def test_a_film_that_is_another_one_when_it_is_read_again_ends_in_one_sentence(make_video):
    with pytest.raises(InputError, match="changed while it was read"):
        GrayFilm(make_video()).next_at(iter(()), 0.5)


def test_a_time_that_a_name_rounds_down_is_of_its_own_frame(tmp_path, keys, colorizer):
    frames = panned(4, step=24)
    film = write_film(tmp_path / "film.mp4", frames, rate=30)  # the second is shown at 0.0333... s
    (keys / key_name(1, 0.0)).unlink()
    Image.fromarray(frames[1]).save(keys / key_name(1, 1 / 30))
    (key,) = colors_of(film, Look(keyframes=keys), colorizer).keys
    assert error(key.ab, frames[1]) < 4


def test_what_belongs_to_a_shot_outside_the_part_is_named(tmp_path, keys, colorizer):
    """Two shots, of 0.5 seconds each."""
    frames = two_shots(12)
    film = write_film(tmp_path / "film.mp4", frames)
    guide = keys / key_name(1, 0.0)
    look = Look(keyframes=keys, hints=(Hint(0.2, 60, 40, "#a03020"),), references=(Reference(guide, at=0.1),))
    colors = colors_of(film, look, colorizer)
    assert colors.warnings_of(WHOLE) == colors.warnings_of(Span(0.4, 0.9)) == ()
    outside = "the shot at 0:00.{} is not in the part to colorize"
    assert colors.warnings_of(Span(0.6, 0.9)) == (
        f"{guide}: not used: {outside.format('100')}",
        f"{guide}: not used: {outside.format('000')}",
        f"the points at 0:00.200 are not used: {outside.format('200')}",
    )
    report = colorize_file(film, tmp_path / "out.mp4", colorizer, look=look, span=Span(0.6, 0.9))
    assert report.warnings == colors.warnings_of(Span(0.6, 0.9))
