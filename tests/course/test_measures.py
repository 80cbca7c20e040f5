from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.clips import prepare_rendered
from vidcolor_utils.course.measures import (
    MeasuredClip,
    clip_motions,
    clip_scores,
    frame_errors,
    frame_speeds,
    gradient_energy,
    load_clips,
    measure_network,
    measure_references,
)
from vidcolor_utils.pairs.store import ClipStore


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=6)


@pytest.fixture(scope="module")
def dev_clips(clips: Path) -> list[MeasuredClip]:
    store = ClipStore(clips)
    return load_clips(store, store.names("dev"), 4)


def sliding(pixels: int) -> np.ndarray:
    """A textured clip that moves by some pixels a frame."""
    texture = np.random.default_rng(0).integers(0, 255, (16, 40, 3)).astype(np.float32)
    picture = np.kron(texture, np.ones((4, 4, 1))).astype(np.uint8)
    return np.stack([picture[:, start : start + 96] for start in range(0, 4 * pixels, pixels)])


def test_frame_errors_are_squared_8_bit_differences():
    true = np.zeros((2, 4, 4, 3), np.uint8)
    colored = true.copy()
    colored[1] = 20
    assert frame_errors(true, colored).tolist() == [0, 400]


def test_speed_is_the_length_of_the_motion_in_pixels():
    speeds = frame_speeds(clip_motions(sliding(2)))
    assert len(speeds) == 3
    assert speeds == pytest.approx(2, abs=0.4)


def test_blur_lowers_the_gradient_energy():
    step = np.zeros((1, 4, 4, 3), np.uint8)
    step[:, :, 2:] = 30
    assert gradient_energy(step) == pytest.approx(30**2 / 3)  # one of three steps across, none down
    ramp = step.copy()
    ramp[:, :, 1] = 15
    assert gradient_energy(ramp) == pytest.approx(2 * 15**2 / 3)


def test_scores_of_the_truth_and_of_gray(dev_clips: list[MeasuredClip]):
    (clip,) = dev_clips
    true = clip_scores(clip, clip.true)
    assert true["mse"] == 0 and true["sharpness"] == 1 and true["pixel_match"] == 100
    assert true["chroma_warp_error"] > 0
    rows = measure_references(dev_clips)
    assert rows["gray"]["clips"][clip.name]["chroma_warp_error"] == pytest.approx(0, abs=0.05)
    assert rows["gray"]["clips"][clip.name]["sharpness"] == pytest.approx(1, abs=0.2)
    brighter = rows["true, one level brighter"]["clips"][clip.name]
    assert brighter["pixel_match"] < 2 and brighter["psnr"] > 48
    assert rows["baseline"]["errors"] == pytest.approx(frame_errors(clip.true, clip.baseline), abs=0.01)


def test_closed_loop_is_asked_for_by_name(dev_clips: list[MeasuredClip]):
    asked = []

    def colorize(baseline: np.ndarray, *, feed_back: bool) -> np.ndarray:
        asked.append(feed_back)
        return baseline

    both = measure_network(dev_clips, colorize)
    assert asked == [False, True] and list(both) == ["open", "closed"]
    assert len(both["closed"]["errors"]) == 4
    assert list(measure_network(dev_clips, colorize, closed=False)) == ["open"]
