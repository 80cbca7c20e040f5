from __future__ import annotations

import csv
import dataclasses
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from vidcolor_utils.clip_sources import rendered_clips
from vidcolor_utils.clip_store import ClipStore
from vidcolor_utils.errors import InputError
from vidcolor_utils.prepare import prepare_clips
from vidcolor_utils.report_clips import colorize_clip, frame_scores
from vidcolor_utils.report_training import (
    ReportTrainConfig,
    build_model,
    compile_model,
    make_pairs,
    train_report_model,
)

REPOSITORY = Path(__file__).resolve().parents[1]
TINY = ReportTrainConfig(epochs=3, run_length=2, batch_clips=2, width=1 / 64, sample_every=2, seed=5)


def yellowish(gray: np.ndarray) -> np.ndarray:
    return (gray[..., None] * np.array([1, 0.95, 0.7])).astype(np.uint8)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips of four frames: two to train on, one for dev, one for test."""
    folder = tmp_path_factory.mktemp("clips")
    prepare_clips(rendered_clips(4, frames=4), folder, colorize_frames=yellowish, baseline_name="yellow", seed=0)
    return folder


@pytest.fixture(scope="module")
def samples() -> list[tuple[int, dict[str, np.ndarray]]]:
    """What the uninterrupted run handed to its `on_sample`."""
    return []


@pytest.fixture(scope="module")
def whole_run(clips: Path, tmp_path_factory: pytest.TempPathFactory, samples: list) -> tuple[Path, dict]:
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    record = train_report_model(
        clips, folder, TINY, verbose=0, on_sample=lambda epoch, shown: samples.append((epoch, shown))
    )
    return folder, record


def test_record_tells_everything(whole_run: tuple[Path, dict], clips: Path):
    folder, record = whole_run
    assert record == json.loads((folder / "run.json").read_text())
    assert record["config"] == dataclasses.asdict(TINY)
    assert [row["epoch"] for row in record["history"]] == [1, 2, 3]
    assert record["scale"]["train_clips"] == 2 and record["scale"]["steps_an_epoch"] == 2
    assert set(record["scores"]["dev"]) == {"model", "baseline", "gray", "true"}
    assert record["scores"]["dev"]["true"]["mse"] == 0
    assert record["parameters"]["total"] > record["parameters"]["trainable"] > 0
    assert record["versions"]["keras"] == keras.__version__ and "cores" in record["machine"]["name"]


def test_history_is_logged_and_the_loss_is_its_two_terms(whole_run: tuple[Path, dict]):
    folder, record = whole_run
    with (folder / "history.csv").open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert rows == record["history"]
    for row in rows:
        for prefix in ("", "val_"):
            terms = 0.8 * row[f"{prefix}to_true"] + 0.2 * row[f"{prefix}to_previous"]
            assert row[f"{prefix}loss"] == pytest.approx(terms, rel=1e-4)
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["learning_rate"] < rows[0]["learning_rate"]


def test_files_of_a_run(whole_run: tuple[Path, dict], clips: Path, samples: list):
    folder, record = whole_run
    assert [epoch for epoch, _ in samples] == [1, 2]
    assert {name: clip.shape for name, clip in samples[0][1].items()} == dict.fromkeys(
        ("true", "baseline", "model"), (4, 128, 128, 3)
    )
    assert {path.name for path in (folder / "samples").iterdir()} == {
        f"epoch-0000{number}.png" for number in (1, 2)
    }
    assert not (folder / "backup").exists()
    assert not [path for path in folder.rglob("*") if "part" in path.name]
    model = build_model(TINY)
    model.load_weights(folder / "final.weights.h5")
    store = ClipStore(clips)
    true, baseline = store.read(store.names("dev")[0])
    scores = frame_scores(true, colorize_clip(model, baseline))
    assert scores == pytest.approx(record["scores"]["dev"]["model"], rel=1e-4)


def test_weights_files_hold_no_optimizer(whole_run: tuple[Path, dict]):
    folder, _ = whole_run
    for name in ("best", "final"):
        with h5py.File(folder / f"{name}.weights.h5") as file:
            assert "optimizer" not in file and "layers" in file


def test_momentum_follows_the_length_of_the_training():
    momentum = {
        steps: build_model(TINY, steps=steps).get_layer("bn1").momentum for steps in (4, 100, 100_000, None)
    }
    assert momentum == {4: 0.5, 100: 0.9, 100_000: 0.99, None: 0.99}


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is not None, reason="tensorboard is installed")
def test_tensorboard_that_is_missing_is_named(clips: Path, tmp_path: Path):
    with pytest.raises(InputError, match="pip install tensorboard"):
        train_report_model(clips, tmp_path, dataclasses.replace(TINY, tensorboard=True))
    assert not list(tmp_path.iterdir())


def test_best_weights_are_those_of_the_lowest_dev_loss(whole_run: tuple[Path, dict]):
    folder, record = whole_run
    losses = [row["val_loss"] for row in record["history"]]
    same = (folder / "best.weights.h5").read_bytes() == (folder / "final.weights.h5").read_bytes()
    assert same or losses.index(min(losses)) != len(losses) - 1


KILLED = """
import os, signal, sys
from vidcolor_utils.pairs import FramePairs
from vidcolor_utils.report_training import train_report_model
from test_report_training import TINY

