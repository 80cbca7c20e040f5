from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.clips import prepare_rendered
from vidcolor_utils.course.apply import colorize_clip, frame_scores
from vidcolor_utils.pairs.store import ClipStore


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
