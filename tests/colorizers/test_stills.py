import numpy as np
import pytest

from vidcolor_utils.colorizers.stills import colorize_frames, colorize_still, predict_full_size
from vidcolor_utils.pictures.active_area import Area
from vidcolor_utils.pictures.restore import COPY_SIDE
from vidcolor_utils.system.errors import OptionError


class Watching:
    """One colour, whatever the frame; keeps what it was shown."""

    def __init__(self):
        self.shown = []

    def predict_ab(self, lumas):
        self.shown += list(lumas)
        return np.full((len(lumas), 4, 4, 2), 20, np.float32)


def letterboxed():
    luma = np.zeros((64, 80), np.float32)
    luma[10:50] = np.random.default_rng(0).uniform(0.2, 0.8, (40, 80))
    return luma


def test_only_the_picture_between_the_bars_is_shown_and_coloured():
    colorizer, luma = Watching(), letterboxed()
    rgb = colorize_still(luma, colorizer)
    np.testing.assert_array_equal(colorizer.shown, [luma[10:50]])
    assert (rgb[:10] == 0).all() and (rgb[50:] == 0).all()
    assert np.ptp(rgb[10:50].astype(int), axis=-1).min() > 10


def test_an_area_that_is_known_is_not_looked_for():
    colorizer = Watching()
    colorize_still(letterboxed(), colorizer, area=Area(0, 64, 8, 80))
    assert colorizer.shown[0].shape == (64, 72)


def test_a_restored_copy_is_small_and_without_grain():
    grainy = np.clip(0.5 + np.random.default_rng(1).normal(0, 0.05, (400, 400)), 0, 1).astype(np.float32)
    colorizer = Watching()
    colorize_still(grainy, colorizer, restore=True)
    assert colorizer.shown[0].shape == (COPY_SIDE, COPY_SIDE) and colorizer.shown[0].std() < 0.4 * grainy.std()


def test_chroma_has_the_size_of_the_frames_and_is_neutral_on_the_bars():
    (ab,) = predict_full_size([letterboxed()], Watching(), area=Area(10, 50, 0, 80))
    assert ab.shape == (64, 80, 2) and (ab[10:50] == 20).all() and not ab[:10].any() and not ab[50:].any()


def test_clips_in_memory_keep_luma_and_leave_bars_black(colorizer):
    frames = np.zeros((3, 64, 80), np.uint8)
    frames[:, 10:50] = np.random.default_rng(0).integers(30, 220, (3, 40, 80))
    rgb = colorize_frames(frames, colorizer, batch=2)
    assert rgb.shape == (3, 64, 80, 3)
    assert (rgb[:, :10] == 0).all() and (rgb[:, 50:] == 0).all()
    assert np.ptp(rgb[:, 10:50].astype(int), axis=-1).mean() > 0.5
    np.testing.assert_array_equal(rgb, colorize_frames(frames, colorizer, batch=8))
    # The luma of RGB differs in its last bit, which the transformer's rounding to 8 bits makes larger.
    as_rgb = colorize_frames(np.stack([frames] * 3, axis=-1), colorizer)
    np.testing.assert_allclose(as_rgb.astype(int), rgb, atol=1)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (np.zeros((50, 50, 3), np.uint8), "frames\\[None\\]"),
        (np.full((1, 8, 8), 200.0), "200"),
        (np.full((1, 8, 8), np.nan), "nan"),
        (np.zeros((1, 8, 8, 4), np.uint8), "4"),
        (np.zeros((1, 0, 8), np.uint8), "0"),
        (np.zeros((1, 8, 8), np.uint16), "uint16"),
    ],
)
def test_frames_that_are_none_are_refused(frames, said, colorizer):
    with pytest.raises(OptionError, match=said):
        colorize_frames(frames, colorizer)


def test_a_batch_has_a_frame(colorizer):
    with pytest.raises(OptionError, match="batch"):
        colorize_frames(np.zeros((1, 8, 8), np.uint8), colorizer, batch=0)
