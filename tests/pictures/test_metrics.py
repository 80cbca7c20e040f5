import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.color import lab_from_rgb, lightness_from_luma


def flat(red: int, green: int, blue: int, *, side: int = 4) -> np.ndarray:
    return np.full((side, side, 3), (red, green, blue), np.uint8)


def noise(seed: int, *, side: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_psnr_does_not_overflow_uint8():
    # One channel of three off by 200, more than a square in uint8 can hold: the mean square is 40000 / 3.
    expected = 10 * math.log10(255**2 / (40000 / 3))
    assert metrics.psnr(flat(0, 0, 0), flat(200, 0, 0)) == pytest.approx(expected, abs=1e-9)
    assert metrics.psnr(flat(0, 0, 0), flat(255, 255, 255)) == 0.0


def test_psnr_of_equal_frames_is_the_cap():
    assert metrics.psnr(noise(0), noise(0)) == metrics.PSNR_CAP == 60.0


def test_psnr_above_the_cap_is_the_cap():
    barely = np.zeros((500, 500, 3), np.uint8)
    barely[0, 0, 0] = 1
    assert metrics.psnr(np.zeros_like(barely), barely) == metrics.PSNR_CAP


def test_psnr_ab_has_peak_255():
    true_ab = np.zeros((2, 2, 2), np.float32)
    pred_ab = np.array([[[25.5, 0], [0, 0]], [[0, 0], [0, 0]]], np.float32)
    assert metrics.psnr_ab(true_ab, pred_ab) == pytest.approx(10 * math.log10(255**2 / (25.5**2 / 8)), abs=1e-5)


def test_mae_ab_by_hand():
    true_ab = np.zeros((2, 2, 2), np.float32)
    pred_ab = np.array([[[3, -4], [0, 0]], [[0, 0], [1, 0]]], np.float32)
    assert metrics.mae_ab(true_ab, pred_ab) == 1.0


def test_ssim_is_one_at_equality_and_falls_with_noise():
    frame = noise(1)
    assert metrics.ssim(frame, frame) == pytest.approx(1.0, abs=1e-6)
    assert metrics.ssim(frame, noise(2)) < 0.2


def test_ssim_is_that_of_wang_in_double_precision():
    true, pred = noise(1), (noise(1) * 0.8 + 20).astype(np.uint8)
    expected = structural_similarity(
        true.astype(np.float64),
        pred.astype(np.float64),
        channel_axis=-1,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert metrics.ssim(true, pred) == pytest.approx(expected, abs=1e-5)


def test_ssim_of_constant_frames_by_hand():
    # Without variance only the luminance term is left: (2 x y + C1) / (x^2 + y^2 + C1), C1 = (0.01 * 255)^2.
    c1 = 2.55**2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    pair = flat(100, 100, 100, side=16), flat(150, 150, 150, side=16)
    assert metrics.ssim(*pair) == pytest.approx(expected, abs=1e-4)


def test_ssim_of_a_tiny_frame_names_the_least_side():
    with pytest.raises(ValueError, match="at least 11"):
        metrics.ssim(noise(0, side=10), noise(1, side=10))


def test_mean_ciede2000_of_a_published_pair():
    # The first and the seventh pair of the table in Sharma, Wu and Dalal.
    true = np.array([[[50.0, 2.6772, -79.7751], [50.0, 0.0, 0.0]]])
    pred = np.array([[[50.0, 0.0, -82.7485], [50.0, -1.0, 2.0]]])
    assert metrics.mean_ciede2000(true, pred) == pytest.approx((2.0425 + 2.3669) / 2, abs=1e-4)


def test_luma_mae_sees_luma_only():
    # 150, 50, 200 and 97, 97, 97 have the luma 97 within rounding of the weights.
    assert metrics.luma_mae(flat(150, 50, 200), flat(97, 97, 97)) == pytest.approx(0, abs=0.05)
    lightness = [float(lightness_from_luma(np.full((1, 1), value / 255, np.float32))[0, 0]) for value in (80, 120)]
    expected = lightness[1] - lightness[0]
    assert metrics.luma_mae(flat(80, 80, 80), flat(120, 120, 120)) == pytest.approx(expected, abs=1e-3)


def test_colorfulness_of_gray_is_zero():
    assert metrics.colorfulness(flat(90, 90, 90)) == 0.0


def test_colorfulness_by_hand_keeps_signs():
    # A red and a cyan pixel: rg = +-255, yb = +-127.5, means 0. With absolute values the spreads would be 0.
    pair = np.array([[[255, 0, 0], [0, 255, 255]]], np.uint8)
    assert metrics.colorfulness(pair) == pytest.approx(math.hypot(255, 127.5))
    # One red pixel: no spread, means 255 and 127.5.
    assert metrics.colorfulness(pair[:, :1]) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_pixel_match_counts_channel_values():
    pred = flat(1, 2, 3, side=2)
    pred[0, 0] = (1, 2, 4)
    pred[1, 1] = (0, 0, 0)
    assert metrics.pixel_match(flat(1, 2, 3, side=2), pred) == pytest.approx(100 * 8 / 12)


def test_warp_errors_leave_occluded_pixels_out():
    rgb, warped = np.zeros((2, 2, 3), np.float32), np.zeros((2, 2, 3), np.float32)
    warped[0, 0] = (0.3, 0, 0)
    warped[1, 1] = (1, 1, 1)
    occluded = np.array([[False, False], [False, True]])
    assert metrics.warp_error(rgb, warped, occluded) == pytest.approx(0.09 / 9)
    assert metrics.chroma_warp_error(rgb[..., :2], warped[..., :2], occluded) == pytest.approx(0.3 / 6)
    assert metrics.warp_error(rgb, warped, np.ones((2, 2), bool)) is None


def test_warp_error_of_another_mask_size_is_refused():
    rgb = np.zeros((2, 2, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        metrics.warp_error(rgb, rgb, np.zeros((2, 3), bool))


@pytest.mark.parametrize(
    "measure", [metrics.psnr, metrics.ssim, metrics.pixel_match, metrics.luma_mae, metrics.mean_ciede2000]
)
def test_frames_that_would_only_broadcast_are_refused(measure):
    with pytest.raises(ValueError, match="one shape"):
        measure(noise(0), noise(0)[:1])


def test_every_fidelity_measure_gets_worse_with_distance():
    true, near, far = flat(120, 100, 80, side=16), flat(125, 100, 80, side=16), flat(200, 60, 80, side=16)
    true_lab, near_lab, far_lab = (lab_from_rgb(frame) for frame in (true, near, far))
    assert metrics.psnr(true, near) > metrics.psnr(true, far)
    assert metrics.psnr_ab(true_lab[..., 1:], near_lab[..., 1:]) > metrics.psnr_ab(
        true_lab[..., 1:], far_lab[..., 1:]
    )
    assert metrics.mae_ab(true_lab[..., 1:], near_lab[..., 1:]) < metrics.mae_ab(
        true_lab[..., 1:], far_lab[..., 1:]
    )
    assert metrics.mean_ciede2000(true_lab, near_lab) < metrics.mean_ciede2000(true_lab, far_lab)
