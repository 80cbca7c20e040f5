from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.backends import backend_environment
from tests.helpers.eager import without_graphs
from vidcolor_utils.course.consistency_loss import (
    ConsistencyLoss,
    consistency_loss,
    previous_in_run,
    warp,
)
from vidcolor_utils.pairs.targets import pack_targets

OTHER_BACKENDS = ("torch", "jax")


def frames(*values: float) -> np.ndarray:
    """Frames of 2x2 pixels, each of one 8-bit value, as float32 in [0, 1]."""
    return np.repeat(np.array(values, np.float32)[:, None] / 255, 12, axis=1).reshape(-1, 2, 2, 3)


def value(loss: ConsistencyLoss, true: np.ndarray, pred: np.ndarray) -> float:
    return float(keras.ops.convert_to_numpy(loss(true, pred)))


def test_equals_the_equation_by_hand():
    # to true: (4 + 0 + 100) / 3; to previous: (10^2 + 20^2) / 3
    loss = ConsistencyLoss(0.8, run_length=3)
    got = value(loss, frames(12, 20, 30), frames(10, 20, 40))
    assert got == pytest.approx(0.8 * 104 / 3 + 0.2 * 500 / 3, rel=1e-5)


def test_value_range_255_gives_the_same_units():
    true, pred = frames(12, 20, 30), frames(10, 20, 40)
    eight_bit = value(ConsistencyLoss(0.3, run_length=3, value_range=255.0), true * 255, pred * 255)
    assert eight_bit == pytest.approx(value(ConsistencyLoss(0.3, run_length=3), true, pred), rel=1e-5)


def test_beta_one_ignores_the_order_and_beta_zero_ignores_the_truth():
    true, pred = frames(12, 20, 30), frames(10, 20, 40)
    order = [2, 0, 1]
    only_true, only_previous = (ConsistencyLoss(beta, run_length=3) for beta in (1, 0))
    assert value(only_true, true[order], pred[order]) == pytest.approx(value(only_true, true, pred))
    assert value(only_true, true, pred) == pytest.approx(104 / 3, rel=1e-5)
    assert value(only_previous, true, frames(77, 77, 77)) == 0  # repeating a frame is perfect
    assert value(only_previous, true, pred) == pytest.approx(500 / 3, rel=1e-5)


def test_no_pair_crosses_the_border_of_a_run():
    first, second = frames(10, 20), frames(210, 200)
    loss = ConsistencyLoss(0.0, run_length=2)
    both = value(loss, np.zeros_like(frames(0, 0, 0, 0)), np.concatenate([first, second]))
    assert both == pytest.approx((100 / 2 + 100 / 2) / 2, rel=1e-5)  # nothing of the 190 between them
    as_one_run = value(ConsistencyLoss(0.0, run_length=4), frames(0, 0, 0, 0), np.concatenate([first, second]))
    assert as_one_run == pytest.approx((100 + 190**2 + 100) / 4, rel=1e-5)


def test_previous_in_run_repeats_the_first_of_each_run():
    shifted = keras.ops.convert_to_numpy(previous_in_run(frames(1, 2, 3, 4, 5, 6), 3))
    np.testing.assert_array_equal(shifted, frames(1, 1, 2, 4, 4, 5))


def test_equal_and_still_frames_cost_nothing():
    assert value(ConsistencyLoss(0.5, run_length=2), frames(9, 9), frames(9, 9)) == 0


def test_second_crop_supervises_only_the_lower_right_quadrant():
    true = np.zeros((2, 4, 4, 3), np.float32)
    pred = np.ones((2, 4, 4, 3), np.float32)
    pred[:, 2:, 2:] = 0
    assert value(ConsistencyLoss(1.0, run_length=2, second_crop=True), true, pred) == 0
    assert value(ConsistencyLoss(1.0, run_length=2), true, pred) == pytest.approx(255**2 * 12 / 16)


def test_mask_keeps_black_bars_out():
    true, pred = frames(0, 0), frames(50, 50)
    mask = np.ones((2, 2, 2, 1), np.float32)
    mask[:, 0] = 0
    true[:, 1], pred[:, 1] = 40 / 255, 44 / 255
    masked = ConsistencyLoss(1.0, run_length=2, masked=True)
    assert value(masked, pack_targets(true, mask=mask), pred) == pytest.approx(16, rel=1e-4)
    assert value(masked, pack_targets(true, mask=mask * 0), pred) == 0


