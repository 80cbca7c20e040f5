import cv2
import numpy as np
import pytest

from vidcolor_utils.pictures.sizes import (
    BAND,
    evenly,
    fit_frame,
    fit_short_side,
    middle_square,
    resized,
    row_bands,
    shrunk,
    shrunk_in_steps,
)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((480, 640), (32, 43)),
        ((640, 480, 3), (43, 32)),
        ((20, 30), (20, 30)),
        ((1, 9000), (1, 9000)),
        ((64, 64), (32, 32)),
    ],
)
def test_the_short_side_comes_down_to_32_and_never_up(shape, size):
    assert fit_short_side(shape, 32) == size


def test_shrinking_averages():
    picture = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert shrunk(picture, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_small_colour_pictures_stay_as_they_are():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(shrunk(picture, 8), picture)


def test_fit_frame_keeps_the_shape_of_things():
    frame = np.full((100, 200, 3), 255, np.uint8)
    fitted = fit_frame(frame, (256, 256))
    assert (fitted[64:192] == 255).all() and not fitted[:64].any() and not fitted[192:].any()


def test_the_middle_square_is_cut_out_of_pictures_and_of_clips():
    picture = np.arange(24).reshape(4, 6)
    assert picture[middle_square(picture.shape, 2)].tolist() == [[8, 9], [14, 15]]
    assert picture[middle_square(picture.shape)].tolist() == picture[:, 1:5].tolist()
    clip = np.stack([picture, picture])[..., None]
    assert clip[:, *middle_square(clip.shape[1:], 2)].shape == (2, 2, 2, 1)


@pytest.mark.parametrize(
    ("length", "count", "places"),
    [(5, 3, [0, 2, 4]), (10, 4, [0, 3, 6, 9]), (2, 5, [0, 1]), (7, 1, [0]), (3, 0, [])],
)
def test_places_are_spread_evenly(length, count, places):
    assert evenly(length, count).tolist() == places


def test_resized_averages_where_a_side_shrinks_and_lays_between_where_none_does():
    ramp = np.array([[0, 4, 8, 12]], np.float32)
    np.testing.assert_array_equal(resized(ramp, (1, 2)), [[2, 10]])
    np.testing.assert_array_equal(resized(np.repeat(ramp, 2, axis=0), (2, 2)), [[2, 10]] * 2)
    np.testing.assert_array_equal(resized(ramp[:, :2], (1, 4)), [[0, 1, 3, 4]])
    assert resized(ramp, (1, 4)) is ramp


@pytest.mark.parametrize("size", [(27, 48), (24, 43), (36, 64), (72, 128), (100, 200)])
def test_shrinking_in_steps_averages_as_at_once(size):
    picture = cv2.GaussianBlur(np.random.default_rng(0).random((144, 256), np.float32), (0, 0), 8)
    found = shrunk_in_steps(picture, size)
    assert found.shape == size
    np.testing.assert_allclose(found, resized(picture, size), atol=0.004)  # a step of 8 bits


def test_less_than_a_half_is_shrunk_between_neighbours():
    picture = np.random.default_rng(0).random((27, 48), np.float32)
    between = cv2.resize(picture, (32, 18), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(shrunk_in_steps(picture, (18, 32)), between)
    odd = np.random.default_rng(0).random((27, 49), np.float32)  # to less than a half, but it has none
    np.testing.assert_array_equal(shrunk_in_steps(odd, (9, 16)), resized(odd, (9, 16)))
    assert shrunk_in_steps(picture, (27, 48)) is picture


def test_bands_of_rows_are_all_of_a_picture():
    for shape in ((1, 1), (5, BAND // 2), (5, BAND * 2), (301, 517, 3), (0, 4)):
        rows = [row for band in row_bands(shape) for row in range(shape[0])[band]]
        assert rows == list(range(shape[0]))
    assert [(band.start, band.stop) for band in row_bands((5, BAND // 2))] == [(0, 2), (2, 4), (4, 6)]
