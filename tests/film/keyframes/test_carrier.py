import numpy as np
import pytest

from tests.helpers.films import write_part
from tests.helpers.keyed import error, two_shots, write_film
from vidcolor_utils.film.keyframes.carrier import Carrier, GrayFilm, TimedKey, carried_apart
from vidcolor_utils.pictures.active_area import Area
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span


@pytest.fixture
def film(make_video):
    return GrayFilm(make_video(frames=8, size=(96, 128)))


def key(film, seconds, shot):
    with VideoReader(film.path) as reader:
        gray = film.gray(next(reader.frames_from(seconds)), reader)
    return TimedKey(seconds, np.full((*gray.shape, 2), 20, np.float16), shot)


def test_frames_are_gray_and_small(film):
    with VideoReader(film.path) as reader:
        gray = film.gray(next(reader.luma_frames()), reader)
        assert film.shape(reader) == (96, 128)
    assert gray.dtype == np.uint8 and gray.shape == (96, 128)


def test_a_key_reaches_its_shot_and_no_further(film):
    carrier = Carrier(film, [key(film, 0.08, Span(0.0, 0.16))])
    found = list(carrier.reached(0.0))
    assert [round(each.seconds, 2) for each in found] == [number / 25 for number in range(8)]
    assert [each.reached.carried is not None for each in found] == [True] * 4 + [False] * 4


def test_in_a_film_of_uneven_times_a_key_is_laid_on_its_own_frame(tmp_path):
    write_part(
        tmp_path / "held.mp4", frames=20, hold=20, size=(96, 128)
    )  # on the mean a frame is shown for a second
    held = GrayFilm(tmp_path / "held.mp4")
    carrier = Carrier(held, [key(held, 0.4, Span(0.4, 0.5))])
    found = list(carrier.reached(0.0))
    assert [round(each.seconds, 2) for each in found if each.reached.carried is not None] == [0.4, 0.44, 0.48]
    assert next(carrier.reached(0.44)).seconds == pytest.approx(0.4)
    together = carried_apart(held, [key(held, 0.4, Span(0.0, 1.0))], 0.6)
    assert next(together).seconds == pytest.approx(0.4)


def test_a_later_segment_begins_at_the_key_before(film):
    carrier = Carrier(film, [key(film, 0.08, Span(0.0, 1.0))])
    first = next(carrier.reached(0.2))
    assert first.seconds == pytest.approx(0.08) and first.reached.carried is not None


@pytest.mark.parametrize("begin", [0.0, 0.16, 0.28])
def test_keys_carried_in_one_pass_reach_what_each_reaches_by_itself(film, begin):
    """From before the first one, between them, and behind the last."""
    keys = [key(film, seconds, Span(0.0, 1.0)) for seconds in (0.08, 0.2)]
    together = [each for each in carried_apart(film, keys, begin) if each.seconds >= begin - 1e-6]
    for number, each in enumerate(keys):
        alone = [timed for timed in Carrier(film, [each]).reached(begin) if timed.seconds >= begin - 1e-6]
        for one, both in zip(alone, together, strict=True):
            assert one.seconds == both.seconds
            np.testing.assert_array_equal(one.reached.carried.ab, both.reached[number].carried.ab)
            np.testing.assert_array_equal(one.reached.carried.confidence, both.reached[number].carried.confidence)


def test_shots_that_are_known_are_not_looked_for(film, monkeypatch):
    monkeypatch.setattr("vidcolor_utils.film.shots._search", lambda *_: Span(5.0, 6.0))
    assert film.shot_around(0.1, [Span(0.0, 1.0)]) == Span(0.0, 1.0)
    assert film.shot_around(2.0, [Span(0.0, 1.0)]) == Span(5.0, 6.0)


def test_a_picture_of_any_size_is_laid_over_its_frame_and_another_one_is_not(tmp_path):
    frames = two_shots(2)
    film = GrayFilm(write_film(tmp_path / "film.mp4", frames))
    with VideoReader(film.path) as reader:
        frame = next(reader.luma_frames())
        large = frames[0].repeat(2, axis=0).repeat(2, axis=1)
        assert error(film.key_colors(frame, large, reader), frames[0]) < 3
        assert film.key_colors(frame, frames[3], reader) is None


def test_a_point_is_found_in_the_small_picture(film):
    with VideoReader(film.path) as reader:
        gray = np.zeros((48, 64), np.uint8)
        assert film.place(100, 50, gray, reader) == (50, 25)
        with pytest.raises(InputError, match="128,50 is not in the picture of 128x96"):
            film.place(128, 50, gray, reader)
        film.area = Area(10, 96, 0, 128)
        with pytest.raises(InputError, match="100,5 is in a black bar"):
            film.place(100, 5, gray, reader)
