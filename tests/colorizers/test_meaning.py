import numpy as np
import pytest

from vidcolor_utils.colorizers.links import Link
from vidcolor_utils.colorizers.meaning import SELDOM, CarriedMeaning, bilinear, reading_size

HEIGHT, WIDTH = 4, 6  # of the grid, one cell to ten pixels of the frames


def link(right=0.0, trust=1.0):
    """A frame whose content lay `right` pixels further right in the frame before."""
    flow = np.zeros((10 * HEIGHT, 10 * WIDTH, 2), np.float32)
    flow[..., 0] = right
    return Link(flow, np.full(flow.shape[:2], trust, np.float32))


class Reader:
    """Reads a grid that tells where its cells are, and how often it was asked."""

    def __init__(self):
        self.count = 0

    def __call__(self, luma):
        self.count += 1
        down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        return np.dstack([across, down, np.full_like(down, self.count), luma[::10, ::10]])


FRAME = np.zeros((10 * HEIGHT, 10 * WIDTH), np.float32)


def test_the_meaning_moves_along_and_is_blurred_once():
    reader = Reader()
    carried = CarriedMeaning(reader)
    carried(FRAME, None, wanted=True)
    for _ in range(4):
        carried(FRAME, link(right=5), wanted=False)  # half a cell each
    meaning = carried(FRAME, link(right=0), wanted=True)
    assert reader.count == 1
    inside = meaning[:, :2, 0]  # beyond the border of the frames nothing is known
    np.testing.assert_allclose(inside, np.tile([2, 3], (HEIGHT, 1)), atol=1e-5)
    np.testing.assert_allclose(meaning[..., 1], np.tile(np.arange(HEIGHT)[:, None], (1, WIDTH)), atol=1e-5)


def test_it_is_read_anew_in_a_new_shot_after_a_while_and_where_nothing_can_be_carried():
    reader = Reader()
    carried = CarriedMeaning(reader, every=3)
    carried(FRAME, None, wanted=True)
    carried(FRAME, link(), wanted=True)
    assert reader.count == 1
    carried(FRAME, None, wanted=True)
    assert reader.count == 2
    for _ in range(2):
        carried(FRAME, link(), wanted=True)
    assert reader.count == 2
    carried(FRAME, link(), wanted=True)
    assert reader.count == 3
    carried(FRAME, link(trust=0.5), wanted=False)
    assert reader.count == 3
    carried(FRAME, link(), wanted=True)
    assert reader.count == 4


def test_a_new_reading_counts_as_one_among_those_that_could_be_followed():
    carried = CarriedMeaning(Reader(), every=1)
    carried(FRAME, None, wanted=True)
    assert carried(FRAME, link(), wanted=True)[0, 0, 2] == pytest.approx((1 + 2) / 2)
    later = [carried(FRAME, link(), wanted=True)[0, 0, 2] for _ in range(SELDOM)]
    np.testing.assert_allclose(later, [1.5] * (SELDOM - 1) + [(1 + 2 + 3) / 3])
    half = carried(FRAME, link(trust=0.5), wanted=True)  # three readings that count for half as much
    assert half[0, 0, 2] == pytest.approx((4 + 1.5 * 2) / 2.5)
    assert carried(FRAME, link(trust=0), wanted=True)[0, 0, 2] == pytest.approx(5)
    assert carried(FRAME, None, wanted=True)[0, 0, 2] == 6


def test_where_a_shot_stands_still_it_is_read_more_seldom_once_it_was_read_often_enough():
    reader = Reader()
    carried = CarriedMeaning(reader, every=2)
    counts = []
    for frame in range(22):
        carried(FRAME, link() if frame else None, wanted=True)
        counts.append(reader.count)
    read = [frame for frame in range(1, 22) if counts[frame] > counts[frame - 1]]
    assert read == [2, 10, 18]


def test_what_nobody_asked_for_does_not_cross_a_cut():
    carried = CarriedMeaning(Reader())
    carried(FRAME, None, wanted=True)
    carried(FRAME, None, wanted=False)
    assert carried(FRAME, link(), wanted=True)[0, 0, 2] == 2


def test_pictures_are_read_plain_and_in_a_mirror_in_turn():
    ramp = np.tile(np.linspace(0, 1, FRAME.shape[1], dtype=np.float32), (FRAME.shape[0], 1))
    carried = CarriedMeaning(Reader())
    plain = carried(ramp, None, wanted=True)
    turned = carried(ramp, None, wanted=True)
    np.testing.assert_array_equal(plain[..., 0], turned[:, ::-1, 0])  # what was read left was right
    np.testing.assert_allclose(plain[0, :, 3], ramp[0, ::10])
    np.testing.assert_allclose(turned[0, :, 3], ramp[0, 9::10])  # laid back over the picture as it is


def test_nothing_is_carried_for_those_that_do_not_ask():
    carried = CarriedMeaning(lambda luma: None)
    assert carried(FRAME, None, wanted=True) is None and carried(FRAME, link(), wanted=True) is None


def test_bilinear_by_hand():
    grid = np.array([[[0.0], [10.0]], [[100.0], [110.0]]], np.float32)
    places = np.array([[[0.5, 0.0], [1.0, 1.0], [0.25, 0.5], [-3.0, 9.0]]], np.float32)
    np.testing.assert_allclose(bilinear(grid, places)[0, :, 0], [5, 110, 52.5, 100])


@pytest.mark.parametrize(
    ("size", "expected"), [((720, 1280), (168, 294)), ((100, 100), (168, 168)), ((100, 1000), (168, 504))]
)
def test_pictures_are_read_at_168_lines(size, expected):
    assert reading_size(*size) == expected
