from __future__ import annotations

import numpy as np
import pytest

from vidcolor_utils.pairs.synthetic import pan_zoom_clip, render_clip

SIZE = (96, 128)


def test_render_clip_is_decided_by_its_seed():
    clip = render_clip(3, frames=5, size=SIZE)
    assert clip.shape == (5, *SIZE, 3) and clip.dtype == np.uint8
    np.testing.assert_array_equal(clip, render_clip(3, frames=5, size=SIZE))
    assert (clip != render_clip(4, frames=5, size=SIZE)).mean() > 0.3


def test_render_clip_is_colourful_and_moves():
    clip = render_clip(1, frames=10, size=SIZE, pan=2).astype(int)
    assert np.ptp(clip, axis=-1).mean() > 20
    assert np.abs(clip[9] - clip[0]).mean() > 5


def test_ground_moves_by_the_pan():
    still, moved = render_clip(2, frames=9, size=SIZE, pan=3, walkers=0)[[0, 8]].astype(int)[:, 80:]
    aligned = np.abs(still[:, 24:] - moved[:, :-24]).mean()
    assert aligned < 0.5 * np.abs(still - moved).mean()


def test_cut_is_the_largest_step():
    clip = render_clip(5, frames=12, size=SIZE, cut=True).astype(int)
    steps = np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3))
    assert steps.argmax() == 5 and steps[5] > 4 * np.median(steps)


def test_bars_are_black_and_only_there():
    clip = render_clip(6, frames=3, size=SIZE, bars=0.5)
    assert not clip[:, :24].any() and not clip[:, 72:].any()
    assert clip[:, 24:72].max(axis=(0, 2, 3)).min() > 50


@pytest.mark.parametrize("options", [{"frames": 0}, {"pan": 100.0}, {"bars": 1.0}])
def test_impossible_options_are_refused(options: dict):
    with pytest.raises(ValueError, match="Received"):
        render_clip(0, size=SIZE, **options)


@pytest.mark.parametrize("photo_size", [(64, 64), (300, 150), (90, 400)])
def test_pan_zoom_clip_moves_smoothly_over_the_photo(photo_size: tuple[int, int]):
    y, x = np.mgrid[: photo_size[0], : photo_size[1]]
    photo = np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8) // 2 + 60
    clip = pan_zoom_clip(photo, 7, frames=8, size=SIZE)
    assert clip.shape == (8, *SIZE, 3)
    assert clip.min() >= 60  # nothing but the photograph: no black corners
    np.testing.assert_array_equal(clip, pan_zoom_clip(photo, 7, frames=8, size=SIZE))
    assert (clip[0] != clip[-1]).any()
    np.testing.assert_array_equal(clip[:3], pan_zoom_clip(photo, 7, frames=3, size=SIZE))
