"""Adversarial training by two compiled models; run on every backend."""

import keras
import numpy as np
import pytest
from keras import layers

from vidcolor_utils.related.adversarial import Adversarial, Judge


def make(weight=0.0):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((2,))
    generator = keras.Model(inputs, layers.Dense(2)(inputs), name="generator")
    seen = keras.Input((2,))
    hidden = layers.Dense(8, activation="relu")(seen)
    judge = keras.Model(seen, layers.Dense(1)(hidden), name="judge")
    return Adversarial(
        generator,
        [Judge(judge, lambda inputs, made: made[0])],
        make_generator_optimizer=lambda: keras.optimizers.Adam(0.02),
        make_judge_optimizer=lambda: keras.optimizers.Adam(0.02),
        loss="mean_squared_error",
        output_losses=["mean_absolute_error"],
        output_weights=[weight],
    )


def noise(seed, count=32):
    return np.random.default_rng(seed).standard_normal((count, 2)).astype(np.float32)


def weights(model):
    return [value.copy() for value in model.get_weights()]


def unchanged(model, before):
    return all(np.array_equal(now, then) for now, then in zip(model.get_weights(), before, strict=True))


def test_in_each_turn_only_one_side_learns():
    both = make()
    generator, judge = both.generator, both.judges[0]
    at_first = weights(generator), weights(judge)
    both.judge(0, noise(1), noise(2))
    assert unchanged(generator, at_first[0]) and not unchanged(judge, at_first[1])
    judged = weights(judge)
    both.fool(noise(3), [None])
    assert unchanged(judge, judged) and not unchanged(generator, at_first[0])
    both.judge(0, noise(1), noise(2))  # the judge still learns after the generator's turn
    assert not unchanged(judge, judged)


def test_the_generator_learns_to_be_where_the_real_ones_are():
    both = make()
    for step in range(150):
        real = noise(2 * step) * 0.1 + 2
        z = noise(2 * step + 1)
        both.judge(0, real, np.array(keras.ops.convert_to_numpy(both.generator(z))))
        both.fool(z, [None])
    made = keras.ops.convert_to_numpy(both.generator(noise(999)))
    assert np.abs(made.mean(axis=0) - 2).max() < 1


def test_targets_of_the_outputs_count_by_their_weight():
    both = make(weight=100.0)
    inputs = noise(0)
    losses = [both.fool(inputs, [inputs]) for _ in range(60)]
    assert losses[-1] < 0.3 * losses[0]


def test_losses_and_weights_must_match_the_outputs():
    with pytest.raises(ValueError, match="1 outputs"):
        Adversarial(
            make().generator,
            [],
            make_generator_optimizer=keras.optimizers.Adam,
            make_judge_optimizer=keras.optimizers.Adam,
            loss="mean_squared_error",
            output_losses=[],
            output_weights=[],
        )
