from collections.abc import Iterator

import numpy as np
import pytest

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.errors import InputError


def test_bars_with_codec_noise_are_found():
    rng = np.random.default_rng(0)
    frames = rng.uniform(0, 6 / 255, (12, 40, 50))
    frames[:, 7:31] = rng.uniform(0.25, 0.8, (12, 24, 50))
    assert find_active_area(frames) == (7, 31, 0, 50)


def test_a_row_that_is_lit_once_is_no_bar():
    frames = np.zeros((6, 20, 20))
    frames[:, 5:15] = 0.4
    frames[5, 2:18] = 0.4
    assert find_active_area(frames) == (2, 18, 0, 20)


def test_a_black_video_has_no_bars():
    assert find_active_area(np.zeros((1, 20, 30))) == (0, 20, 0, 30)


def test_the_search_stops_when_there_can_be_no_bars():
    def frames() -> Iterator[np.ndarray]:
        yield np.full((20, 30), 0.4)
        raise AssertionError("read on")

    assert find_active_area(frames()) == (0, 20, 0, 30)


def test_no_frames_are_an_error():
    with pytest.raises(InputError, match="no frames"):
        find_active_area([])


def test_cut_takes_the_area_of_every_layer():
    image = np.arange(24).reshape(4, 3, 2)
    np.testing.assert_array_equal(Area(1, 3, 0, 2).cut(image), image[1:3, :2])
