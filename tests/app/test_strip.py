import numpy as np
import pytest

from tests.helpers.keyed import ab_of, error
from vidcolor_utils.app import strip
from vidcolor_utils.app.strip import MOMENTS, GivenPicture, ShotStrip, moments_of, part_of
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.look import Hint
from vidcolor_utils.video.reader import VideoReader

RATE, SHOT = 25, 8
TIMES = [number / RATE for number in range(SHOT)]  # of the first shot


def test_without_anything_the_colours_are_automatic(gray_film):
    moments = ShotStrip(gray_film).moments(TIMES, 0.12, colorizer=GrayColorizer())
    assert len(moments) == MOMENTS and 0.12 in [each.seconds for each in moments]
    assert all(each.rgb.shape == (96, 128, 3) and np.ptp(each.rgb, axis=-1).max() <= 1 for each in moments)


def test_a_key_frame_colours_the_moments_of_its_shot(gray_film, truth):
    picture = GivenPicture(0.12, truth[3])
    moments = ShotStrip(gray_film).moments(TIMES, 0.12, pictures=[picture], colorizer=GrayColorizer())
    assert len(moments) == MOMENTS
    for moment in moments:
        rgb = truth[round(moment.seconds * RATE)]
        gray = float(np.linalg.norm(ab_of(rgb), axis=-1).mean())
        assert error(ab_of(moment.rgb), rgb) < 0.4 * gray


def test_a_point_colours_what_it_is_on(gray_film):
    hint = Hint(0.12, 64, 48, "#c03020")
    moments = ShotStrip(gray_film).moments(TIMES, 0.12, hints=[hint], colorizer=GrayColorizer())
    at_point = [ab_of(each.rgb)[40:56, 56:72, 0].mean() for each in moments]
    assert min(at_point) > 5


def test_pictures_that_do_not_fit_are_told_apart(gray_film, truth):
    shots = ShotStrip(gray_film)
    assert shots.fits(GivenPicture(0.12, truth[3])) and not shots.fits(GivenPicture(0.12, truth[12]))
    wrong = GivenPicture(0.12, truth[12])
    (first, *_) = shots.moments(TIMES, 0.12, pictures=[wrong], colorizer=GrayColorizer())
    assert np.ptp(first.rgb, axis=-1).max() <= 1


def test_points_outside_the_picture_are_told_apart(gray_film):
    shots = ShotStrip(gray_film)
    assert shots.shows(Hint(0.12, 127, 95, "#000000")) and not shots.shows(Hint(0.12, 128, 95, "#000000"))


def test_of_a_long_shot_a_part_is_read_and_what_is_marked_beside_it(monkeypatch):
    monkeypatch.setattr(strip, "MOST", 4)
    times = [float(second) for second in range(100)]
    part, others = part_of(times, 50.0, {50.0, 3.0, 20.0, 47.0, 80.0, 90.0})
    assert part == [45.0, 47.0, 48.0, 50.0, 52.0, 55.0] and others == [20.0, 80.0]


def test_the_part_is_read_with_the_frames_beside_it_in_order(gray_film):
    times = [number / RATE for number in range(2 * SHOT)]
    with VideoReader(gray_film) as reader:
        read = [frame.seconds for frame in strip._read(reader, times[4:7], [times[1], times[9]])]
    assert read == pytest.approx([times[1], *times[4:7], times[9]])


def test_the_frame_looked_at_is_among_the_moments():
    assert moments_of([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3.0) == [0.0, 3.0, 4.0, 6.0]
    assert moments_of([0.0, 1.0], 1.0) == [0.0, 1.0]
