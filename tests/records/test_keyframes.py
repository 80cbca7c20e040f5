import json

import numpy as np
import pytest

from records.quality.keyframes import Clip as ClipInMemory
from records.quality.keyframes import (
    edited,
    measure,
    overflowing_psnr,
    plain_means,
    rows,
    score,
    truth_of,
    warp_error,
)
from tests.helpers.keyed import ab_of, gray_of, panned
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.pictures.flow import Motion
from vidcolor_utils.system.errors import InputError


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


def hidden(clip, pairs):
    """The same clip with some pairs of frames that show nothing of each other."""
    all_of_it = np.ones_like(clip.motions[0].occluded)
    motions = [
        motion._replace(occluded=all_of_it) if index in pairs else motion
        for index, motion in enumerate(clip.motions)
    ]
    return clip._replace(motions=motions, truth=truth_of(clip.rgb, clip.ab, motions))


def test_where_nothing_can_be_compared_nothing_is_counted(clip):
    colors = [ab * (1 + index / 5) for index, ab in enumerate(clip.ab)]
    errors = [warp_error(colors, clip.motions, index) for index in range(1, 6)]
    scores = score(hidden(clip, {1, 2}), colors)
    assert scores["chroma_warp_error"] == pytest.approx(np.mean([errors[0], *errors[3:]]))
    nothing = score(hidden(clip, range(5)), colors)
    assert nothing["chroma_warp_error"] is None and nothing["chroma_warp_error_ratio"] is None
    assert nothing["psnr_ab"] == scores["psnr_ab"]


def test_a_record_of_another_number_of_frames_is_left_alone(tmp_path):
    output = tmp_path / "record.json"
    record = measure({}, GrayColorizer(), output, frames=4, say=print)
    output.write_text(json.dumps(record))
    assert measure({}, GrayColorizer(), output, frames=4, say=print) == record
    with pytest.raises(InputError, match=r"other settings \(frames\)"):
        measure({}, GrayColorizer(), output, frames=5, say=print)
    assert json.loads(output.read_text()) == record


def test_means_are_over_the_clips_that_have_a_score():
    values = (("one", 20.0, None), ("two", 30.0, 4.0))
    clips = {name: {"gray": {"psnr": psnr, "cdc": cdc, "chroma_ratio": None}} for name, psnr, cdc in values}
    assert plain_means(clips) == {"gray": {"cdc": 4.0, "chroma_ratio": None, "psnr": 25.0}}


def test_a_folder_of_one_film_has_no_wrong_key_frame(tmp_path, make_video):
    (tmp_path / "films").mkdir()
    make_video("films/only.mp4", frames=3)
    said = []
    record = measure({"one": tmp_path / "films"}, GrayColorizer(), tmp_path / "r.json", frames=3, say=said.append)
    mean = record["sets"]["one"]["mean"]
    assert "first, wrong" not in mean and "first, edited" in mean and "no wrong key frame" in said[0]


def test_means_are_over_the_folder_and_a_film_is_known_by_what_is_in_it(tmp_path, make_video):
    (tmp_path / "films").mkdir()
    sets, output = {"one": tmp_path / "films"}, tmp_path / "r.json"
    for name in ("a", "b"):
        make_video(f"films/{name}.mp4", frames=3)
    both = measure(sets, GrayColorizer(), output, frames=3, say=print)["sets"]["one"]
    assert sorted(both["files"]) == ["a.mp4", "b.mp4"]
    (tmp_path / "films" / "a.mp4").unlink()
    found = measure(sets, GrayColorizer(), output, frames=3, say=print)["sets"]["one"]
    assert found["clips"] == both["clips"] and found["mean"] == plain_means({"b": both["clips"]["b"]})
    make_video("films/b.mp4", frames=4)
    with pytest.raises(InputError, match=r"made of other files \(b.mp4\)"):
        measure(sets, GrayColorizer(), output, frames=3, say=print)
