import numpy as np
import pytest

from vidcolor_utils.film.keyframes.choose import Shot, choose, reaching


def shot(away, start=0.0):
    return Shot([start + 0.04 * index for index in range(len(away))], away)


def test_a_still_shot_needs_one_frame():
    assert len(reaching(shot([0.0] * 40))) == 1


@pytest.mark.parametrize("count", [None, 3])
def test_of_a_title_that_stands_no_frame_is_chosen_twice(count):
    found = reaching(shot([0.0] * 600), count)  # 24 seconds, one key frame for each eight
    assert sorted(found) == [0, 300, 599]


def test_the_frame_in_the_middle_reaches_most():
    assert reaching(shot([0.05 * index for index in range(21)]), 1) == [10]


def test_what_moves_much_gets_more_frames_than_what_moves_little():
    few, many = (reaching(shot([speed * index for index in range(60)])) for speed in (0.02, 0.2))
    assert len(few) < len(many)


def test_two_halves_that_do_not_reach_each_other_get_a_frame_each():
    found = reaching(shot([0.0] * 10 + [5.0] * 10), 2)
    assert sorted(index >= 10 for index in found) == [False, True]


def test_a_long_take_is_looked_at_in_places():
    """25 minutes without a cut: to weigh each frame against each would take hours."""
    take = shot([0.01 * index for index in range(37_500)])
    found = sorted(reaching(take))
    assert len(found) == round(take.times[-1] / 8) and np.diff(found).max() < 37_500 / 64
    assert len(set(reaching(take, 600))) == 600


def test_every_so_many_frames_counts_from_each_cut():
    chosen = choose([shot([0.0] * 5), shot([0.0] * 3, start=1.0)], every=2)
    assert [(each.shot, round(each.seconds, 2)) for each in chosen] == [
        (1, 0),
        (1, 0.08),
        (1, 0.16),
        (2, 1),
        (2, 1.08),
    ]


def test_no_more_frames_than_there_are():
    assert sorted(reaching(shot([0.0, 1.0]), 5)) == [0, 1]
