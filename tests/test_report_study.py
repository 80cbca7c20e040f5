from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from vidcolor_utils.clip_sources import rendered_clips
from vidcolor_utils.clip_store import ClipStore
from vidcolor_utils.errors import InputError
from vidcolor_utils.prepare import prepare_clips
from vidcolor_utils.report_measures import (
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
from vidcolor_utils.report_study import REDUCED, full_name, kept_clip, record_full_runs, run_study
from vidcolor_utils.report_training import ReportTrainConfig, train_report_model
from vidcolor_utils.video_io import iter_rgb

TINY = dataclasses.replace(REDUCED, epochs=1, epoch_runs=2, batch_clips=2, width=1 / 64, mixed_precision=False)


def yellowish(gray: np.ndarray) -> np.ndarray:
    return (gray[..., None] * np.array([1, 0.95, 0.7])).astype(np.uint8)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of six frames: two to train on, one for dev, one for test."""
    folder = tmp_path_factory.mktemp("clips")
    prepare_clips(rendered_clips(4, frames=6), folder, colorize_frames=yellowish, baseline_name="yellow", seed=0)
    return folder


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


def test_a_study_goes_on_with_the_runs_that_are_missing(clips: Path, tmp_path: Path):
    output, said = tmp_path / "study.json", []
    options = {"variants": {"average": {"window": 3, "average": True}}, "scale": TINY, "frames": 4}
    run_study(clips, tmp_path / "runs", output, seeds=1, say=said.append, **options)
    record = run_study(clips, tmp_path / "runs", output, seeds=2, say=said.append, **options)
    assert said == ["average, seed 0", "average, seed 1"]
    assert record == json.loads(output.read_text())
    first, second = record["runs"]["average"]
    assert first["closed"]["errors"] != second["closed"]["errors"]
    assert len(record["speed"]) == 4
    with pytest.raises(InputError, match="another study"):
        run_study(clips, tmp_path / "runs", output, **{**options, "frames": 5})


def test_clips_must_be_long_enough(clips: Path, tmp_path: Path):
    with pytest.raises(InputError, match="none of 1 clips has 7 frames"):
        run_study(clips, tmp_path / "runs", tmp_path / "study.json", frames=7)


def test_full_runs_are_measured_and_kept_to_be_shown(clips: Path, tmp_path: Path):
    train_report_model(clips, tmp_path / "runs" / "one", TINY, scored=(), verbose=0)
    (shown,) = ClipStore(clips).names("dev")
    record = record_full_runs(clips, tmp_path / "runs", tmp_path / "out", frames=4, shown=[shown])
    assert list(record["runs"]) == ["AlexNet, beta 0.8"]
    assert set(record["runs"]["AlexNet, beta 0.8"]) >= {"history", "scale", "dev", "test"}
    for row in ("true", "baseline", "AlexNet, beta 0.8"):
        assert len(list(iter_rgb(kept_clip(tmp_path / "out", shown, row)))) == 4
    network = kept_clip(tmp_path / "out", shown, "AlexNet, beta 0.8")
    network.unlink()
    assert record_full_runs(clips, tmp_path / "runs", tmp_path / "out", frames=4, shown=[shown]) == record
    assert not network.exists(), "measured again"
    with pytest.raises(InputError, match="make train-full"):
        record_full_runs(clips, tmp_path / "nothing", tmp_path / "out")


def test_full_names():
    assert full_name(ReportTrainConfig(model="vgg16", beta=1.0)) == "VGG16, beta 1"
    assert full_name(ReportTrainConfig(model="vgg16", encoder_weights=None)) == "VGG16 random, beta 0.8"
    assert full_name(ReportTrainConfig(model="vgg16", output="chroma")) == "VGG16 chroma, beta 0.8"
