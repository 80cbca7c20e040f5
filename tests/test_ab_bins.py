import json
import os
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from conftest import REPOSITORY
from keras import ops
from skimage.color import rgb2lab

from vidcolor_utils.ab_bins import (
    ab_bins,
    annealed_mean,
    class_prior,
    decode,
    dense_targets,
    encoding_table,
    nearest_bin,
    rebalancing_weights,
    soft_encode,
)
from vidcolor_utils.bin_losses import RebalancedCrossEntropy, annealed_mean_of_scores

Q = 261  # the paper counts 313; see the docstring of `ab_bins`


@pytest.fixture(scope="module")
def srgb_ab():
    """ab of 8-bit sRGB colours, half of them on the faces of the RGB cube; (N, 2)."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (60_000, 3))
    faces = np.arange(30_000)
    rgb[faces, rng.integers(0, 3, 30_000)] = rng.choice([0, 255], 30_000)
    return rgb2lab(rgb / 255)[..., 1:]


def random_distribution(shape=(3, 4), seed=0):
    probabilities = np.random.default_rng(seed).random((*shape, Q)) ** 8
    return probabilities / probabilities.sum(axis=-1, keepdims=True)


def index_of(a, b):
    ((index,),) = np.nonzero((ab_bins() == (a, b)).all(axis=1))
    return index


def test_bins_are_the_cells_that_srgb_fills(srgb_ab):
    bins = ab_bins()
    assert bins.shape == (Q, 2)
    assert (bins % 10 == 0).all()
    filled = np.unique(np.rint(srgb_ab / 10) * 10, axis=0)
    assert {tuple(cell) for cell in filled} <= {tuple(cell) for cell in bins}
    assert len(filled) > 0.97 * Q
    np.testing.assert_array_equal(bins.min(axis=0), [-90, -110])
    np.testing.assert_array_equal(bins.max(axis=0), [100, 90])


def test_bins_inside_the_rgb_cube_are_those_of_its_faces():
    ramp, codes = np.arange(256) / 255, set()
    for red in range(0, 256, 15):
        rgb = np.stack(np.broadcast_arrays(red / 255, ramp[:, None], ramp), axis=-1)
        cells = np.rint(rgb2lab(rgb)[..., 1:] / 10).astype(int) + 20
        codes |= set(np.unique(cells[..., 0] * 100 + cells[..., 1]).tolist())
    found = {((code // 100 - 20) * 10, (code % 100 - 20) * 10) for code in codes}
    assert found <= {tuple(cell) for cell in ab_bins().astype(int).tolist()}
    assert len(found) >= Q - 3


def test_nearest_bin_keeps_the_quantization_bound(srgb_ab):
    error = ab_bins()[nearest_bin(srgb_ab)] - srgb_ab
    assert np.abs(error).max() <= 5.01
    np.testing.assert_allclose(np.sqrt(np.mean(error**2, axis=0)), 10 / np.sqrt(12), rtol=0.02)


def test_nearest_bin_of_known_colours():
    ab = np.array([[0, 0], [4.9, -4.9], [5.1, 0], [127, 127], [-127, 0]])
    expected = [[0, 0], [0, 0], [10, 0], [90, 70], [-80, 20]]
    distances = np.square(ab[:, None] - ab_bins()).sum(-1)
    np.testing.assert_array_equal(ab_bins()[nearest_bin(ab)][:3], expected[:3])
    np.testing.assert_array_equal(nearest_bin(ab), distances.argmin(axis=1))


@pytest.mark.parametrize(("neighbors", "sigma"), [(5, 5.0), (10, 5.0), (3, 8.0), (Q, 20.0)])
def test_soft_encode_equals_its_definition(srgb_ab, neighbors, sigma):
    ab = np.rint(srgb_ab[:500])
    squared = np.square(ab[:, None] - ab_bins()).sum(-1)
    nearest = np.sort(squared, axis=1)[:, :neighbors]
    gauss = np.exp(-nearest / (2 * sigma**2))
    indices, weights = soft_encode(ab, neighbors=neighbors, sigma=sigma)
    np.testing.assert_array_equal(np.take_along_axis(squared, indices, axis=1), nearest)
    np.testing.assert_allclose(weights, gauss / gauss.sum(axis=1, keepdims=True), atol=1e-6)
    assert all(len(set(row)) == neighbors for row in indices)


def test_soft_encode_of_gray():
    indices, weights = soft_encode(np.zeros((2, 3, 2)))
    assert indices.shape == weights.shape == (2, 3, 5)
    cross = {(0, 0), (-10, 0), (10, 0), (0, -10), (0, 10)}
    assert {tuple(bin_) for bin_ in ab_bins()[indices[0, 0]]} == cross
    other = np.exp(-100 / 50)
    np.testing.assert_allclose(weights[0, 0], np.array([1, *[other] * 4]) / (1 + 4 * other), rtol=1e-6)


@pytest.mark.parametrize(("neighbors", "bound", "rms"), [(5, 4.8, 0.56), (10, 4.8, 0.56)])
def test_decode_undoes_soft_encode(srgb_ab, neighbors, bound, rms):
    error = decode(*soft_encode(srgb_ab, neighbors=neighbors)) - srgb_ab
    assert np.hypot(*error.T).max() <= bound
    assert np.sqrt(np.mean(error**2, axis=0)).max() <= rms
    hard = ab_bins()[nearest_bin(srgb_ab)] - srgb_ab
    assert np.mean(error**2) < 0.1 * np.mean(hard**2)


def test_decode_equals_the_mean_of_dense_targets(srgb_ab):
    indices, weights = soft_encode(srgb_ab[:200])
    dense = dense_targets(indices, weights)
    assert dense.shape == (200, Q)
    np.testing.assert_allclose(dense.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(annealed_mean(dense, temperature=1), decode(indices, weights), atol=1e-4)


def test_soft_encode_is_quick_enough_for_training():
    ab = np.random.default_rng(0).uniform(-100, 100, (32, 24, 24, 2)).astype(np.float32)
    soft_encode(ab)
    times = []
    for _ in range(7):
        started = time.perf_counter()
        soft_encode(ab)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.01


@pytest.mark.parametrize("bad", [{"neighbors": 0}, {"neighbors": Q + 1}, {"sigma": 0.0}])
def test_encoding_table_refuses(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        encoding_table(**bad)


def test_prior_counts_and_smooths():
    images = [np.zeros((4, 4, 2)), np.full((2, 8, 2), [20.0, 0.0])]
    counts = class_prior(images, sigma=0)
    assert counts[index_of(0, 0)] == counts[index_of(20, 0)] == 0.5
    prior = class_prior(images)
    np.testing.assert_allclose(prior.sum(), 1)
    assert prior[index_of(0, 0)] < 0.7
    # in between: from both, exp(-2) of what stays at each
    total = sum(np.exp(-(a * a + b * b) / 50) for a in range(-60, 61, 10) for b in range(-60, 61, 10))
    np.testing.assert_allclose(prior[index_of(10, 0)], 2 * 0.5 * np.exp(-2) / total, rtol=1e-6)
    with pytest.raises(ValueError, match="no pixel"):
        class_prior([])


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_weights_average_to_one_under_the_prior(share):
    prior = np.random.default_rng(1).random(Q) ** 10
    prior /= prior.sum()
    weights = rebalancing_weights(prior, uniform_share=share)
    np.testing.assert_allclose(np.sum(prior * weights), 1)
    order = np.argsort(prior)
    assert (np.diff(weights[order]) <= 1e-12).all(), "the rarer, the heavier"
    ratio = ((1 - share) * prior.max() + share / Q) / ((1 - share) * prior.min() + share / Q)
    np.testing.assert_allclose(weights.max() / weights.min(), ratio)


@pytest.mark.parametrize("share", [0, -1, 1.1])
def test_weights_refuse(share):
    with pytest.raises(ValueError, match="uniform_share"):
        rebalancing_weights(np.full(Q, 1 / Q), uniform_share=share)


def test_annealed_mean_goes_from_mean_to_mode():
    probabilities = random_distribution()
    mean, mode = probabilities @ ab_bins(), ab_bins()[probabilities.argmax(axis=-1)]
    np.testing.assert_allclose(annealed_mean(probabilities, temperature=1), mean, atol=1e-3)
    np.testing.assert_allclose(annealed_mean(probabilities, temperature=1e-6), mode, atol=1e-3)
    uniform = np.broadcast_to(ab_bins().mean(axis=0), mean.shape)
    np.testing.assert_allclose(annealed_mean(probabilities, temperature=1e6), uniform, atol=1e-2)
    with pytest.raises(ValueError, match="temperature"):
        annealed_mean(probabilities, temperature=0)


def test_annealed_mean_by_hand():
    """Two colours, 3 to 1, at T = 1/2: 9 to 1."""
    probabilities = np.zeros(Q)
    probabilities[index_of(40, 0)], probabilities[index_of(0, 20)] = 0.75, 0.25
    np.testing.assert_allclose(annealed_mean(probabilities, temperature=0.5), [36, 2], atol=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 0.38, 1.0])
def test_annealed_mean_of_scores_is_the_same(temperature):
    probabilities = random_distribution((1, 3, 4))
    scores = np.log(probabilities).astype(np.float32) + 7  # a softmax does not see what is added
    ab = ops.convert_to_numpy(annealed_mean_of_scores(scores, temperature=temperature))
    np.testing.assert_allclose(ab, annealed_mean(probabilities, temperature=temperature), atol=1e-3)


def loss_reference(ab, scores, class_weights, neighbors=5):
    """Equations 2 and 3, one image after the other, in double precision."""
    indices, shares = soft_encode(ab, neighbors=neighbors)
    scores = scores.astype(np.float64)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    cross_entropy = -np.sum(dense_targets(indices, shares) * log_probabilities, axis=-1)
    return np.mean(class_weights[indices[..., 0]] * cross_entropy, axis=(1, 2))


def loss_example(seed=0):
    rng = np.random.default_rng(seed)
    ab = rng.uniform(-130, 130, (3, 4, 5, 2)).astype(np.float32)
    return ab, rng.normal(size=(3, 4, 5, Q)).astype(np.float32) * 3, rng.uniform(0.1, 6, Q)


@pytest.mark.parametrize("neighbors", [1, 5, 10])
def test_loss_equals_its_definition(neighbors):
    ab, scores, weights = loss_example()
    loss = RebalancedCrossEntropy(weights, neighbors=neighbors)
    expected = loss_reference(ab, scores, weights, neighbors)
    losses = ops.convert_to_numpy(loss.call(ab, ops.convert_to_tensor(scores)))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    np.testing.assert_allclose(float(loss(ab, scores)), expected.mean(), rtol=1e-5)


def test_loss_of_known_scores():
    ab = np.zeros((1, 2, 2, 2), np.float32)
    undecided = np.zeros((1, 2, 2, Q), np.float32)
    np.testing.assert_allclose(float(RebalancedCrossEntropy()(ab, undecided)), np.log(Q), rtol=1e-6)
    right = undecided - 50
    right[..., index_of(0, 0)] = 50
    np.testing.assert_allclose(float(RebalancedCrossEntropy(neighbors=1)(ab, right)), 0, atol=1e-6)
    doubled = RebalancedCrossEntropy(np.full(Q, 2.0))
    np.testing.assert_allclose(float(doubled(ab, undecided)), 2 * np.log(Q), rtol=1e-6)


def test_loss_config_round_trip():
    loss = RebalancedCrossEntropy(np.linspace(0.5, 2, Q), neighbors=7)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    copy = keras.saving.deserialize_keras_object(config)
    ab, scores, _ = loss_example()
    assert copy.name == "rebalanced_cross_entropy"
    np.testing.assert_allclose(float(copy(ab, scores)), float(loss(ab, scores)))
    with pytest.raises(ValueError, match="class_weights"):
        RebalancedCrossEntropy([1.0, 2.0])


def test_loss_makes_rare_colours_as_likely_as_common_ones():
    """One gray value, gray in seven images and red in the eighth."""
    ab = np.zeros((8, 2, 2, 2), np.float32)
    ab[0] = (50, 40)
    inputs, red = np.ones((8, 2, 2, 1), np.float32), ab_bins()[:, 0] > 25
    shares = {}
    for name, weights in (("plain", None), ("rebalanced", rebalancing_weights(class_prior([ab])))):
        gray = keras.Input((2, 2, 1))
        model = keras.Model(gray, keras.layers.Conv2D(Q, 1, kernel_initializer="zeros")(gray))
        model.compile(keras.optimizers.Adam(0.3), RebalancedCrossEntropy(weights), jit_compile=False)
        history = [float(model.train_on_batch(inputs, ab)) for _ in range(40)]
        assert history[-1] < 0.7 * history[0]
        scores = ops.convert_to_tensor(model.predict_on_batch(inputs[:1]))
        shares[name] = ops.convert_to_numpy(ops.softmax(scores))[0, 0, 0, red].sum()
    assert shares["plain"] < 0.2
    assert shares["rebalanced"] > 0.4


OTHER_BACKEND = """
import sys
import numpy as np
from keras import ops
from vidcolor_utils.bin_losses import RebalancedCrossEntropy, annealed_mean_of_scores
data = np.load(sys.argv[1])
scores = ops.convert_to_tensor(data["scores"])
losses = RebalancedCrossEntropy(data["weights"]).call(ops.convert_to_tensor(data["ab"]), scores)
colours = annealed_mean_of_scores(scores)
np.savez(sys.argv[2], losses=ops.convert_to_numpy(losses), colours=ops.convert_to_numpy(colours))
"""


@pytest.mark.backends
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_loss_and_mean_on_other_backends(backend, tmp_path):
    pytest.importorskip(backend)
    ab, scores, weights = loss_example()
    np.savez(tmp_path / "in.npz", ab=ab, scores=scores, weights=weights)
    command = [sys.executable, "-c", OTHER_BACKEND, tmp_path / "in.npz", tmp_path / "out.npz"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=300)
    results = np.load(tmp_path / "out.npz")
    np.testing.assert_allclose(results["losses"], loss_reference(ab, scores, weights), rtol=1e-5)
    expected = ops.convert_to_numpy(annealed_mean_of_scores(ops.convert_to_tensor(scores)))
    np.testing.assert_allclose(results["colours"], expected, atol=1e-3)
