import numpy as np
import pytest

from vidcolor_utils.pictures.color import (
    gray_clip,
    has_color,
    lab_from_rgb,
    lightness_from_luma,
    luma_from_rgb,
    rgb_from_gray,
    rgb_from_lab,
    to_float01,
    to_uint8,
)


def test_to_uint8_rounds_and_clips():
    assert to_uint8(np.array([-0.5, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 128, 255, 255]


def test_to_float01_refuses_other_integers():
    with pytest.raises(ValueError, match="int32"):
        to_float01(np.zeros((2, 2), np.int32))


def test_luma_of_primaries_is_the_rec601_weights():
    primaries = np.eye(3, dtype=np.float32)[None]
    np.testing.assert_allclose(luma_from_rgb(primaries)[0], [0.299, 0.587, 0.114], atol=1e-6)


def test_lab_of_known_colors():
    red, white = np.array([[[255, 0, 0]]], np.uint8), np.array([[[255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(lab_from_rgb(red)[0, 0], [53.24, 80.09, 67.20], atol=0.1)
    np.testing.assert_allclose(lab_from_rgb(white)[0, 0], [100, 0, 0], atol=0.1)


def test_lab_round_trip():
    rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.abs(to_uint8(rgb_from_lab(lab_from_rgb(rgb))).astype(int) - rgb).max() <= 1


def test_lightness_from_luma_spans_0_to_100():
    np.testing.assert_allclose(lightness_from_luma(np.array([[0.0, 1.0]])), [[0, 100]], atol=0.05)


def test_gray_and_back_is_gray_in_every_channel():
    rgb = rgb_from_gray(np.array([[[3, 250]]], np.uint8))
    assert rgb.tolist() == [[[[3, 3, 3], [250, 250, 250]]]]
    assert gray_clip(rgb).tolist() == [[[3, 250]]]


def test_the_gray_of_a_clip_is_its_luma():
    assert gray_clip(np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]], np.uint8)).tolist() == [[[76, 150, 29]]]


def test_a_hundredth_of_a_picture_may_be_all_that_has_colour():
    gray = np.full((100, 100, 3), 120, np.uint8)
    toned, coat, speck = gray.copy(), gray.copy(), gray.copy()
    toned[...] = (128, 120, 112)
    coat[:20, :20] = speck[:2, :2] = (180, 40, 40)
    assert [has_color(each) for each in (gray, toned, coat, speck)] == [False, True, True, False]
