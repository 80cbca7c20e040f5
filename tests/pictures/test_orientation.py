import numpy as np
import pytest

from vidcolor_utils.pictures.orientation import UPRIGHT, Orientation

PICTURE = np.arange(6).reshape(2, 3)  # 0 1 2 over 3 4 5


def test_a_quarter_turn_goes_counter_clockwise_and_mirroring_comes_after():
    assert Orientation(90).upright(PICTURE).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert Orientation(90, mirrored=True).upright(PICTURE).tolist() == [[5, 2], [4, 1], [3, 0]]
    assert Orientation(180).upright(PICTURE).tolist() == [[5, 4, 3], [2, 1, 0]]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_what_is_stored_again_is_as_it_was(rotation, mirrored):
    orientation = Orientation(rotation, mirrored)
    np.testing.assert_array_equal(orientation.stored(orientation.upright(PICTURE)), PICTURE)
    assert orientation.is_turned == (orientation.upright(PICTURE).shape == (3, 2))


def test_an_upright_picture_is_not_copied():
    assert UPRIGHT.upright(PICTURE) is PICTURE and UPRIGHT.stored(PICTURE) is PICTURE
