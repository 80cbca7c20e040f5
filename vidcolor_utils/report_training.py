"""Train the report's networks: resumable after a kill, logged, scored, one record of everything."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import logging
import platform
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vidcolor_utils.checksum import file_sha256
from vidcolor_utils.clip_store import MANIFEST, ClipStore
from vidcolor_utils.consistency_loss import ConsistencyLoss
from vidcolor_utils.errors import InputError
from vidcolor_utils.machine import machine
from vidcolor_utils.models.report_cnn import MOMENTUM, build_alexnet_colorizer, build_vgg16_colorizer
from vidcolor_utils.output import write_json
from vidcolor_utils.pairs import FramePairs
from vidcolor_utils.report_callbacks import (
    AtomicBackup,
    BestWeights,
    ClipSample,
    EpochHistory,
    FollowEpoch,
    OnSample,
    inference_twin,
    save_weights,
)
from vidcolor_utils.report_clips import Score, colorize_clip, frame_scores, score_clips

MODELS = ("alexnet", "vgg16")
SCHEDULES = ("cosine", "constant")
WEIGHTS, BEST_WEIGHTS = "final.weights.h5", "best.weights.h5"
HISTORY, RECORD, CONFIG = "history.csv", "run.json", "config.json"
BACKUP_FOLDER, SAMPLES_FOLDER, TENSORBOARD_FOLDER = "backup", "samples", "tensorboard"
WARM_UP_SHARE = 0.05  # of all steps
FINAL_RATE = 0.01  # the cosine's end, as a share of its peak
MIN_MOMENTUM, LOOK_BACKS = 0.5, 10  # batch normalization looks back over a tenth of the training

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ReportTrainConfig:
    """What one training run depends on, besides the clips."""

    model: str = "alexnet"  # or "vgg16"
    beta: float = 0.8  # 1: only the true frame counts; 0: only the frame predicted before
    epochs: int = 100
    clips: int | None = None  # training clips to use; None: all
    epoch_runs: int | None = None  # runs in an epoch, drawn afresh for each; None: all. Dev takes a quarter of it
    run_length: int = 8  # consecutive frames in a run
    batch_clips: int = 2  # runs in a batch; several clips make for better batch statistics
    learning_rate: float = 1e-3  # peak
    schedule: str = "cosine"  # with a linear warm-up, or "constant"
    encoder_weights: str | None = "auto"  # of the VGG16: imagenet, hed, auto, a path, None
    output: str = "rgb"  # or "chroma"
    window: int = 1  # previous frames in the input
    average: bool = False  # their mean, in place of them all
    gray_current: bool = False  # no independent colorization of the current frame in the input
    flicker: float = 0.0  # colour errors added to each training input, in levels of Cb and Cr
    width: float = 1.0  # factor on the numbers of filters
    as_published: bool = False  # raw 0-255 in, open ReLU out
    second_crop: bool = False  # published defect: only the lower right quadrant is supervised
    shuffle_frames: bool = False  # published defect: the previous frame of the loss is a random one
    masked: bool = False  # black bars count nowhere
    motion_compensated: bool = False  # the loss compares along the motion
    mixed_precision: bool = False  # bfloat16: about 3 times faster on processors and accelerators that have it
    sample_every: int = 5  # epochs between pictures of a dev clip; 0: none
    tensorboard: bool = False  # needs `pip install tensorboard`
    jit_compile: bool = False  # XLA: slower on processors
    seed: int = 0

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"`model` must be one of {MODELS}. Received: {self.model!r}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"`schedule` must be one of {SCHEDULES}. Received: {self.schedule!r}")
        if not 0 <= self.beta <= 1:
            raise ValueError(f"`beta` must be in [0, 1]. Received: {self.beta}")
        if self.flicker < 0:
            raise ValueError(f"`flicker` must not be negative. Received: {self.flicker}")
        if self.epochs < 1 or (self.clips is not None and self.clips < 1):
            raise ValueError(f"`epochs` and `clips` must be at least 1. Received: {self.epochs} and {self.clips}")
        if self.epoch_runs is not None and self.epoch_runs < self.batch_clips:
            raise ValueError(f"`epoch_runs` must fill a batch of {self.batch_clips}. Received: {self.epoch_runs}")

    @property
    def value_range(self) -> float:
        """White of the frames that the model takes and gives."""
        return 255.0 if self.as_published else 1.0

    @property
    def inputs(self) -> dict[str, Any]:
        """What the model's input holds, as `pairs.example_inputs` takes it."""
        return {"window": self.window, "average": self.average, "gray_current": self.gray_current}


