import cv2
import numpy as np
import pytest

from tests.helpers.keyed import gray_of, panned
from vidcolor_utils.film.keyframes.regions import likeness_to, region_around


@pytest.fixture(scope="module")
def disc():
    """A bright disc and another one like it on a dark ground with grain."""
    gray = np.full((120, 160), 60, np.uint8)
    for center in ((45, 60), (120, 60)):
        cv2.circle(gray, center, 25, 170, -1)
    return np.clip(gray + np.random.default_rng(0).normal(0, 2, gray.shape), 0, 255).astype(np.uint8)


def test_the_region_is_the_thing_that_the_point_is_on(disc):
    region = region_around(disc, 45.0, 60.0)
    inside = np.zeros(disc.shape, np.uint8)
    cv2.circle(inside, (45, 60), 21, 1, -1)
    assert region.dtype == np.float32 and region.shape == disc.shape
    assert region[inside > 0].mean() > 0.9 and region[60, 5] < 0.01


def test_what_does_not_hang_together_stays_out(disc):
    assert region_around(disc, 45.0, 60.0)[60, 120] < 0.01


def test_the_ground_is_a_region_as_well(disc):
    region = region_around(disc, 80.0, 110.0)
    assert region[110, 80] > 0.9 and region[60, 45] < 0.01


def test_the_point_itself_belongs_wherever_it_is():
    gray = gray_of(panned(1)[0])
    for x, y in ((0.0, 0.0), (127.9, 95.9), (64.0, 30.0)):
        assert region_around(gray, x, y)[int(y), int(x)] > 0.05


def test_likeness_is_one_at_the_point():
    gray = gray_of(panned(1)[0])
    likeness = likeness_to(gray, 60.0, 44.0)
    assert likeness.shape == gray.shape and likeness[44, 60] > 0.6 and 0 <= likeness.min() <= likeness.max() <= 1