def moving_dot(positions: list[int]) -> np.ndarray:
    clip = np.zeros((len(positions), 5, 8, 3), np.float32)
    for frame, x in zip(clip, positions, strict=True):
        frame[2, x] = 1
    return clip


def test_motion_compensation_does_not_punish_motion():
    pred = moving_dot([2, 4])
    motion = np.zeros((2, 5, 8, 3), np.float32)
    motion[..., 2] = 1
    motion[1, ..., 0] = -2  # what is at x now was at x - 2
    targets = pack_targets(pred, motion=motion)
    assert value(ConsistencyLoss(0.0, run_length=2), pred, pred) > 0
    assert value(ConsistencyLoss(0.0, run_length=2, motion_compensated=True), targets, pred) == 0


def test_motion_compensation_leaves_out_what_was_hidden():
    pred = moving_dot([2, 5])
    motion = np.zeros((2, 5, 8, 3), np.float32)
    motion[..., 2] = 1
    motion[1, 2, 2, 2] = motion[1, 2, 5, 2] = 0
    loss = ConsistencyLoss(0.0, run_length=2, motion_compensated=True)
    assert value(loss, pack_targets(pred, motion=motion), pred) == 0


def test_warp_interpolates_and_repeats_the_edge():
    row = np.array([0, 10, 20, 30], np.float32).reshape(1, 1, 4, 1)
    flow = np.zeros((1, 1, 4, 2), np.float32)
    flow[..., 0] = 0.5
    moved = keras.ops.convert_to_numpy(warp(row, keras.ops.convert_to_tensor(flow))).ravel()
    np.testing.assert_allclose(moved, [5, 15, 25, 30])


def test_survives_its_config():
    loss = ConsistencyLoss(0.3, run_length=4, masked=True, motion_compensated=True, value_range=255.0)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert twin.get_config() == loss.get_config()
    assert (twin.beta, twin.run_length, twin.target_channels) == (0.3, 4, 7)


@pytest.mark.parametrize("beta", [-0.1, 1.4, float("nan")])
def test_beta_out_of_range_is_refused(beta: float):
    with pytest.raises(ValueError, match="beta"):
        ConsistencyLoss(beta, run_length=2)


def test_broken_runs_and_wrong_targets_are_refused():
    with pytest.raises(ValueError, match="whole runs of 2"):
        ConsistencyLoss(0.5, run_length=2)(frames(1, 2, 3), frames(1, 2, 3))
    with pytest.raises(ValueError, match="4 channels"):
        ConsistencyLoss(0.5, run_length=2, masked=True)(frames(1, 2), frames(1, 2))
    with pytest.raises(ValueError, match="motion"):
        ConsistencyLoss(0.5, run_length=2, second_crop=True, motion_compensated=True)


@without_graphs()
def test_lowers_in_fit():
    """Gradients pass through every option: the loss of a model of one pixel's depth goes down."""
    keras.utils.set_random_seed(0)
    picture = keras.Input((4, 4, 3))
    model = keras.Model(picture, keras.layers.Conv2D(3, 1)(picture))
    loss = ConsistencyLoss(0.8, run_length=2, masked=True, motion_compensated=True)
    model.compile(keras.optimizers.Adam(0.05), loss=loss, jit_compile=False)
    rng = np.random.default_rng(0)
    shown = rng.random((4, 4, 4, 3), np.float32)
    motion = np.concatenate([rng.uniform(-1, 1, (4, 4, 4, 2)), np.ones((4, 4, 4, 1))], axis=-1)
    targets = pack_targets(shown, mask=np.ones((4, 4, 4, 1)), motion=motion)
    history = model.fit(shown, targets, batch_size=4, epochs=8, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert history[-1] < 0.8 * history[0]


def test_function_returns_one_loss_a_frame():
    losses = consistency_loss(
        keras.ops.convert_to_tensor(frames(0, 0)),
        keras.ops.convert_to_tensor(frames(0, 255)),
        beta=0.5,
        run_length=2,
    )
    np.testing.assert_allclose(keras.ops.convert_to_numpy(losses), [0, 1], rtol=1e-6)


@pytest.mark.backends
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_same_on_another_backend(backend: str):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}")
    command = [sys.executable, "-m", "pytest", "-q", str(Path(__file__))]
    environment = backend_environment(backend)
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    assert result.returncode == 0, result.stdout[-2000:]