def build_model(config: ReportTrainConfig, *, steps: int | None = None) -> keras.Model:
    """Build the network of a run, in its precision; `steps` of training, if it is to be trained."""
    options = {key: getattr(config, key) for key in ("as_published", "output", "width")}
    options["window"] = 1 if config.average else config.window
    if steps is not None:
        # Moving averages must look back over a small part of the training only, or they lag behind it.
        options["momentum"] = min(MOMENTUM, max(MIN_MOMENTUM, 1 - LOOK_BACKS / steps))
    with _dtype_policy("mixed_bfloat16" if config.mixed_precision else "float32"):
        if config.model == "alexnet":
            return build_alexnet_colorizer(**options)
        return build_vgg16_colorizer(encoder_weights=config.encoder_weights, **options)


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def make_loss(config: ReportTrainConfig, **changes: object) -> ConsistencyLoss:
    """Make the loss of a run; `changes` replace its arguments."""
    keys = ("beta", "run_length", "masked", "motion_compensated", "second_crop", "value_range")
    return ConsistencyLoss(**({key: getattr(config, key) for key in keys} | changes))


def make_pairs(config: ReportTrainConfig, store: ClipStore, split: str) -> FramePairs:
    """Make the batches of a split: shuffled runs for "train", all runs in order, one by one, for the others."""
    training = split == "train"
    names, epoch_runs = store.names(split), config.epoch_runs
    if epoch_runs is not None and not training:
        epoch_runs = max(1, epoch_runs // 4)
    return FramePairs(
        store,
        names[: config.clips] if training else names,
        run_length=config.run_length,
        batch_clips=config.batch_clips if training else 1,
        training=training,
        seed=config.seed,
        value_range=config.value_range,
        **config.inputs,
        epoch_runs=epoch_runs,
        flicker=config.flicker,
        masked=config.masked,
        motion=config.motion_compensated,
        shuffle_frames=config.shuffle_frames and training,
    )


def train_report_model(
    data_dir: str | Path,
    out_dir: str | Path,
    config: ReportTrainConfig,
    *,
    score: Score | None = None,
    scored: Sequence[str] = ("dev", "test"),
    on_sample: OnSample | None = None,
    verbose: int = 2,
) -> dict:
    """Train a network, or go on with a run that was stopped, even by a kill in the middle of an epoch.

    Writes to `out_dir`: `final.weights.h5`, `best.weights.h5` (lowest dev loss), `history.csv`, `run.json`,
    `samples/epoch-*.png` (true, baseline and model on one dev clip). A finished run is not trained again.

    Args:
        data_dir: folder written by `prepare.prepare_clips`.
        out_dir: where the run lives; a folder holds one run.
        config: the run's parameters.
        score: from true and colorized clip, each (T, H, W, 3) uint8, to named numbers; `frame_scores` if None.
        scored: splits whose clips the finished network is scored on.
        on_sample: called with the epoch, from 1, and the named clips (T, H, W, 3) uint8 of the sample.
        verbose: as in Keras `fit`.

    Returns:
        The run record, as written to `run.json`.

    Raises:
        InputError: if the clips are not prepared or too short, or `out_dir` holds another run.
    """
    store, out_dir = ClipStore(data_dir), Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    _check_tensorboard(config)
    if _is_finished(out_dir, _run_identity(config, store)):
        return json.loads((out_dir / RECORD).read_text())
    keras.utils.set_random_seed(config.seed)
    train, dev = make_pairs(config, store, "train"), _dev_pairs(config, store)
    steps = config.epochs * len(train)
    model = build_model(config, steps=steps)
    compile_model(model, config, steps=steps)
    history = EpochHistory(out_dir / HISTORY)
    started = time.time()
    model.fit(
        train,
        validation_data=dev,
        epochs=config.epochs,
        shuffle=False,  # the batches shuffle by epoch; Keras would, by a random state that a restart loses
        verbose=verbose,
        callbacks=_callbacks(out_dir, config, store, train, history, on_sample),
    )
    save_weights(inference_twin(model), out_dir / WEIGHTS)
    record = _record(model, config, store, train, history)
    record["scores"] = {
        split: score_clips(store, store.names(split), partial(_colorize, config, model), score or frame_scores)
        for split in scored
    }
    record["seconds_of_this_start"] = round(time.time() - started, 1)
    write_json(out_dir / RECORD, record, indent=1)
    shutil.rmtree(out_dir / BACKUP_FOLDER, ignore_errors=True)  # a run killed before this line loses nothing
    return record


def _run_identity(config: ReportTrainConfig, store: ClipStore) -> dict:
    return {"config": dataclasses.asdict(config), "clips": file_sha256(store.folder / MANIFEST)}


def _is_finished(out_dir: Path, identity: dict) -> bool:
    """Check that the folder is this run's, claim it if it is empty, and tell whether the run is finished."""
    path = out_dir / CONFIG
    if path.exists() and json.loads(path.read_text()) != identity:
        raise InputError(f"{out_dir}: holds a run with other parameters or clips: name another folder")
    for leftover in out_dir.rglob(".*.part-*"):  # of a killed start
        leftover.unlink()
    write_json(path, identity, indent=1)
    return (out_dir / RECORD).exists()


def _check_tensorboard(config: ReportTrainConfig) -> None:
    if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise InputError("tensorboard=True needs a package: run `pip install tensorboard`, or leave it off")


def _dev_pairs(config: ReportTrainConfig, store: ClipStore) -> FramePairs | None:
    if not store.names("dev"):
        log.warning("%s: no dev clips: nothing is scored while training", store.folder)
        return None
    return make_pairs(config, store, "dev")


def compile_model(model: keras.Model, config: ReportTrainConfig, *, steps: int) -> None:
    """Compile with Adam, the run's schedule and loss, and the loss's two terms as metrics."""
    terms = [
        keras.metrics.MeanMetricWrapper(make_loss(config, beta=beta).call, name=name)
        for name, beta in (("to_true", 1.0), ("to_previous", 0.0))
    ]
    model.compile(
        keras.optimizers.Adam(_learning_rate(config, steps)),
        loss=make_loss(config),
        metrics=terms,
        jit_compile=config.jit_compile,
    )


def _learning_rate(
    config: ReportTrainConfig, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if config.schedule == "constant":
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps),
        warmup_target=config.learning_rate,
        warmup_steps=max(1, round(steps * WARM_UP_SHARE)),
        alpha=FINAL_RATE,
    )


