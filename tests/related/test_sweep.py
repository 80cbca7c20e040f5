"""The algebra of the linear sweep; run on every backend."""

import keras
import numpy as np
import pytest

from vidcolor_utils.related.propagation.sweep import (
    DIRECTIONS,
    four_sweeps,
    linear_sweep,
    linear_sweep_adjoint,
    stable_gates,
)

each_direction = pytest.mark.parametrize("direction", DIRECTIONS)


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def values_of(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def gates_of(*shape, seed=1):
    return as_numpy(stable_gates(values_of(*shape, 3, seed=seed)))


def inside(gates, direction):
    """Gates that do not reach outside the picture, so that the rows of the matrix sum to 1."""
    gates = np.abs(gates)
    across = 1 if direction in ("right", "left") else 2
    first = {"right": (2, 0), "left": (2, -1), "down": (1, 0), "up": (1, -1)}[direction]
    for axis, place, which in ((across, 0, 0), (across, -1, 2)):
        index = [slice(None)] * 4
        index[axis] = place
        gates[(*index, which)] = 0
    index = [slice(None)] * 4
    index[first[0]] = first[1]
    gates[tuple(index)] = 0
    return gates


def test_the_formula_by_hand():
    x = np.array([[[[1.0], [10.0]], [[2.0], [20.0]], [[3.0], [30.0]]]], np.float32)
    gates = np.zeros((1, 3, 2, 1, 3), np.float32)
    gates[0, 1, 1, 0] = 0.5, 0.2, 0.1  # of the middle pixel of the second column
    swept = as_numpy(linear_sweep(x, gates))
    assert swept[0, :, 0, 0].tolist() == [1, 2, 3]
    assert swept[0, 1, 1, 0] == pytest.approx(0.2 * 20 + 0.5 * 1 + 0.2 * 2 + 0.1 * 3)
    assert swept[0, [0, 2], 1, 0].tolist() == [10, 30]


def test_only_gates_that_are_too_large_are_divided():
    gates = as_numpy(stable_gates(np.array([[0.2, -0.3, 0.1], [2.0, -1.0, 1.0]], np.float32)))
    np.testing.assert_allclose(gates, [[0.2, -0.3, 0.1], [0.5, -0.25, 0.25]], rtol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="the others take arrays and tensors together")
def test_arrays_go_to_the_device_that_computes():
    """As on a GPU; PyTorch's device without memory refuses what a GPU refuses: an array beside a tensor."""
    with keras.device("meta"):
        gates = stable_gates(values_of(1, 5, 6, 2, 3))
        assert str(gates.device) == "meta"
        x, arrays = values_of(1, 5, 6, 2), values_of(1, 5, 6, 2, 3)
        for sweep in (linear_sweep, linear_sweep_adjoint):
            assert sweep(x, gates).shape == sweep(x, arrays).shape == (1, 5, 6, 2)
        assert four_sweeps(x, values_of(1, 5, 6, 24)).shape == (1, 5, 6, 2)


@each_direction
def test_a_constant_stays_where_no_gate_reaches_outside(direction):
    gates = inside(gates_of(2, 5, 6, 3), direction)
    swept = as_numpy(linear_sweep(np.full((2, 5, 6, 3), 4.0, np.float32), gates, direction))
    np.testing.assert_allclose(swept, 4, atol=1e-5)


@each_direction
def test_nothing_depends_on_what_is_ahead(direction):
    x, gates = values_of(1, 5, 6, 2), gates_of(1, 5, 6, 2)
    axis = 2 if direction in ("right", "left") else 1
    forward = direction in ("right", "down")
    ahead = [slice(None)] * 4
    ahead[axis] = slice(4, None) if forward else slice(None, 2)
    changed = x.copy()
    changed[tuple(ahead)] += 1
    difference = as_numpy(linear_sweep(changed, gates, direction)) - as_numpy(linear_sweep(x, gates, direction))
    behind = [slice(None)] * 4
    behind[axis] = slice(None, 4) if forward else slice(2, None)
    assert np.abs(difference[tuple(ahead)]).max() > 0.1
    assert np.abs(difference[tuple(behind)]).max() == 0


@each_direction
def test_the_adjoint_is_the_transposed_matrix(direction):
    x, y, gates = values_of(2, 4, 5, 2), values_of(2, 4, 5, 2, seed=3), gates_of(2, 4, 5, 2)
    forth = (as_numpy(linear_sweep(x, gates, direction)) * y).sum()
    back = (x * as_numpy(linear_sweep_adjoint(y, gates, direction))).sum()
    assert forth == pytest.approx(back, rel=1e-4)


def test_gates_that_only_move_keep_the_energy_of_what_comes_in():
    """With g1 = 1 everything moves down and to the right by one a column: a permutation of the first column."""
    x = np.zeros((1, 6, 6, 1), np.float32)
    x[0, :3, 0, 0] = 1, 2, 3
    gates = np.zeros((1, 6, 6, 1, 3), np.float32)
    gates[..., 0] = 1
    gates[:, :, 0] = 0
    swept = as_numpy(linear_sweep(x, gates))
    for column in range(4):
        assert swept[0, column : column + 3, column, 0].tolist() == [1, 2, 3]
        assert np.square(swept[0, :, column]).sum() == 14


def test_gates_that_average_lose_energy_and_stay_in_range():
    x, gates = values_of(1, 8, 8, 1), np.abs(gates_of(1, 8, 8, 1))
    swept = as_numpy(linear_sweep(x, gates))
    assert np.square(swept).sum() < 0.9 * np.square(x).sum()
    assert np.abs(swept).max() <= np.abs(x).max() + 1e-6


def test_four_sweeps_take_the_largest():
    x, raw = values_of(1, 4, 4, 2), values_of(1, 4, 4, 24, seed=5)
    each = []
    for number, direction in enumerate(DIRECTIONS):
        three = np.stack([raw[..., 6 * number + 2 * k : 6 * number + 2 * k + 2] for k in range(3)], axis=-1)
        each.append(as_numpy(linear_sweep(x, stable_gates(three), direction)))
    np.testing.assert_allclose(as_numpy(four_sweeps(x, raw)), np.max(each, axis=0), atol=1e-6)


def test_an_unknown_direction_is_named():
    with pytest.raises(ValueError, match="sideways"):
        linear_sweep(values_of(1, 2, 2, 1), gates_of(1, 2, 2, 1), "sideways")
