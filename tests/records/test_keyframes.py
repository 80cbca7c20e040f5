import numpy as np
import pytest

from records.quality.keyframes import Clip as ClipInMemory
from records.quality.keyframes import edited, mean_rows, overflowing_psnr, rows, score, truth_of
from tests.helpers.keyed import ab_of, gray_of, panned
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.pictures.flow import Motion


@pytest.fixture(scope="module")
def clip():
    rgb = panned(6)
    still = Motion(np.zeros((*rgb[0].shape[:2], 2), np.float32), np.zeros(rgb[0].shape[:2], bool))
    ab, motions = list(map(ab_of, rgb)), [still] * 5
    return ClipInMemory("pan", rgb, ab, list(map(gray_of, rgb)), motions, truth_of(rgb, ab, motions))


def test_squares_in_uint8_overflow_and_flatter():
    black, gray = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 20, np.uint8)
    assert overflowing_psnr(black, gray) == pytest.approx(10 * np.log10(255**2 / 144))  # 400 - 256
    assert overflowing_psnr(black, np.full((4, 4, 3), 16, np.uint8)) == 60  # 256 is 0


def test_rows_stand_in_their_order_and_the_true_one_is_perfect(clip):
    made = dict(rows(clip, GrayColorizer(), panned(1, seed=4)[0]))
    assert list(made)[:4] == ["gray", "automatic", "hold", "DIS"] and list(made)[-1] == "true"
    truth = score(clip, made["true"]())
    assert truth["ciede2000"] < 1
    assert truth["psnr_ab"] == 60 and truth["chroma_warp_error_ratio"] == 1 and truth["chroma_ratio_at_end"] == 1
    first, held = (score(clip, made[name]())["psnr_ab"] for name in ("first", "hold"))
    assert first > held + 3
    wrong = made["first, wrong"]()
    assert all((ab == 0).all() for ab in wrong)  # as the automatic one, gray here


def test_an_edited_picture_is_moved_brighter_and_of_another_size():
    rgb = panned(1)[0]
    changed = edited(rgb)
    assert changed.shape == (384, 512, 3) and changed.mean() > 1.05 * rgb.mean()


def test_means_are_over_clips():
    clips = {name: {"gray": {"psnr": value}} for name, value in (("one", 20.0), ("two", 30.0))}
    assert mean_rows(clips) == {"gray": {"psnr": 25.0}}
