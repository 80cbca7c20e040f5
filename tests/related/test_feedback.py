"""Feedback: the U-Net given the truth and its own, the VGG network that leans on its last estimate."""

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from tests.helpers.systems import SystemTests, sliding_clips
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.feedback.colas import build_small_judge, build_small_unet
from vidcolor_utils.related.feedback.colas_training import (
    ColasConfig,
    FeedBack,
    Runs,
    accuracy_curve,
    adversarial_colas,
    chroma_ratio,
    fed_back,
    fed_truth,
    fitted_decay,
    scaled,
    train_colas,
    unrolled,
    unscaled,
)
from vidcolor_utils.related.feedback.colornn_training import (
    ColorNN,
    ColorNNConfig,
    half_life,
    memory_curve,
    nothing,
    own_estimate,
    random_earlier,
    turned_hue,
)


class TestColas(SystemTests):
    def train(self, seed, steps):
        config = ColasConfig(steps=steps, batch=4, seed=seed, learning_rate=3e-3)
        network, losses = train_colas(sliding_clips(), config)
        return network.get_weights(), losses


class TestColorNN(SystemTests):
    def train(self, seed, steps):
        config = ColorNNConfig(
            frame_steps=steps, feedback_steps=1, unroll=2, batch=2, encoder_weights=None, seed=seed
        )
        network = ColorNN(config, 32)
        losses = network.train(sliding_clips(side=32))
        return network.head.get_weights(), losses[:steps]


class Constant:
    """A network that gives back a constant Lab, or its input's Lab scaled."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, inputs, training=False):
        return inputs[..., 1:] * self.factor

    def predict(self, inputs, **options):
        return self(inputs)


def test_scaling_is_undone():
    lab = sliding_clips(1)[0].lab
    np.testing.assert_allclose(unscaled(scaled(lab)), lab, atol=1e-4)
    assert np.abs(scaled(lab)).max() <= 1


def test_given_the_truth_an_error_stays_and_given_its_own_it_grows():
    clip = SmallClip("still", np.repeat(sliding_clips(1)[0].lab[:1], 6, axis=0))
    truth, own = fed_truth(Constant(1.1), clip), fed_back(Constant(1.1), [clip], 6)[0]
    ab = clip.lab[0, ..., 1:]
    np.testing.assert_allclose(truth[5, ..., 1:], 1.1 * ab, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(own[5, ..., 1:], 1.1**5 * ab, rtol=1e-3, atol=1e-3)
    assert chroma_ratio([clip], [own], 5) == pytest.approx(1.1**5, rel=1e-3)


def test_what_is_fed_back_can_be_rounded_or_have_its_true_lightness():
    clip = sliding_clips(1)[0]
    made = fed_back(Constant(1.0), [clip], 4, FeedBack(true_lightness=True))[0]
    np.testing.assert_allclose(made[3, ..., 0], clip.lab[2, ..., 0], atol=1e-3)
    rounded = fed_back(Constant(1.0), [clip], 2, FeedBack(quantized=True))[0]
    assert 0 < np.abs(rounded[1] - clip.lab[0]).max() < 0.5


def test_a_networks_own_results_are_fed_back():
    clip, network = sliding_clips(1, side=16)[0], build_small_unet(channels=4, outputs=3, side=16, filters=(8, 8))
    made = fed_back(network, [clip], 3)[0]
    inputs = np.concatenate([scaled(clip.lab[2:3])[..., :1], scaled(made[1:2])], axis=-1)
    wanted = unscaled(network.predict_on_batch(inputs))
    np.testing.assert_allclose(made[2:], wanted, rtol=1e-3, atol=1e-3)


def test_clips_of_different_length_go_together():
    one, two, _ = sliding_clips()
    short = SmallClip("short", two.lab[:3])
    made = fed_back(Constant(1.0), [one, short], 5)
    assert [len(film) for film in made] == [5, 3]
    curve = accuracy_curve([one, short], made, 5)
    assert curve.shape == (5,) and curve[0] == 1


def test_a_decay_is_found_again():
    t = np.arange(30)
    found = fitted_decay(0.3 * np.exp(-t / 2.5) + 0.02)
    assert found == pytest.approx((0.3, 2.5, 0.02), rel=0.02)


def test_unrolling_feeds_each_result_to_the_next_frame():
    inputs = keras.Input((8, 8, 4))
    network = keras.Model(inputs, inputs[..., 1:] * 2)
    gray, first = np.zeros((1, 3, 8, 8, 1), np.float32), np.ones((1, 8, 8, 3), np.float32)
    made = unrolled(network, 3).predict_on_batch([gray, first])
    assert made[0, :, 0, 0, 0].tolist() == [2, 4, 8]


def test_runs_are_consecutive():
    clip = SmallClip(
        "count", np.arange(9, dtype=np.float32)[:, None, None, None] * np.ones((1, 4, 4, 3), np.float32)
    )
    drawn = Runs([clip], length=3, batch=10).draw()[:, :, 0, 0, 0]
    assert (np.diff(drawn, axis=1) == 1).all() and len(set(drawn[:, 0])) > 2


def test_the_published_defect_differs_from_call_to_call_in_use():
    keras.utils.set_random_seed(0)
    clean, defect = (build_small_unet(side=16, filters=(8, 8), batch_norm=flag) for flag in (False, True))
    x = np.random.default_rng(0).random((2, 16, 16, 3)).astype(np.float32)
    assert np.array_equal(clean(x, training=False), clean(x, training=False))
    assert not np.array_equal(defect(x, training=False), defect(x, training=False))
    assert build_small_judge(side=16, channels=5).output_shape == (None, 2, 2, 1)


@without_graphs()
def test_the_adversarial_half_changes_the_network():
    clips = sliding_clips(side=16)
    network, _ = train_colas(clips, ColasConfig(steps=1, batch=2))
    before = [value.copy() for value in network.get_weights()]
    losses = adversarial_colas(clips, network, steps=2, batch=2)
    assert len(losses["judge"]) == 2 and len(losses["generator"]) == 4
    assert any(not np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))


def test_what_is_given_as_the_previous_estimate():
    made = [np.full((1, 2, 2, 2), value, np.float32) for value in (1, 2, 3)]
    assert own_estimate(made, 3).max() == 3 and nothing(made, 3).max() == 0
    drawn = {float(random_earlier(seed)(made, 3).max()) for seed in range(20)}
    assert drawn == {1, 2, 3}


def test_hues_are_turned_by_a_right_angle():
    assert turned_hue(np.array([[1.0, 0.0], [0.0, 2.0]])).tolist() == [[0, 1], [-2, 0]]


def test_the_half_life_by_hand():
    assert half_life(np.array([1, 0.75, 0.25])) == pytest.approx(1.5)
    assert half_life(np.ones(5)) == np.inf


@without_graphs()
def test_a_first_estimate_that_is_ignored_is_gone_at_once():
    network = ColorNN(ColorNNConfig(encoder_weights=None), 32)
    clip = sliding_clips(1, side=32)[0]
    curve = memory_curve(network, clip, frames=3)
    assert curve[0] == 1 and curve.shape == (3,)
    assert network.colorize(clip, previous=nothing).shape == (14, 32, 32, 2)
