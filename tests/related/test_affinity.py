"""The algebra of the matrix that carries colours; run on every backend."""

import keras
import numpy as np
import pytest
from keras import ops

from vidcolor_utils.related import affinity


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture
def weights():
    likeness = affinity.cosines(
        ops.convert_to_tensor(random(2, 6, 4)), ops.convert_to_tensor(random(2, 6, 4, seed=1))
    )
    return affinity.affinity(likeness, 0.3)


def test_points_are_the_pixels_in_reading_order():
    maps = np.arange(12, dtype=np.float32).reshape(1, 2, 3, 2)
    assert as_numpy(affinity.as_points(maps))[0, 4].tolist() == maps[0, 1, 1].tolist()


def test_features_are_scaled_to_length_one_and_a_common_part_is_taken_off():
    points = random(1, 5, 3) + 100
    plain, centred = (as_numpy(affinity.normalized(points, centred=flag)) for flag in (False, True))
    np.testing.assert_allclose(np.linalg.norm(centred, axis=-1), 1, atol=1e-4)
    assert (plain @ plain[0].T).min() > 0.99  # all alike
    assert (centred @ centred[0].T).min() < 0


def test_no_features_are_like_nothing():
    assert not np.isnan(as_numpy(affinity.normalized(np.zeros((1, 2, 3), np.float32)))).any()


def test_weights_are_those_of_a_softmax_of_cosines():
    target, source = np.array([[[3.0, 0.0]]], np.float32), np.array([[[5.0, 0.0], [0.0, 2.0]]], np.float32)
    found = as_numpy(affinity.affinity(affinity.cosines(target, source), 0.5))
    assert found[0, 0] == pytest.approx([np.e**2 / (np.e**2 + 1), 1 / (np.e**2 + 1)], abs=1e-5)


def test_rows_sum_to_one_so_constants_stay(weights):
    np.testing.assert_allclose(as_numpy(ops.sum(weights, axis=-1)), 1, atol=1e-5)
    constant = np.full((2, 6, 2), 7.0, np.float32)
    np.testing.assert_allclose(as_numpy(affinity.transport(weights, constant)), 7, atol=1e-4)


def test_the_switched_direction_is_the_adjoint(weights):
    x, y = random(2, 6, 3, seed=2), random(2, 6, 3, seed=3)
    forth, back = as_numpy(affinity.transport(weights, x)), as_numpy(affinity.transport_back(weights, y))
    assert (forth * y).sum() == pytest.approx((x * back).sum(), rel=1e-4)


def test_a_permutation_keeps_energy_and_a_mean_loses_it():
    values = random(1, 6, 2)
    permutation = np.eye(6, dtype=np.float32)[None, [3, 0, 5, 1, 2, 4]]
    moved = as_numpy(affinity.transport(permutation, values))
    assert np.square(moved).sum() == pytest.approx(np.square(values).sum(), rel=1e-5)
    mean = as_numpy(affinity.transport(np.full((1, 6, 6), 1 / 6, np.float32), values))
    assert np.square(mean).sum() < 0.5 * np.square(values).sum()


def test_the_gap_from_orthogonal_by_hand():
    permutation = np.eye(4, dtype=np.float32)[None, ::-1].copy()
    assert as_numpy(affinity.orthogonality_gap(permutation)) == pytest.approx([0], abs=1e-6)
    # A A' of a mean over 4 is 1/4 everywhere: four times (3/4)^2 and twelve times (1/4)^2, over 4.
    mean = np.full((1, 4, 4), 0.25, np.float32)
    assert as_numpy(affinity.orthogonality_gap(mean)) == pytest.approx([np.sqrt((4 * 9 + 12) / 16 / 4)], rel=1e-5)


def test_two_way_likeness_knows_who_has_a_better_partner():
    likeness = np.array([[[0.9, 0.1], [0.8, 0.2]]], np.float32)  # source 0 is chosen by both, prefers 0
    forward, backward = (as_numpy(each) for each in affinity.two_way_likeness(likeness))
    assert forward[0] == pytest.approx([0.9, 0.8])
    assert backward[0] == pytest.approx([0.9, 0.9])
