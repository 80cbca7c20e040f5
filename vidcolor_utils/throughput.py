"""How fast the report's networks train and colorize here, and how much of that the device waits for its input."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import keras
import numpy as np

from vidcolor_utils.bench import fastest
from vidcolor_utils.clip_store import ClipStore
from vidcolor_utils.errors import InputError
from vidcolor_utils.output import write_json
from vidcolor_utils.pairs import FramePairs
from vidcolor_utils.report_study import finished_runs
from vidcolor_utils.report_training import (
    RECORD,
    ReportTrainConfig,
    build_model,
    compile_model,
    make_pairs,
)

STEPS = 8  # of a measured epoch
ROUNDS = 3


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
) -> dict[str, float]:
    """Train for a few steps from disk and, in turns with that, on the same batches as arrays in memory.

    The plain `fit` on arrays has nothing to wait for, so its share of the time is what the device computes.

    Args:
        data_dir: folder written by `prepare.prepare_clips`.
        config: of the training; nothing is saved.
        steps: in a measured epoch, at most those there are.
        rounds: measured epochs of each kind, after one to warm up; the fastest counts.

    Returns:
        `frames_per_second`, from disk; `in_memory_frames_per_second`; `computing`, the share of the time that the
        device computes: the first over the second, at most 1; `batch`, frames in a step; `epoch_s`, seconds that
        an epoch over all clips takes from disk, without its scoring; `colorize_frames_per_second`, of the network
        alone.

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


def record_speed(data_dir: str | Path, runs_dir: str | Path, output: str | Path, *, steps: int = STEPS) -> dict:
    """Measure how fast the networks of finished runs train on this machine, with the parameters of their runs.

    Args:
        data_dir: folder of prepared clips.
        runs_dir: folder of run folders, as the 03 notebooks leave them.
        output: JSON file to write.
        steps: as for `measure_training`.

    Returns:
        What was written: `backend`, `versions`, `machine`; `runs`, each with what `measure_training` says,
        `epochs`, and `seconds`, how long the training of the run itself took, scoring and pictures included (since
        its last start, if it was interrupted); and `memory`, see `peak_memory`, of all of them together.

    Raises:
        InputError: if there is no finished run, or one was trained with another Keras backend than this one.
    """
    backend, runs = keras.backend.backend(), {}
    for name, folder in finished_runs(runs_dir).items():
        record = json.loads((folder / RECORD).read_text())
        if backend not in record["versions"]:
            raise InputError(f"{folder}: trained with another Keras backend than {backend}: set KERAS_BACKEND")
        speed = measure_training(data_dir, ReportTrainConfig(**record["config"]), steps=steps)
        trained = {"epochs": record["config"]["epochs"], "seconds": record["seconds_of_this_start"]}
        runs[name] = {**speed, **trained}
    facts = {key: record[key] for key in ("versions", "machine")}
    speeds = {"backend": backend, **facts, "runs": runs, "memory": peak_memory()}
    write_json(output, speeds)
    return speeds


def peak_memory() -> dict[str, float]:
    """The most memory that this process has had, in MB: `host_peak_mb`, and `device_peak_mb` on an accelerator."""
    host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, but in bytes on macOS
    peaks = {"host_peak_mb": host / (1e6 if sys.platform == "darwin" else 1e6 / 1024)}
    device = _device_peak_bytes()
    return peaks if device is None else {**peaks, "device_peak_mb": device / 1e6}


def _device_peak_bytes() -> int | None:
    """Bytes that the backend has had at once on its first accelerator; None if there is no accelerator."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    if backend == "jax":
        import jax

        stats = jax.local_devices()[0].memory_stats()
        return stats["peak_bytes_in_use"] if stats else None
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]
