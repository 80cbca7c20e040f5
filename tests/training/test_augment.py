import numpy as np

from vidcolor_utils.training import augment
from vidcolor_utils.training.augment import film_luma, random_crop


def photo(height=120, width=160):
    y, x = np.mgrid[:height, :width]
    return np.dstack([x, y, np.full_like(x, 60)]).astype(np.uint8)


def test_a_random_crop_has_its_size_and_can_be_repeated():
    crop, again, other = (random_crop(photo(), 96, 0.5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert crop.shape == (96, 96, 3) and crop.dtype == np.uint8
    np.testing.assert_array_equal(crop, again)
    assert np.abs(crop.astype(int) - other).mean() > 0.3


def test_photographs_of_a_few_pixels_have_crops_too():
    for height, width, smallest in ((1, 50, 0.4), (50, 1, 0.4), (9, 9, 0.05), (1, 1, 0.4)):
        for seed in range(50):
            crop = random_crop(photo(height, width), 16, smallest, np.random.default_rng(seed))
            assert crop.shape == (16, 16, 3)


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
            crop = random_crop(np.dstack([slope] * 3), 32, 0.5, np.random.default_rng(seed)).astype(int)
            turned[name].add(bool(np.diff(crop[..., 0], axis=axis).mean() > 0))
    assert turned == {"down": {True}, "across": {True, False}}
