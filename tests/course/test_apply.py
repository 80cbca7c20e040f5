from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.clips import prepare_rendered
from vidcolor_utils.course.apply import (
    clip_errors,
    colorize_clip,
    errors_of_seeds,
    frame_scores,
    paler,
    score_clips,
)
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pictures.color import gray_clip, rgb_from_gray


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=4)


def test_colorize_clip_feeds_back_its_own_frames(clips: Path):
    store = ClipStore(clips)
    baseline = store.read(store.names("dev")[0]).baseline
    previous, current = keras.Input((128, 128, 3)), keras.Input((128, 128, 3))
    half_previous = keras.Model([previous, current], keras.layers.Rescaling(0.5)(previous))
    taught = colorize_clip(half_previous, baseline).astype(int)
    fed = colorize_clip(half_previous, baseline, feed_back=True).astype(int)
    np.testing.assert_allclose(taught[3], baseline[2] / 2, atol=0.51)
    np.testing.assert_allclose(fed[3], baseline[0] / 16, atol=1.01)


def test_frame_scores_by_hand():
    true = np.zeros((2, 4, 4, 3), np.uint8)
    colored = np.stack([true[0], true[0] + 2])
    scores = frame_scores(true, colored)
    assert scores["mse"] == 2 and scores["change"] == 4
    assert scores["psnr"] == pytest.approx((60 + 10 * np.log10(255**2 / 4)) / 2)


def test_half_of_the_chroma_is_half_way_to_gray():
    red = np.full((1, 2, 2, 3), (200, 0, 0), np.uint8)  # luma 0.299 * 200 = 59.8
    assert paler(red, 0.5)[0, 0, 0].tolist() == [130, 30, 30]


def test_all_of_the_chroma_are_the_frames_and_none_is_gray():
    frames = np.random.default_rng(0).integers(0, 255, (2, 4, 6, 3)).astype(np.uint8)
    np.testing.assert_array_equal(paler(frames, 1), frames)
    np.testing.assert_array_equal(paler(frames, 0), rgb_from_gray(gray_clip(frames)))


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_of_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]. Received"):
        paler(np.zeros((1, 2, 2, 3), np.uint8), share)


def test_the_errors_of_the_clips_average_to_the_scores(clips: Path):
    store = ClipStore(clips)
    names = store.names("train")
    errors = clip_errors(store, names, {"baseline": lambda frames: frames})
    assert list(errors) == names
    scores = score_clips(store, names, lambda frames: frames, frame_scores)
    for row in ("gray", "baseline"):
        found = np.mean([of_clip[row] for of_clip in errors.values()])
        assert found == pytest.approx(scores[row]["mse"], rel=1e-4)


def test_the_control_stands_in_each_seed_before_the_model():
    rows = [{"model": model, "baseline": 4, "gray": 5, "true": 0} for model in (3, 2)]
    runs = [{"scores": {"dev": {name: {"mse": mse, "psnr": 0} for name, mse in row.items()}}} for row in rows]
    table = errors_of_seeds(runs, "dev", {"paler": 2.5})
    assert list(table) == ["seed 0", "seed 1"]
    assert list(table["seed 1"].items()) == [("gray", 5), ("baseline", 4), ("paler", 2.5), ("model", 2)]
    with pytest.raises(KeyError, match="test"):
        errors_of_seeds(runs, "test", {})