examples = FramePairs.__getitem__

def examples_or_death(self, index):
    if self.training and (self.epoch, index) == (1, 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return examples(self, index)

FramePairs.__getitem__ = examples_or_death
train_report_model(sys.argv[1], sys.argv[2], TINY, verbose=0)
"""


def test_killed_in_mid_epoch_and_started_again_ends_where_it_would_have(
    clips: Path, whole_run: tuple[Path, dict], tmp_path: Path
):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])}
    command = [sys.executable, "-c", KILLED, str(clips), str(tmp_path)]
    killed = subprocess.run(command, env=environment, timeout=300, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert not (tmp_path / "run.json").exists()
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2  # header, first epoch

    def stopped(*_: np.ndarray) -> dict:
        raise InterruptedError("stopped again, while scoring")

    with pytest.raises(InterruptedError):
        train_report_model(clips, tmp_path, TINY, verbose=0, score=stopped)
    record = train_report_model(clips, tmp_path, TINY, verbose=0)
    expected = whole_run[1]
    assert len(record["history"]) == TINY.epochs
    for row, expected_row in zip(record["history"], expected["history"], strict=True):
        assert row == pytest.approx(expected_row, rel=1e-3)
    assert record["scores"]["dev"]["model"] == pytest.approx(expected["scores"]["dev"]["model"], rel=1e-3)


def test_a_finished_run_is_not_trained_again(whole_run: tuple[Path, dict], clips: Path):
    folder, record = whole_run
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.h5")}
    assert train_report_model(clips, folder, TINY, verbose=0) == record
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("*.h5")}


def test_a_folder_holds_one_run(whole_run: tuple[Path, dict], clips: Path):
    with pytest.raises(InputError, match="other parameters"):
        train_report_model(clips, whole_run[0], dataclasses.replace(TINY, beta=1.0), verbose=0)


@pytest.mark.parametrize(
    "options",
    [
        {"output": "chroma", "window": 2, "masked": True, "motion_compensated": True, "mixed_precision": True},
        {"as_published": True, "second_crop": True, "shuffle_frames": True},
    ],
    ids=["cures", "published defects"],
)
def test_options_of_the_ablations_take_a_step(clips: Path, options: dict):
    config = dataclasses.replace(TINY, schedule="constant", **options)  # a warm-up's first step is of size 0
    batches = make_pairs(config, ClipStore(clips), "train")
    keras.utils.set_random_seed(0)  # some first weights leave the open ReLU at zero, without gradient
    model = build_model(config)
    compile_model(model, config, steps=2)
    model.run_eagerly = True  # one step is not worth a graph
    head = model.get_layer("head").get_weights()[0].copy()
    loss, *_ = model.train_on_batch(*batches[0])
    assert np.isfinite(loss) and loss > 0
    assert (model.get_layer("head").get_weights()[0] != head).any()
    assert model.get_layer("conv1").compute_dtype == ("bfloat16" if config.mixed_precision else "float32")
    assert keras.config.dtype_policy().name == "float32"  # the precision was the run's alone


def test_clips_limits_the_training_clips_only(clips: Path):
    config = dataclasses.replace(TINY, clips=1)
    store = ClipStore(clips)
    assert make_pairs(config, store, "train").names == store.names("train")[:1]
    assert make_pairs(config, store, "dev").names == store.names("dev")


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


@pytest.mark.parametrize(
    "wrong", [{"model": "resnet"}, {"schedule": "step"}, {"beta": 1.4}, {"epochs": 0}, {"flicker": -1.0}]
)
def test_wrong_parameters_are_refused(wrong: dict):
    with pytest.raises(ValueError, match="Received"):
        ReportTrainConfig(**wrong)


@pytest.mark.backends
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_same_on_another_backend(backend: str):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}")
    files = [str(Path(__file__).with_name(name)) for name in ("test_report_training.py", "test_pairs.py")]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "pytest", "-q", "-k", "ablations or pairs", *files]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout[-2000:]
