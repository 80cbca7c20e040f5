"""Unpaired: a tiny training of both twins, the pool, the spreads of hue."""

import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.related.unpaired.digits import digit_clips, hue_color
from vidcolor_utils.related.unpaired.training import (
    Pool,
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
