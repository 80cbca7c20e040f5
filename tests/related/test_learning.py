import numpy as np
import pytest

from vidcolor_utils.related.learning import AB_SCALE, STRIDE, grid_ab, grid_values


@pytest.fixture
def lab():
    """Three frames of 8x8 whose quarters have one colour each, a = 1 to 4 in reading order and b = -a."""
    quarters = np.arange(1, 5, dtype=np.float32).reshape(2, 2)
    a = np.kron(quarters, np.ones((STRIDE, STRIDE), np.float32))
    return np.stack([np.dstack([np.full_like(a, 60), a, -a])] * 3)


def test_points_are_means_of_squares_row_by_row(lab):
    values = grid_values(lab)
    assert values.shape == (3, 4, 2) and values.dtype == np.float32
    np.testing.assert_array_equal(values[2], [[1, -1], [2, -2], [3, -3], [4, -4]])
    lab[0, 0, 0, 1] += STRIDE**2
    assert grid_values(lab)[0, 0].tolist() == [2, -1]


def test_what_networks_learn_is_scaled(lab):
    scaled = grid_ab(lab)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled * AB_SCALE, grid_values(lab), rtol=1e-6)
