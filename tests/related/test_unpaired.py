"""Unpaired: a tiny training of both twins, the pool, the spreads of hue."""

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.related.unpaired.digits import digit_clips, hue_color
from vidcolor_utils.related.unpaired.hues import RoundTrip, hues, round_trip, there_and_back
from vidcolor_utils.related.unpaired.training import (
    Pool,
    Trained,
    UnpairedConfig,
    cycle_model,
    painted,
    spreads,
    train_unpaired,
)

TINY = {"steps": 2, "batch": 2, "filters": 4, "clips": 4}


@without_graphs()
def test_a_few_steps():
    seen = []
    pair = train_unpaired(UnpairedConfig(**TINY), watch=lambda step, _: seen.append(step), every=1)
    assert seen == [1, 2]
    made, true = painted(pair, count=4)
    assert all(np.isfinite([*made, *true])) and true.within < 0.05 < true.between
    a, b = digit_clips(2, colored=False, seed=1), digit_clips(2, colored=True, seed=2)
    outputs = cycle_model(pair).predict_on_batch([a, b])
    assert [each.shape[-1] for each in outputs] == [3, 1, 1, 3]


def test_steady_hues_differ_between_clips_and_turning_ones_within():
    shapes = digit_clips(16, colored=False, seed=5, flicker=None)
    inside = (shapes + 1) / 2
    red = inside * hue_color(0.0) * 2 - 1
    # Not quite 0: on the way between pixels the digit gets a little darker and lighter.
    assert spreads(red, shapes)[:2] == pytest.approx((0, 0), abs=0.06)
    assert spreads(red, shapes).overlap > 0.95
    each = np.stack([hue_color(t / 16) for t in range(16)])[:, None, None, None]
    steady = spreads(inside * each * 2 - 1, shapes)
    assert steady.within < 0.06 and steady.between > 0.4
    turning = spreads(inside * np.stack([hue_color(t / 8) for t in range(8)])[None, :, None, None] * 2 - 1, shapes)
    assert turning.within > 0.4
    assert spreads(np.full_like(red, -1), shapes).overlap == 0


def test_the_pool_gives_old_ones_back():
    pool, first = Pool(2), np.zeros((2, 1), np.float32)
    assert np.array_equal(pool.mixed(first), first)
    later = np.concatenate([pool.mixed(np.full((1, 1), value, np.float32)) for value in range(1, 20)])
    assert (later == 0).sum() == 2 or len(set(later.ravel())) < 19
    assert np.array_equal(Pool(0).mixed(later), later)


WHEEL = np.stack([hue_color(turn / 4) for turn in range(4)])  # 0, 90, 180 and 270 degrees


def test_hues_in_degrees():
    np.testing.assert_allclose(hues(np.eye(3)), [0, 120, -120], atol=1e-6)
    np.testing.assert_allclose(
        hues(0.2 + 0.5 * WHEEL) % 360, [0, 90, 180, 270], atol=2
    )  # gray on top turns nothing


def test_hues_that_come_back_are_nearer_to_their_own_clip():
    gray = np.ones(4)
    kept = RoundTrip(WHEEL, gray, 0.5 * WHEEL).gaps
    assert kept == pytest.approx((0, (90 + 180 + 90) / 3), abs=2)
    swapped = RoundTrip(WHEEL, gray, WHEEL[[2, 3, 0, 1]]).gaps  # red for cyan
    assert swapped == pytest.approx((180, (90 + 0 + 90) / 3), abs=2)
    all_red = RoundTrip(WHEEL, gray, WHEEL[[0] * 4]).gaps  # near to one clip, and as near to it for all others
    assert all_red == pytest.approx((90, 90), abs=2)


def test_a_luma_is_explained_by_its_colours_and_chance_is_not():
    colors = np.random.default_rng(0).random((64, 3))
    assert RoundTrip(colors, colors @ [0.3, 0.6, 0.1], colors).explained == pytest.approx(1)
    assert RoundTrip(colors, np.random.default_rng(1).random(64), colors).explained < 0.2


def test_a_round_trip_takes_means_over_the_digit():
    clips = digit_clips(3, colored=True, seed=4)
    gray = keras.Sequential([keras.Input(clips.shape[1:]), keras.layers.Dense(1, use_bias=False)])
    red = keras.Sequential([keras.Input((*clips.shape[1:-1], 1)), keras.layers.Dense(3)])
    gray.set_weights([np.full((3, 1), 1 / 3)])
    red.set_weights([np.array([[1.0, 0, 0]]), np.array([0.0, -1, -1])])
    trip = round_trip(clips, *there_and_back(Trained(paint=red, strip=gray), clips))
    assert trip.before.shape == trip.after.shape == (3, 3)
    np.testing.assert_allclose(trip.gray, trip.before.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(trip.after, trip.gray[:, None] * [1, 0, 0], atol=1e-5)
    assert trip.before.max(axis=1).min() > 0.5  # the dark ground does not count
