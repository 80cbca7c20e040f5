import numpy as np

from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.training import augment
from vidcolor_utils.training.augment import film_luma, random_example


def photo(height=120, width=160):
    y, x = np.mgrid[:height, :width]
    return np.dstack([x, y, np.full_like(x, 60)]).astype(np.uint8)


def test_random_example_shapes_ranges_and_repeatability():
    luma, ab = random_example(photo(), 96, np.random.default_rng(1))
    again, _ = random_example(photo(), 96, np.random.default_rng(1))
    other, _ = random_example(photo(), 96, np.random.default_rng(2))
    assert luma.shape == (96, 96, 1) and luma.dtype == np.float32 and ab.shape == (48, 48, 2)
    assert luma.min() >= 0 and luma.max() <= 1
    np.testing.assert_array_equal(luma, again)
    assert np.abs(luma - other).mean() > 1e-3


def test_target_is_the_chroma_of_the_photo():
    flat = np.full((120, 120, 3), (200, 80, 40), np.uint8)
    _, ab = random_example(flat, 64, np.random.default_rng(0))
    true = lab_from_rgb(flat)[0, 0, 1:]
    ratio = ab.reshape(-1, 2) / true
    assert np.ptp(ratio) < 1e-3 and 0.9 <= ratio.mean() <= 1.15


def test_film_luma_differs_from_stock_to_stock():
    red = np.full((32, 32, 3), (220, 20, 20), np.uint8)
    means = [film_luma(red, np.random.default_rng(seed)).mean() for seed in range(40)]
    assert min(means) < 0.25 < 0.4 < max(means)


def test_damage_covers_little_and_a_vignette_darkens_corners_only():
    flat = np.full((96, 96), 0.5, np.float32)
    changed = np.mean([augment._damaged(flat, np.random.default_rng(seed)) != flat for seed in range(20)])
    assert 0.001 < changed < 0.05
    vignette = augment._vignette((97, 65), 0.4)
    np.testing.assert_allclose([vignette[48, 32], vignette[0, 0], vignette[96, 32]], [1, 0.6, 0.8], rtol=1e-5)


def test_worn_film_is_still_a_picture_of_its_photo():
    clean = film_luma(photo(), np.random.default_rng(0), wear=0)
    for seed in range(30):
        worn = film_luma(photo(), np.random.default_rng(seed), wear=1)
        assert worn.shape == clean.shape and worn.dtype == np.float32 and 0 <= worn.min() <= worn.max() <= 1
        assert np.corrcoef(worn.ravel(), clean.ravel())[0, 1] > 0.5


def test_photographs_are_mirrored_sideways_only():
    down, across = np.mgrid[:120, :160].astype(np.uint8)
    turned = {"down": set(), "across": set()}
    for seed in range(12):
        for name, slope, axis in (("down", down, 0), ("across", across, 1)):
            luma, _ = random_example(np.dstack([slope] * 3), 32, np.random.default_rng(seed), wear=0)
            turned[name].add(bool(np.diff(luma[..., 0], axis=axis).mean() > 0))
    assert turned == {"down": {True}, "across": {True, False}}
