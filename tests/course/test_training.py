from __future__ import annotations

import csv
import dataclasses
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tests.helpers.backends import backend_environment
from tests.helpers.clips import prepare_rendered
from tests.helpers.command import REPOSITORY
from tests.helpers.eager import without_graphs
from tests.helpers.runs import TINY
from vidcolor_utils.course.apply import colorize_clip, frame_scores
from vidcolor_utils.course.config import build_model
from vidcolor_utils.course.training import train_report_model
from vidcolor_utils.pairs.examples import FramePairs
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=4)


@pytest.fixture(scope="module")
def samples() -> list[tuple[int, dict[str, np.ndarray]]]:
    """What the uninterrupted run handed to its `on_sample`."""
    return []


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a kill in the middle of the second epoch would leave: a copy of what is on the disk then."""
    return tmp_path_factory.mktemp("killed") / "run"


@pytest.fixture(scope="module")
def whole_run(
    clips: Path, tmp_path_factory: pytest.TempPathFactory, samples: list, cut_off: Path
) -> tuple[Path, dict]:
    """An uninterrupted run."""
    folder, examples = tmp_path_factory.mktemp("whole"), FramePairs.__getitem__

    def examples_and_copy(self: FramePairs, index: int) -> tuple:
        if self.training and (self.epoch, index) == (1, 1):
            shutil.copytree(folder, cut_off)  # raises if it is asked twice
        return examples(self, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FramePairs, "__getitem__", examples_and_copy)
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


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is not None, reason="tensorboard is installed")
def test_tensorboard_that_is_missing_is_named(clips: Path, tmp_path: Path):
    with pytest.raises(InputError, match="pip install tensorboard"):
        train_report_model(clips, tmp_path, dataclasses.replace(TINY, tensorboard=True))
    assert not list(tmp_path.iterdir())


def test_best_weights_are_those_of_the_lowest_dev_loss(whole_run: tuple[Path, dict]):
    folder, record = whole_run
    losses = [row["val_loss"] for row in record["history"]]
    best, final = ((folder / f"{name}.weights.h5").read_bytes() for name in ("best", "final"))
    assert (best == final) == (losses.index(min(losses)) == len(losses) - 1)


@without_graphs(own_adam=True)  # which `whole_run` has
def test_killed_in_mid_epoch_and_started_again_ends_where_it_would_have(
    clips: Path, whole_run: tuple[Path, dict], cut_off: Path
):
    assert not (cut_off / "run.json").exists()
    assert len((cut_off / "history.csv").read_text().splitlines()) == 2  # header, first epoch

    def stopped(*_: np.ndarray) -> dict:
        raise InterruptedError("stopped again, while scoring")

    with pytest.raises(InterruptedError):
        train_report_model(clips, cut_off, TINY, verbose=0, score=stopped)
    record = train_report_model(clips, cut_off, TINY, verbose=0)
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


@pytest.mark.backends
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_same_on_another_backend(backend: str):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}")
    files = [str(REPOSITORY / "tests" / name) for name in ("course/test_config.py", "pairs/test_examples.py")]
    environment = backend_environment(backend)
    command = [sys.executable, "-m", "pytest", "-q", "-k", "ablations or pairs", *files]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    assert result.returncode == 0, result.stdout[-2000:]
