"""What is measured of a training; the numbers themselves are left to `make course-gpu` and `make bench`."""

import json
from functools import partial

import keras
import pytest

from records.speed import training
from records.speed.training import measure_training, peak_memory, record_speed
from tests.helpers.clips import prepare
from tests.helpers.eager import without_graphs
from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.training import train_report_model
from vidcolor_utils.pairs.sources import rendered_clips
from vidcolor_utils.system.errors import InputError


@without_graphs()
def test_training_from_disk_is_compared_with_training_from_memory(tmp_path, monkeypatch):
    def fastest(runs, rounds):
        for run in runs.values():
            run()
        return {"disk": 2.0, "memory": 0.5, "colorize": 0.25}

    monkeypatch.setattr(training, "fastest", fastest)
    prepare(rendered_clips(3, frames=4), tmp_path)
    config = ReportTrainConfig(run_length=2, batch_clips=1, width=1 / 64)
    expected = {
        "frames_per_second": 2.0,  # of 4 frames there are 2 steps of 2
        "in_memory_frames_per_second": 8.0,
        "computing": 0.25,
        "batch": 2,
        "epoch_s": 2.0,
        "colorize_frames_per_second": 8.0,
    }
    assert measure_training(tmp_path, config, steps=5, rounds=1) == expected
    # Whatever a slow memory says, a device computes no longer than all the time. Nothing is trained for that.
    monkeypatch.setattr(training, "fastest", lambda *_, **__: {"disk": 2.0, "memory": 4.0, "colorize": 0.25})
    for name in ("build_model", "compile_model"):
        monkeypatch.setattr(training, name, lambda *_, **__: None)
    changed = {"in_memory_frames_per_second": 1.0, "computing": 1.0}
    assert measure_training(tmp_path, config, steps=5, rounds=1) == expected | changed


def once(fastest, runs, rounds):
    assert rounds > 1
    return fastest(runs, rounds=1)


@without_graphs()
def test_finished_runs_are_measured_with_their_own_parameters(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "fastest", partial(once, training.fastest))
    prepare(rendered_clips(3, frames=4), tmp_path / "clips")
    config = ReportTrainConfig(epochs=1, run_length=4, batch_clips=1, width=1 / 64, sample_every=0)
    with pytest.raises(InputError):
        record_speed(tmp_path / "clips", tmp_path, tmp_path / "speed.json")
    train_report_model(tmp_path / "clips", tmp_path / "runs" / "one", config, verbose=0)
    record = record_speed(tmp_path / "clips", tmp_path / "runs", tmp_path / "speed.json", steps=1)
    assert record == json.loads((tmp_path / "speed.json").read_text())
    assert record["backend"] == keras.backend.backend() and record["memory"]["host_peak_mb"] > 0
    (row,) = record["runs"].values()
    assert row["batch"] == 4 and row["epochs"] == 1 and row["seconds"] > 0
    run = tmp_path / "runs" / "one" / "run.json"
    run.write_text(run.read_text().replace(f'"{keras.backend.backend()}":', '"other":'))
    with pytest.raises(InputError, match="KERAS_BACKEND"):
        record_speed(tmp_path / "clips", tmp_path / "runs", tmp_path / "speed.json")


def test_memory_of_an_accelerator_is_told_only_where_there_is_one():
    assert 20 < peak_memory()["host_peak_mb"] < 100_000
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        assert ("device_peak_mb" in peak_memory()) == bool(tf.config.list_physical_devices("GPU"))
