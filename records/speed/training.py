"""How fast the report's networks train and colorize here, and how much of that the device waits for its input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import keras
import numpy as np

from records.speed.timing import TrainingSpeed, fastest
from vidcolor_utils.course.config import ReportTrainConfig, build_model, compile_model, make_pairs
from vidcolor_utils.course.runs import finished_runs
from vidcolor_utils.course.training import MachineFacts, machine_facts, versions
from vidcolor_utils.models.devices import peak_memory
from vidcolor_utils.pairs.examples import FramePairs
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import write_json
from vidcolor_utils.training.run_folder import RECORD

STEPS = 8  # of a measured epoch
ROUNDS = 3


class RunSpeed(TrainingSpeed):
    """How fast the network of a finished run trains, and how long its own training took."""

    epochs: int
    seconds: float  # scoring and pictures included; since its last start, if it was interrupted


class SpeedRecord(TypedDict):
    """What `record_speed` found."""

    backend: str
    versions: dict[str, str]
    machine: MachineFacts  # that this ran on
    runs: dict[str, RunSpeed]
    memory: dict[str, float]  # of all of them together, see `peak_memory`


class _FirstBatches(keras.utils.PyDataset):
    """The first batches of a data set, made anew whenever they are asked for."""

    def __init__(self, pairs: FramePairs, count: int):
        super().__init__()
        self.pairs, self.count = pairs, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        return self.pairs[index]


def measure_training(
    data_dir: str | Path, config: ReportTrainConfig, *, steps: int = STEPS, rounds: int = ROUNDS
) -> TrainingSpeed:
    """Train for a few steps from disk and, in turns with that, on the same batches as arrays in memory.

    The plain `fit` on arrays has nothing to wait for, so its share of the time is what the device computes.

    Args:
        data_dir: folder written by `prepare.prepare_clips`.
        config: of the training; nothing is saved.
        steps: in a measured epoch, at most those there are.
        rounds: measured epochs of each kind, after one to warm up; the fastest counts.

    Raises:
        InputError: if the clips are not prepared or too short.
    """
    keras.utils.set_random_seed(config.seed)
    pairs = make_pairs(config, ClipStore(data_dir), "train")
    steps = min(steps, len(pairs))
    model = build_model(config, steps=steps * (rounds + 1))
    compile_model(model, config, steps=steps * (rounds + 1))
    batches = [pairs[index] for index in range(steps)]
    inputs = tuple(np.concatenate(parts) for parts in zip(*(inputs for inputs, _ in batches), strict=True))
    targets = np.concatenate([target for _, target in batches])
    batch = len(batches[0][1])
    epoch = {"epochs": 1, "shuffle": False, "verbose": 0}
    seconds = fastest(
        {
            "disk": lambda: model.fit(_FirstBatches(pairs, steps), **epoch),
            "memory": lambda: model.fit(inputs, targets, batch_size=batch, **epoch),
            "colorize": lambda: model.predict_on_batch(batches[0][0]),
        },
        rounds=rounds,
    )
    return {
        "frames_per_second": steps * batch / seconds["disk"],
        "in_memory_frames_per_second": steps * batch / seconds["memory"],
        "computing": min(1.0, seconds["memory"] / seconds["disk"]),
        "batch": batch,
        "epoch_s": seconds["disk"] / steps * len(pairs),
        "colorize_frames_per_second": batch / seconds["colorize"],
    }


def record_speed(
    data_dir: str | Path, runs_dir: str | Path, output: str | Path, *, steps: int = STEPS
) -> SpeedRecord:
    """Measure how fast the networks of finished runs train on this machine, with the parameters of their runs.

    Args:
        data_dir: folder of prepared clips.
        runs_dir: folder of run folders, as the 03 notebooks leave them.
        output: JSON file to write.
        steps: as for `measure_training`.

    Raises:
        InputError: if there is no finished run, or one was trained with another Keras backend than this one.
    """
    backend = keras.backend.backend()
    runs: dict[str, RunSpeed] = {}
    for name, folder in finished_runs(runs_dir).items():
        record = json.loads((folder / RECORD).read_text())
        if backend not in record["versions"]:
            raise InputError(f"{folder}: trained with another Keras backend than {backend}: set KERAS_BACKEND")
        speed = measure_training(data_dir, ReportTrainConfig(**record["config"]), steps=steps)
        runs[name] = {
            **speed,
            "epochs": record["config"]["epochs"],
            "seconds": record["seconds_of_this_start"],
        }
    speeds: SpeedRecord = {
        "backend": backend,
        "versions": versions(),
        "machine": machine_facts(),
        "runs": runs,
        "memory": peak_memory(),
    }
    write_json(output, speeds)
    return speeds
