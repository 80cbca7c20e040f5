import numpy as np
import pytest
from skimage.color import rgb2lab

from tests.helpers.bins import Q, dense_targets, index_of, random_distribution
from vidcolor_utils.pictures.ab_bins import (
    ab_bins,
    annealed_mean,
    class_prior,
    decode,
    encoding_table,
    nearest_bin,
    rebalancing_weights,
    soft_encode,
)


@pytest.fixture(scope="module")
def srgb_ab():
    """ab of 8-bit sRGB colours, half of them on the faces of the RGB cube; (N, 2)."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (60_000, 3))
    faces = np.arange(30_000)
    rgb[faces, rng.integers(0, 3, 30_000)] = rng.choice([0, 255], 30_000)
    return rgb2lab(rgb / 255)[..., 1:]


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
