from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame

from vidcolor_utils.film.painting import Plan, luma_restorer, remembered_by, small_luma
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


class Colors:
    """A source of colours that says whether it looks at frames."""

    def __init__(self, looks_at_frames):
        self.looks_at_frames = looks_at_frames


@pytest.mark.parametrize(
    ("fields", "restore_luma", "looks_at_frames", "stays"),
    [
        (None, False, False, False),
        ("tff", False, False, True),
        (None, True, False, True),
        (None, False, True, True),
    ],
)
def test_of_a_lead_no_more_is_remembered_than_is_looked_at(info, fields, restore_luma, looks_at_frames, stays):
    shape = (24, 32)
    plan = Plan(Path("in.mp4"), Colors(looks_at_frames), fields, restore_luma, None, None, None, shape, None)
    luma = np.random.default_rng(0).integers(0, 255, (48, 64)).astype(np.uint8)
    frame = LumaFrame(luma, 4, 0.5, VideoFrame.from_ndarray(luma, "gray"))
    kept = remembered_by(plan)(frame)
    assert (kept is frame) == stays
    assert kept.pts == 4 and kept.seconds == 0.5
    np.testing.assert_array_equal(small_luma(kept.luma, info, shape), small_luma(luma, info, shape))
    if not stays:
        assert kept.luma.nbytes == luma.nbytes / 4 and kept.decoded.width * kept.decoded.height < 10
