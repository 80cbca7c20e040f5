"""The rows beside every table, on clips whose motion is known."""

import numpy as np
import pytest

from tests.helpers.systems import sliding_clips
from vidcolor_utils.related import rows
from vidcolor_utils.related.clips import SmallClip, block_means


@pytest.fixture(scope="module")
def clips():
    return sliding_clips(side=32)


def test_the_truth_scores_full_and_gray_has_no_energy(clips):
    true = {(clip.name, t): clip.lab[t] for clip in clips for t in range(len(clip.lab))}

    def know(reference, lightness):
        return next(lab[..., 1:] for lab in true.values() if np.array_equal(lab[..., 0], lightness))

    assert rows.score_guess(know, clips, 4) == {"psnr_ab": 60, "energy": pytest.approx(1)}
    gray = rows.score_guess(rows.gray_guess, clips, 4)
    assert gray["energy"] == 0 and gray["psnr_ab"] < 30


def test_hold_is_right_for_pictures_that_stand_still(clips):
    still = [SmallClip("still", np.repeat(clips[0].lab[:1], 6, axis=0))]
    assert rows.score_guess(rows.hold_guess, still, 5)["psnr_ab"] == 60


def test_motion_beats_hold_where_things_move(clips):
    moved, held = (rows.score_guess(guess, clips, 5)["psnr_ab"] for guess in (rows.motion_guess, rows.hold_guess))
    assert moved > held + 3


def test_the_nearest_lightness_is_looked_up_wherever_it_is():
    reference = np.array([[[10, 1, 1], [50, 2, 2], [90, 3, 3]]], np.float32)
    guess = rows.nearest_lightness_guess(reference, np.array([[12, 86, 55, 5, 95]], np.float32))
    assert guess[0, :, 0].tolist() == [1, 3, 2, 1, 3]


def test_a_smaller_guess_is_compared_with_the_shrunk_truth(clips):
    def grid(reference, lightness):
        found = next(lab for clip in clips for lab in clip.lab if np.array_equal(lab[..., 0], lightness))
        return block_means(found[..., 1:], 4)

    assert rows.score_guess(grid, clips, 4)["psnr_ab"] == 60
    assert rows.on_grid(rows.hold_guess, 4)(clips[0].lab[0], clips[0].lab[1, ..., 0]).shape == (8, 8, 2)


def test_pairs_are_evenly_spread_and_none_where_a_clip_is_too_short(clips):
    assert len(list(rows.pairs_apart(clips[0], 4, count=3))) == 3
    assert list(rows.pairs_apart(clips[0], 99)) == []
    with pytest.raises(ValueError, match="longer than 99"):
        rows.score_guess(rows.gray_guess, clips, 99)


def test_accuracy_counts_pixels_near_in_both_a_and_b():
    true = np.zeros((1, 4, 2), np.float32)
    made = np.array([[[4.4, 0], [5, 0], [0, -4], [-4, 6]]], np.float32)  # rounded: 4, 5, -4, (-4, 6)
    assert rows.accuracy(true, made) == 0.5


def test_held_and_carried_begin_with_the_truth(clips):
    held, carried = rows.held(clips[0]), rows.carried(clips[0])
    assert np.array_equal(held[0], carried[0]) and np.array_equal(held[5], held[0])
    true = clips[0].lab[5, ..., 1:]
    assert np.abs(carried[5] - true)[4:-4, 4:-4].mean() < 0.5 * np.abs(held[5] - true)[4:-4, 4:-4].mean()


def test_colours_that_jump_are_unsteady(clips):
    clip = clips[0]
    calm = rows.unsteadiness(clip.lab[..., 0], np.zeros_like(clip.lab[..., 1:]))
    jumping = np.zeros_like(clip.lab[..., 1:])
    jumping[::2] = 10
    assert calm == 0 and rows.unsteadiness(clip.lab[..., 0], jumping) > 5
