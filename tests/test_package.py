import numpy as np
import pytest

import vidcolor_utils


def test_every_public_name_can_be_imported():
    for name in vidcolor_utils.__all__:
        assert getattr(vidcolor_utils, name).__name__ == name


def test_unknown_names_are_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        vidcolor_utils.no_such_name  # noqa: B018


def test_colorize_frames_keeps_luma_and_leaves_bars_black(colorizer):
    frames = np.zeros((3, 64, 80), np.uint8)
    frames[:, 10:50] = np.random.default_rng(0).integers(30, 220, (3, 40, 80))
    rgb = vidcolor_utils.colorize_frames(frames, colorizer)
    assert rgb.shape == (3, 64, 80, 3)
    assert (rgb[:, :10] == 0).all() and (rgb[:, 50:] == 0).all()
    assert np.ptp(rgb[:, 10:50].astype(int), axis=-1).mean() > 0.5
