"""Small clips, the pairs drawn from them, discs with masks, digits, and pictures of them."""

import numpy as np
import pytest

from tests.helpers.systems import sliding_clips
from vidcolor_utils.related.clips import (
    DrawnPairs,
    SmallClip,
    block_means,
    builtin_split,
    film_clips,
    folder_split,
    motion_energy,
    small_clip,
    small_frame,
)
from vidcolor_utils.related.discs import disc_clip
from vidcolor_utils.related.pictures import colored_picture, gray_picture, outlined, picture
from vidcolor_utils.related.unpaired.digits import digit_clips, hue_color
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256


def test_the_middle_of_the_shrunk_frame_is_taken():
    rgb = np.zeros((20, 60, 3), np.uint8)
    rgb[:, 20:40] = 255
    small = small_frame(rgb, 10)
    assert small.shape == (10, 10, 3) and small.dtype == np.float32
    assert small[..., 0].min() > 99


def test_black_bars_are_cut_off_and_the_length_is_limited():
    frames = np.full((5, 40, 40, 3), 128, np.uint8) + np.arange(40, dtype=np.uint8)[:, None]
    frames[:, :10] = frames[:, 30:] = 0
    clip = small_clip("bars", frames, side=16, count=3)
    assert clip.lab.shape == (3, 16, 16, 3) and clip.lab[..., 0].min() > 30


def test_squares_are_averaged():
    values = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    assert block_means(values, 2)[..., 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_pairs_are_as_far_apart_as_asked_and_the_seed_decides():
    clip = SmallClip(
        "count", np.arange(10, dtype=np.float32)[:, None, None, None] * np.ones((1, 4, 4, 3), np.float32)
    )
    first, again = (DrawnPairs([clip], gaps=(2, 5), batch=40, seed=3).draw() for _ in range(2))
    source, target = (frames[:, 0, 0, 0] for frames in first)
    assert set(np.abs(source - target)) == {2, 5}
    assert (source < target).any() and (source > target).any()
    assert np.array_equal(first[0], again[0])


def test_clips_that_move_are_drawn_more_often():
    moving = sliding_clips(1)[0]
    still = SmallClip("still", np.repeat(moving.lab[:1], 14, axis=0) + 500)
    assert motion_energy(still) == 0 < motion_energy(moving)
    source, _ = DrawnPairs([still, moving], gaps=(1,), batch=200).draw()
    assert (source[:, 0, 0, 0] < 400).mean() > 0.6


def test_too_short_clips_are_refused():
    with pytest.raises(ValueError, match="longer than 20"):
        DrawnPairs(sliding_clips(1), gaps=(20,), batch=1)


def test_videos_are_split_by_name_and_damaged_ones_are_passed_over(make_video, tmp_path, caplog):
    for name in ("one.mp4", "campus.mp4", "two.mp4"):
        make_video(name)
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    split = folder_split(tmp_path, side=16)
    assert [clip.name for clip in split.train] == ["one", "two"]
    assert [clip.name for clip in split.test] == ["campus"]
    assert split.test[0].sha256 == file_sha256(tmp_path / "campus.mp4")
    assert "broken.mp4" in caplog.text
    assert split.test[0].lab.shape == (6, 16, 16, 3)
    with pytest.raises(InputError, match="some of them named"):
        folder_split(tmp_path, held_out=("nobody",))
    assert film_clips([]) == []


def test_no_film_is_both_learned_from_and_tested_on():
    split = builtin_split(side=16, frames=4, rendered=4)
    films, scenes = [], []
    for part in split:
        drawn = {clip.name for clip in part if clip.name.startswith("rendered")}
        scenes.append(drawn)
        films.append({clip.name.rsplit("-", 1)[0] for clip in part if clip.name not in drawn})
    assert len(films[0]) == 2 and len(films[1]) == 1 and not films[0] & films[1]
    assert [len(each) for each in scenes] == [4, 2] and not scenes[0] & scenes[1]
    assert "rendered-0003" not in scenes[0] | scenes[1]  # it has a cut


def test_a_disc_is_where_its_mask_says():
    masked = disc_clip(3, frames=6)
    assert masked.clip.lab.shape == (6, 64, 64, 3) and masked.masks.shape == (6, 64, 64)
    assert np.array_equal(masked.masks, disc_clip(3, frames=6).masks)
    inside, outside = (masked.clip.lab[masked.masks == value][:, 1:].mean(axis=0) for value in (1, 0))
    assert np.linalg.norm(inside - outside) > 10
    centres = [np.argwhere(mask).mean(axis=0) for mask in masked.masks]
    assert np.linalg.norm(centres[3] - centres[0]) == pytest.approx(4.5, abs=1)


def test_coloured_digits_have_one_hue_a_clip_and_white_ones_none():
    white, colored = digit_clips(6, colored=False, seed=1, flicker=None), digit_clips(6, colored=True, seed=1)
    assert white.shape == (6, 8, 16, 16, 1) and colored.shape == (6, 8, 16, 16, 3)
    assert white.min() == -1 and white.max() > 0.8
    brightest = (colored + 1).max(axis=(2, 3))
    shares = brightest / brightest.max(axis=-1, keepdims=True)
    assert shares.std(axis=1).max() < 0.15 and shares[:, 0].std(axis=0).max() > 0.1
    assert hue_color(0).tolist() == [1, 0, 0]


@pytest.mark.parametrize("flicker", [0.0, 0.15])
def test_gray_digits_keep_the_brightness_of_their_clip_and_stray_from_it_by_twos(flicker):
    white, gray = (digit_clips(40, colored=False, seed=1, flicker=value) + 1 for value in (None, flicker))
    frames = gray.sum(axis=(2, 3, 4)) / white.sum(axis=(2, 3, 4))
    pairs = frames.reshape(40, 4, 2)
    own = pairs.mean(axis=-1)
    assert np.ptp(own, axis=1) == pytest.approx(0, abs=1e-5)
    assert 0.4 <= own.min() < 0.5 and 0.7 < own.max() <= 0.8
    strayed = np.abs(pairs - own[..., None]).max()
    assert strayed <= flicker + 1e-5 and strayed >= 0.9 * flicker


def test_pictures_are_enlarged_and_keep_their_lightness():
    lab = sliding_clips(1)[0].lab[0]
    assert picture(lab, scale=2).shape == (32, 32, 3)
    assert gray_picture(lab).std(axis=-1).max() < 1.5
    assert colored_picture(lab, lab[::4, ::4, 1:], scale=1).shape == (16, 16, 3)
    mask = np.zeros((4, 4))
    mask[1:3, 1:3] = 1
    drawn = outlined(picture(lab), mask)
    assert not np.array_equal(drawn, picture(lab)) and np.array_equal(drawn[0, 0], picture(lab)[0, 0])
