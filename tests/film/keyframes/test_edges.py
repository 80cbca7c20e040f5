import cv2
import numpy as np

from vidcolor_utils.film.keyframes.edges import enlarged
from vidcolor_utils.pictures.chroma import resize_ab


def test_edges_of_colour_follow_edges_of_luma():
    luma = np.zeros((96, 96), np.float32)
    luma[:, 49:] = 0.8  # not where the small picture has its points
    true = np.where(luma > 0.4, 40, -20)[..., None] * np.ones(2, np.float32)
    gray = cv2.resize(luma * 255, (32, 32), interpolation=cv2.INTER_AREA).astype(np.uint8)
    small = cv2.resize(true.astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    guided = np.abs(enlarged(small, gray, luma) - true).mean()
    assert guided < 0.5 * np.abs(resize_ab(small, luma.shape) - true).mean()


def test_flat_luma_changes_nothing_and_no_larger_frame_either():
    rng = np.random.default_rng(0)
    ab, gray = rng.normal(0, 20, (24, 32, 2)).astype(np.float32), np.full((24, 32), 90, np.uint8)
    np.testing.assert_allclose(enlarged(ab, gray, np.full((48, 64), 90 / 255)), resize_ab(ab, (48, 64)), atol=1e-3)
    assert enlarged(ab, gray, np.zeros((24, 32))) is ab
