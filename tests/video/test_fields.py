import numpy as np
import pytest

from tests.helpers.films import combing, moving_disc, woven
from vidcolor_utils.video.fields import REACH, deinterlaced, deinterlaced_lumas, without_second_field
from vidcolor_utils.video.reader import VideoReader


def moving_lumas(count, height=48, width=64):
    """A disc that crosses the picture, (T, H, W) uint8."""
    return np.ascontiguousarray(moving_disc(count, height, width)[..., 0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("fields", ["top", "bottom"])
def test_combing_goes_and_the_first_field_stays(fields, dtype):
    progressive = moving_lumas(20).astype(dtype)
    lumas = woven(progressive, fields)
    found = np.stack(list(deinterlaced_lumas(lumas, fields)))
    assert found.dtype == dtype and found.shape == lumas.shape
    assert combing(lumas) > 2 * combing(progressive) and combing(found) < 1.1 * combing(progressive)
    first = slice(0 if fields == "top" else 1, None, 2)
    np.testing.assert_array_equal(found[:, first], lumas[:, first])
    error, was = (np.abs(seen - progressive[::2].astype(float)).mean() for seen in (found, lumas))
    assert error < 0.5 * was


@pytest.mark.parametrize("count", [0, 1, 2])
def test_films_of_a_few_frames_keep_them(count):
    assert len(list(deinterlaced_lumas(moving_lumas(2)[:count], "top"))) == count


def test_it_looks_no_further_than_it_says():
    lumas = woven(moving_lumas(24), "top")
    whole, part = (np.stack(list(deinterlaced_lumas(piece, "top"))) for piece in (lumas, lumas[4:9]))
    np.testing.assert_array_equal(whole[4 + REACH : 9 - REACH], part[REACH:-REACH])


def test_frames_that_are_not_marked_stay(make_interlaced):
    lumas = woven(moving_lumas(12), "top")
    found = {}
    for marked in (False, True):
        with VideoReader(make_interlaced(lumas, "top", marked=marked)) as reader:
            found[marked] = list(deinterlaced(reader.luma_frames(), "top"))
        assert [frame.pts for frame in found[marked]] == [frame.decoded.pts for frame in found[marked]]
    np.testing.assert_array_equal(np.stack([frame.luma for frame in found[False]]), lumas)
    assert combing(np.stack([frame.luma for frame in found[True]])) < 0.6 * combing(lumas)


@pytest.mark.parametrize(
    ("fields", "expected"), [("top", [10, 15, 20, 30, 40, 40]), ("bottom", [99, 99, 94, 88, 83, 77])]
)
def test_lines_of_the_second_field_become_the_mean_of_their_neighbours(fields, expected):
    plane = np.array([10, 99, 20, 88, 40, 77], np.uint8)[:, None] * np.ones(3, np.uint8)
    found = without_second_field(plane, fields)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[:, 0], expected)
