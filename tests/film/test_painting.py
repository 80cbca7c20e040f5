import numpy as np
import pytest

from vidcolor_utils.film.painting import luma_restorer, small_luma
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.formats import LumaFrame


@pytest.fixture
def info(make_video):
    return video_info(make_video(rotation=90))


def test_luma_is_shrunk_as_stored_and_stands_upright(info):
    stored = np.full((48, 64), 16, np.uint8)
    stored[:, :32] = 235  # white on the left as stored
    small = small_luma(stored, info, (24, 32))
    assert small.shape == (32, 24) and small.dtype == np.float32
    half = small[:16] if info.rotation == 270 else small[16:]
    assert half == pytest.approx(1, abs=1e-6) and small.mean() == pytest.approx(0.5, abs=0.02)


def test_a_flickering_luma_is_evened_out_in_its_own_numbers(info):
    rng = np.random.default_rng(0)
    picture = rng.integers(60, 180, (6, 8)).repeat(8, 0).repeat(8, 1)
    restore, means = luma_restorer(info), []
    for number in range(30):
        luma = np.clip(picture * (1.15 if number % 2 else 0.85), 16, 235).astype(np.uint8)
        frame = restore(LumaFrame(luma, number, number / 25, None))
        assert frame.luma.dtype == np.uint8 and frame.luma.shape == luma.shape
        means.append(frame.luma.mean())
    assert np.ptp(means[-6:]) < 0.25 * np.ptp([0.85 * picture.mean(), 1.15 * picture.mean()])
