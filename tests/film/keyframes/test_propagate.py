import numpy as np
import pytest

from tests.helpers.keyed import SIZE, ab_of, error, gray_of, panned
from vidcolor_utils.film.keyframes import propagate
from vidcolor_utils.film.keyframes.matching import Library
from vidcolor_utils.film.keyframes.propagate import CarryFrame, Filler, reach, runs

ODD = np.full((8, 8, 2), 40, np.float32)  # automatic colours unlike any of the clips


def colors(frames, keys=(), cuts=(0,)):
    fill = Filler()
    film = (CarryFrame(gray_of(rgb), ab_of(rgb) if i in keys else None, i in cuts) for i, rgb in enumerate(frames))
    return [fill(reached, ODD) for reached in reach(film)]


@pytest.fixture(scope="module")
def shot():
    return panned(12)


def test_one_key_frame_colours_what_follows_it(shot):
    made = colors(shot, keys=[0])
    assert error(made[0], shot[0]) < 1e-3
    assert error(made[-1], shot[-1]) < error(ab_of(shot[0]), shot[-1]) / 2


def test_a_key_frame_colours_what_is_before_it(shot):
    made = colors(shot, keys=[len(shot) - 1])
    assert error(made[0], shot[0]) < error(ab_of(shot[-1]), shot[0]) / 2


def test_a_second_key_frame_helps(shot):
    one, two = colors(shot, keys=[0])[:-1], colors(shot, keys=[0, len(shot) - 1])[:-1]
    truth = shot[:-1]
    assert np.mean(list(map(error, two, truth))) < 0.8 * np.mean(list(map(error, one, truth)))


def test_a_key_frame_does_not_leak_into_other_shots():
    film = [*panned(4), *panned(4, seed=1), *panned(4)]
    made = colors(film, keys=[5], cuts=[0, 4, 8])
    for index in (0, 3, 8, 11):
        np.testing.assert_array_equal(made[index], np.full((*SIZE, 2), 40, np.float32))
    assert error(made[4], film[4]) < 10 and error(made[7], film[7]) < 10


def test_a_film_without_key_frames_keeps_its_colours(shot):
    assert all((ab == 40).all() for ab in colors(shot[:3]))


def test_runs_end_at_key_frames_cuts_and_when_they_are_long(monkeypatch):
    monkeypatch.setattr(propagate, "WAIT", 4)
    gray, key = np.zeros((8, 8), np.uint8), np.zeros((8, 8, 2), np.float32)
    film = [CarryFrame(gray, key if i in (2, 11) else None, i in (0, 11)) for i in range(13)]
    found = [(len(run.frames), run.following is not None) for run in runs(film)]
    assert found == [(2, True), (4, False), (4, False), (1, False), (2, False)]


def test_frames_are_given_out_as_they_come_and_memory_does_not_grow(monkeypatch):
    """Of a long film no more frames are asked for than a run holds."""
    monkeypatch.setattr(propagate, "WAIT", 4)
    asked = []

    def film():
        for index in range(40):
            asked.append(index)
            yield CarryFrame(np.zeros((48, 64), np.uint8), None, index == 0)

    out = reach(film())
    for count in range(1, 30):
        next(out)
        assert len(asked) <= count + 5


def strength(confidence, ab, filled, key):
    """By what `_strengthened` multiplies what looks like something in the key frames."""
    trusted = np.ones(SIZE, np.float32)
    return float((propagate._strengthened(confidence, ab, filled, trusted, key) / filled).mean())


def test_what_is_filled_in_is_made_as_strong_as_the_key_frame_and_no_more_than_so_much_stronger(monkeypatch):
    monkeypatch.setattr(propagate, "ROOM", 0.0)
    half, ab = np.full(SIZE, 0.5, np.float32), np.full((*SIZE, 2), 20, np.float32)
    ab[:, : SIZE[1] // 2] *= -1
    key = [Library(np.zeros((2, 1), np.float32), np.array([[16, 16], [-16, -16]], np.float32))]
    # 0.5 * 20 is there; 6 is wanted of what is 0.5 * 10
    assert strength(half, ab, ab / 2, key) == pytest.approx(6 / 5, abs=1e-4)
    assert strength(half, ab, ab / 20, key) == pytest.approx(propagate.STRONGEST, abs=1e-4)
    assert strength(half, ab, ab, key) == pytest.approx(1, abs=1e-4)  # never weaker


def test_a_tint_over_all_is_not_made_stronger_in_place_of_many_colours():
    half, ab = np.full(SIZE, 0.5, np.float32), np.full((*SIZE, 2), 40, np.float32)
    key = [Library(np.zeros((2, 1), np.float32), np.full((2, 2), 16, np.float32))]
    assert strength(half, ab, ab / 2, key) == pytest.approx(1, abs=1e-4)


def test_what_looks_like_nothing_in_the_key_frames_is_not_made_stronger():
    half, ab = np.full(SIZE, 0.5, np.float32), np.full((*SIZE, 2), 20, np.float32)
    ab[:, : SIZE[1] // 2] *= -1
    key = [Library(np.zeros((2, 1), np.float32), np.array([[16, 16], [-16, -16]], np.float32))]
    trust = np.zeros(SIZE, np.float32)
    trust[: SIZE[0] // 2] = 1
    made = propagate._strengthened(half, ab, ab / 20, trust, key)
    np.testing.assert_allclose(made[SIZE[0] // 2 :], ab[SIZE[0] // 2 :] / 20, rtol=1e-4)
    assert np.abs(made[: SIZE[0] // 2]).mean() > 1.5
