import numpy as np

from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8
from vidcolor_utils.training.keys import damage
from vidcolor_utils.training.keys.damage import FROM_ONE, SIDE, batch_of, damaged, views_of

RGB = render_clip(0, frames=1, size=(140, 200))[0]


def test_a_damaged_picture_shows_the_same_in_another_size_and_light():
    sizes = set()
    for seed in range(6):
        made = damaged(RGB, np.random.default_rng(seed))
        assert made.dtype == np.uint8 and made.ndim == 3
        sizes.add(made.shape)
        low, high = damage.FACTOR
        assert low * 140 - 1 <= made.shape[0] <= high * 140 + 1
        assert 0.75 < made.mean() / RGB.mean() < 1.25
    assert len(sizes) == 6


def test_views_hold_the_frame_and_colours_near_the_truth():
    views = list(views_of(RGB, np.random.default_rng(0)))
    assert len(views) == FROM_ONE
    planes, ab = batch_of(views)
    assert planes.shape == (FROM_ONE, SIDE, SIDE, 4) and ab.shape == (FROM_ONE, SIDE, SIDE, 2)
    assert planes.dtype == ab.dtype == np.float32
    assert np.abs(planes[..., 0] - planes[..., 1]).mean() < 12  # in the same light
    wrong = np.abs(planes[..., 2:] - ab).mean()
    assert 0.1 < wrong < 0.7 * np.abs(ab).mean()


def test_the_truth_is_of_the_picture_itself(monkeypatch):
    monkeypatch.setattr(damage, "SIDE", 140)
    square = np.ascontiguousarray(RGB[:, :140])
    found = {tuple(np.sort(view.ab[..., 0].ravel())[::997]) for view in views_of(square, np.random.default_rng(1))}
    true = tuple(np.sort(lab_from_rgb(square)[..., 1].ravel())[::997])
    assert found == {true}
    view = next(views_of(square, np.random.default_rng(1)))
    np.testing.assert_array_equal(
        np.sort(view.planes[..., 0].ravel()), np.sort(to_uint8(luma_from_rgb(square)).ravel())
    )


def test_a_picture_smaller_than_a_view_gives_none():
    assert not list(views_of(RGB[: SIDE - 1], np.random.default_rng(0)))
