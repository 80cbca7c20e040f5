import numpy as np
import pytest

from vidcolor_utils.stills.still import StillImage


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_luma_is_the_weighted_sum_whatever_the_bands(monkeypatch, dtype, white):
    rgb = np.random.default_rng(0).integers(0, white + 1, (40, 517, 3)).astype(dtype)
    luma = StillImage(rgb, None).luma
    assert luma.dtype == np.float32
    np.testing.assert_allclose(luma, rgb @ np.array([0.299, 0.587, 0.114]) / white, atol=1e-6)
    monkeypatch.setattr("vidcolor_utils.pictures.sizes.BAND", luma.size)
    np.testing.assert_array_equal(luma, StillImage(rgb, None).luma)


def test_8_bits_of_16_are_rounded():
    deep = np.array([0, 128, 129, 257, 32896, 65407, 65535], np.uint16).reshape(1, 7)
    image = StillImage(np.dstack([deep] * 3), deep).in_8_bits()
    assert image.alpha.tolist() == [[0, 0, 1, 1, 128, 255, 255]]
    np.testing.assert_array_equal(image.rgb[..., 1], image.alpha)