def _callbacks(
    out_dir: Path,
    config: ReportTrainConfig,
    store: ClipStore,
    train: FramePairs,
    history: EpochHistory,
    on_sample: OnSample | None,
) -> list[keras.callbacks.Callback]:
    """The backup is the last, so that a backed-up epoch has left everything else too."""
    callbacks = [FollowEpoch(train), history, BestWeights(out_dir / BEST_WEIGHTS, history)]
    if config.sample_every and store.names("dev"):
        clip, colorize = store.read(store.names("dev")[0]), partial(_colorize, config)
        sample = ClipSample(
            out_dir / SAMPLES_FOLDER, clip, colorize, every=config.sample_every, on_sample=on_sample
        )
        callbacks.append(sample)
    if config.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(out_dir / TENSORBOARD_FOLDER)))
    return [*callbacks, AtomicBackup(out_dir / BACKUP_FOLDER)]


def _colorize(config: ReportTrainConfig, model: keras.Model, baseline: np.ndarray) -> np.ndarray:
    return colorize_clip(model, baseline, value_range=config.value_range, **config.inputs)


def _record(
    model: keras.Model,
    config: ReportTrainConfig,
    store: ClipStore,
    train: FramePairs,
    history: EpochHistory,
) -> dict:
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return {
        **_run_identity(config, store),
        "encoder": getattr(model, "encoder_source", None),
        "parameters": {"total": model.count_params(), "trainable": trainable},
        "scale": {
            "train_clips": len(train.names),
            "runs": train.num_runs,
            "steps_an_epoch": len(train),
            "dev_clips": len(store.names("dev")),
            "test_clips": len(store.names("test")),
        },
        "history": history.rows,
        "versions": _versions(),
        "machine": {"name": machine(), "accelerators": _accelerators()},
    }


def _versions() -> dict[str, str]:
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: importlib.import_module(backend).__version__,
        "numpy": np.__version__,
    }


def _accelerators() -> list[str]:
    """Names of the devices that the backend computes on, besides the processor."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    import tensorflow as tf

    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return [found.get("device_name", "unknown GPU") for found in details]
