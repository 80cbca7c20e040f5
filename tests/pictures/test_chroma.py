import tracemalloc

import numpy as np
import pytest

from vidcolor_utils.pictures.chroma import MOST_GAIN, in_light_of, luma01, rgb_difference, uv_planes, with_chroma
from vidcolor_utils.pictures.color import MATRICES, lab_from_rgb, luma_from_rgb, to_float01

RNG = np.random.default_rng(0)
RAMP = np.linspace(40, 160, 48 * 64).reshape(48, 64).astype(np.uint8)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=lambda matrix: matrix.name)
def test_rgb_difference_keeps_luma_and_stays_in_gamut(matrix):
    luma = RNG.random((32, 32), np.float32)
    ab = RNG.uniform(-110, 110, (32, 32, 2)).astype(np.float32)
    difference = rgb_difference(luma, ab, matrix)
    weights = np.array([matrix.red, matrix.green, matrix.blue], np.float32)
    np.testing.assert_allclose(difference @ weights, 0, atol=1e-5)
    rgb = luma[..., None] + difference
    assert rgb.min() > -1e-5 and rgb.max() < 1 + 1e-5


def test_no_chroma_gives_neutral_planes():
    luma, ab = RNG.random((4, 4), np.float32), np.zeros((4, 4, 2), np.float32)
    for bit_depth, middle in ((8, 128), (10, 512)):
        u, v = uv_planes(luma, ab, MATRICES[1], bit_depth=bit_depth, full_range=False)
        assert (u == middle).all() and (v == middle).all()


def test_uv_of_a_red_follows_bt601():
    """R = 160, G = B = 80: Y = 103.92, V = 128 + 224 (R - Y) / (1.402 * 255) = 163.1, U = 116.1."""
    rgb = np.full((1, 1, 3), 80, np.uint8)
    rgb[..., 0] = 160
    u, v = uv_planes(luma_from_rgb(rgb), lab_from_rgb(rgb)[..., 1:], MATRICES[6], bit_depth=8, full_range=False)
    # Lightness is taken from the neutral gray of this luma, so the last unit may differ.
    assert abs(int(v[0, 0]) - 163) <= 1 and abs(int(u[0, 0]) - 116) <= 1


@pytest.mark.parametrize(("bit_depth", "black", "white"), [(8, 16, 235), (10, 64, 940)])
def test_luma01_honours_limited_range(bit_depth, black, white):
    stored = np.array([[0, black, white, white + 5]], np.uint16 if bit_depth > 8 else np.uint8)
    np.testing.assert_allclose(luma01(stored, bit_depth=bit_depth, full_range=False), [[0, 0, 1, 1]], atol=1e-6)


def test_luma01_honours_full_range():
    np.testing.assert_allclose(luma01(np.array([[0, 255]], np.uint8), bit_depth=8, full_range=True), [[0, 1]])


def test_with_chroma_keeps_luma_within_rounding():
    luma = RNG.random((40, 60), np.float32)
    ab = RNG.uniform(-60, 60, (40, 60, 2)).astype(np.float32)
    rgb = with_chroma(luma, ab)
    assert rgb.shape == (40, 60, 3) and rgb.dtype == np.uint8
    assert np.abs(luma_from_rgb(to_float01(rgb)) - luma).max() < 0.6 / 255


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("shape", [(301, 517), (40, 20_001), (33, 7)])
def test_bands_of_rows_give_the_same_numbers_as_the_whole(monkeypatch, shape, deep):
    rng = np.random.default_rng(0)
    luma, ab = rng.random(shape, dtype=np.float32), rng.normal(0, 40, (*shape, 2)).astype(np.float32)
    in_bands = with_chroma(luma, ab, deep=deep)
    monkeypatch.setattr("vidcolor_utils.pictures.sizes.BAND", luma.size)
    np.testing.assert_array_equal(in_bands, with_chroma(luma, ab, deep=deep))


def test_chroma_takes_little_memory_beside_its_result():
    luma, ab = np.full((2000, 1500), 0.5, np.float32), np.zeros((2000, 1500, 2), np.float32)
    with_chroma(luma[:8], ab[:8])  # tables are made once
    tracemalloc.start()
    with_chroma(luma, ab)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 * luma.size  # three bytes of each pixel are the result


def test_a_brighter_picture_and_its_luma_come_into_the_light_of_the_frame():
    rgb = np.dstack([RAMP, RAMP // 2, RAMP // 4]).astype(np.float32) / 255
    lit, seen = in_light_of(RAMP, rgb * 1.25, RAMP * 1.25)
    np.testing.assert_allclose(lit, rgb, atol=1e-6)
    np.testing.assert_allclose(seen, RAMP, atol=1e-4)


@pytest.mark.parametrize("level, gain", [(254, 1), (3, 1), (30, MOST_GAIN)])
def test_black_and_white_say_nothing_and_the_gain_has_its_bounds(level, gain):
    seen = np.full(RAMP.shape, level, np.uint8)
    lit, _ = in_light_of(RAMP, np.full((*RAMP.shape, 3), 0.1, np.float32), seen)
    np.testing.assert_allclose(lit, 0.1 * gain, rtol=1e-6)
