"""Propagation: what becomes of colours hop by hop, the three terms, key frames, the small network of sweeps."""

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from tests.helpers.systems import SystemTests, sliding_clips
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.learning import grid_values
from vidcolor_utils.related.pointer.model import Pointer, build_pointer
from vidcolor_utils.related.propagation.model import build_key_frame_propagator
from vidcolor_utils.related.propagation.training import (
    PropagationConfig,
    between_keys,
    chain,
    mean_gap,
    mean_hops,
    score_chain,
    train_propagator,
)


class TestPropagation(SystemTests):
    def train(self, seed, steps):
        config = PropagationConfig(
            switched=0.1,
            round_trip=0.1,
            probes=0.1,
            steps=steps,
            batch=4,
            width=16,
            seed=seed,
            learning_rate=5e-3,
        )
        network, losses = train_propagator(sliding_clips(), config)
        return network.get_weights(), losses


@pytest.fixture
def still():
    return SmallClip("still", np.repeat(sliding_clips(1)[0].lab[:1], 6, axis=0))


@pytest.fixture
def pointer():
    keras.utils.set_random_seed(0)
    return Pointer(build_pointer(side=16, width=16), temperature=0.001)


def test_a_picture_that_stands_still_keeps_its_colours(still, pointer):
    made = chain(pointer, still, hops=5)
    scores = score_chain(made, still)
    assert made.shape == (6, 16, 2)
    assert scores.energy == pytest.approx(np.ones(5), abs=0.01) and scores.psnr_ab.min() > 40


def test_a_soft_matrix_loses_energy_at_every_hop(still, pointer):
    soft = score_chain(chain(Pointer(pointer.network, 1.0), still, hops=5), still).energy
    assert (np.diff(soft) < 0).all() and soft[-1] < 0.9
    assert mean_gap(Pointer(pointer.network, 1.0), [still]) > 0.5 > mean_gap(pointer, [still])


def test_controls_need_no_network(still):
    for name in ("hold", "motion"):
        assert mean_hops(name, [still], hops=5).energy == pytest.approx(np.ones(5), abs=0.02)


def test_between_keys_both_ends_are_the_keys_own(pointer):
    clip = sliding_clips(1)[0]
    for direct in (True, False):
        filled = between_keys(pointer, clip, 2, 8, direct=direct)
        assert filled.shape == (7, 16, 2)
        np.testing.assert_allclose(filled[[0, -1]], grid_values(clip.lab[[2, 8]]), atol=1e-4)


@without_graphs()
def test_the_small_network_of_sweeps_goes_both_ways():
    keras.utils.set_random_seed(0)
    model = build_key_frame_propagator(side=8, filters=2, properties=2)
    rng = np.random.default_rng(0)
    lightness = [rng.random((2, 8, 8, 1)).astype(np.float32) for _ in range(2)]
    colors = [rng.random((2, 8, 8, 2)).astype(np.float32) for _ in range(2)]
    model.compile("adam", loss="mean_absolute_error")
    there, back = model.predict_on_batch([*lightness, *colors])
    assert there.shape == back.shape == (2, 8, 8, 2)
    doubled = model.predict_on_batch([*lightness, 2 * colors[0], colors[1]])
    np.testing.assert_allclose(doubled[1], back, atol=1e-5)  # the way back does not see the key's colours
    assert np.abs(doubled[0] - there).max() > 0.01
    assert np.isfinite(model.train_on_batch([*lightness, *colors], [colors[1], colors[0]])[0])
