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
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import keras
import numpy as np

from vidcolor_utils.course.apply import Score, colorize_clip, frame_scores, score_clips
from vidcolor_utils.course.config import ReportTrainConfig, build_model, compile_model, make_pairs
from vidcolor_utils.models.devices import accelerators
from vidcolor_utils.pairs.examples import FramePairs
from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.store import ClipFrames, ClipStore
from vidcolor_utils.pictures.show import strip
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.stills.images import StillImage, write_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256, write_json
from vidcolor_utils.system.machine import machine
from vidcolor_utils.training.callbacks import (
    AtomicBackup,
    BestWeights,
    EpochHistory,
    FollowEpoch,
    inference_twin,
    make_variables,
    save_checkpoint,
)
from vidcolor_utils.training.run_folder import HISTORY, RECORD, claimed_run

WEIGHTS, BEST_WEIGHTS = "final.weights.h5", "best.weights.h5"
BACKUP_FOLDER, SAMPLES_FOLDER, TENSORBOARD_FOLDER = "backup", "samples", "tensorboard"
SAMPLE_FRAMES = 5  # in the strip of a sample

ColorizeClip = Callable[[keras.Model, np.ndarray], np.ndarray]
OnSample = Callable[[int, dict[str, np.ndarray]], None]

log = logging.getLogger(__name__)


def train_report_model(
    data_dir: str | Path,
    out_dir: str | Path,
    config: ReportTrainConfig,
    *,
    score: Score | None = None,
    scored: Sequence[str] = ("dev", "test"),
    on_sample: OnSample | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 2,
) -> RunRecord:
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
        callbacks: more of them, that only watch: a line in a notebook, say.
        verbose: as in Keras `fit`.

    Returns:
        The run record, as written to `run.json`.

    Raises:
        InputError: if the clips are not prepared or too short, or `out_dir` holds another run.
        OutputError: if another start is at work in `out_dir`.
    """
    store, out_dir = ClipStore(data_dir), Path(out_dir)
    _check_tensorboard(config)
    with claimed_run(out_dir, _run_identity(config, store), inner=(BACKUP_FOLDER, SAMPLES_FOLDER)):
        if (out_dir / RECORD).exists():
            return json.loads((out_dir / RECORD).read_text())
        keras.utils.set_random_seed(config.seed)
        train, dev = make_pairs(config, store, "train"), _dev_pairs(config, store)
        steps = config.epochs * len(train)
        model = build_model(config, steps=steps)
        compile_model(model, config, steps=steps)
        make_variables(model, train[0][1])
        history = EpochHistory(out_dir / HISTORY)
        started = time.time()
        model.fit(
            train,
            validation_data=dev,
            epochs=config.epochs,
            shuffle=False,  # the batches shuffle by epoch; Keras would, by a random state that a restart loses
            verbose=verbose,
            callbacks=[*callbacks, *_callbacks(out_dir, config, store, train, history, on_sample)],
        )
        save_checkpoint(inference_twin(model), out_dir / WEIGHTS)
        record = _record(model, config, store, train, history)
        record["scores"] = {
            split: score_clips(store, store.names(split), colorizer_of(model, config), score or frame_scores)
            for split in scored
        }
        record["seconds_of_this_start"] = round(time.time() - started, 1)
        write_json(out_dir / RECORD, record, indent=1)
        shutil.rmtree(out_dir / BACKUP_FOLDER, ignore_errors=True)  # a run killed before this line loses nothing
        return record


def _run_identity(config: ReportTrainConfig, store: ClipStore) -> dict:
    return {"config": dataclasses.asdict(config), "clips": file_sha256(store.folder / MANIFEST)}


def _check_tensorboard(config: ReportTrainConfig) -> None:
    if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise InputError("tensorboard=True needs a package: run `pip install tensorboard`, or leave it off")


def _dev_pairs(config: ReportTrainConfig, store: ClipStore) -> FramePairs | None:
    if not store.names("dev"):
        log.warning("%s: no dev clips: nothing is scored while training", store.folder)
        return None
    return make_pairs(config, store, "dev")


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
        sample = ClipSample(
            out_dir / SAMPLES_FOLDER,
            store.read(store.names("dev")[0]),
            lambda model, baseline: colorizer_of(model, config)(baseline),
            every=config.sample_every,
            on_sample=on_sample,
        )
        callbacks.append(sample)
    if config.tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(out_dir / TENSORBOARD_FOLDER)))
    return [*callbacks, AtomicBackup(out_dir / BACKUP_FOLDER)]


def colorizer_of(model: keras.Model, config: ReportTrainConfig) -> Callable[..., np.ndarray]:
    """Make what colorizes a baseline clip with a trained network; it takes `feed_back`."""
    return partial(colorize_clip, model, value_range=config.value_range, inputs=config.inputs)


class ClipSample(keras.callbacks.Callback):
    """Colorizes one clip every few epochs, so that one can watch the network learn.

    Args:
        folder: gets a strip of frames, `epoch-00005.png`: true, baseline, model.
        clip: the clip's true and baseline frames.
        colorize: from a model and baseline frames to colorized ones, all (T, H, W, 3) uint8.
        every: epochs between samples; the first is always taken.
        on_sample: called with the epoch, from 1, and the clips "true", "baseline" and "model".
    """

    def __init__(
        self, folder: Path, clip: ClipFrames, colorize: ColorizeClip, *, every: int, on_sample: OnSample | None
    ):
        super().__init__()
        self.folder, self.clip, self.colorize = folder, clip, colorize
        self.every, self.on_sample = every, on_sample

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Colorize, if it is time."""
        if epoch and (epoch + 1) % self.every:
            return
        clips = {**self.clip._asdict(), "model": self.colorize(self.model, self.clip.baseline)}
        chosen = evenly(len(self.clip.true), SAMPLE_FRAMES)
        frames = {name: frames[chosen] for name, frames in clips.items()}
        picture = strip(frames, frame_width=self.clip.true.shape[2])
        self.folder.mkdir(parents=True, exist_ok=True)
        write_image(self.folder / f"epoch-{epoch + 1:05d}.png", StillImage(picture, None))
        if self.on_sample is not None:
            self.on_sample(epoch + 1, clips)


def _record(
    model: keras.Model,
    config: ReportTrainConfig,
    store: ClipStore,
    train: FramePairs,
    history: EpochHistory,
) -> RunRecord:
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return {
        "config": dataclasses.asdict(config),
        "clips": file_sha256(store.folder / MANIFEST),
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
        "versions": versions(),
        "machine": machine_facts(),
    }


class ModelSize(TypedDict):
    """Numbers of parameters."""

    total: int
    trainable: int


class RunScale(TypedDict):
    """How much a training sees."""

    train_clips: int
    runs: int
    steps_an_epoch: int
    dev_clips: int
    test_clips: int


class RunRecord(TypedDict):
    """`run.json` of a finished training."""

    config: dict[str, Any]  # of `ReportTrainConfig`
    clips: str  # sha256 of their manifest
    encoder: str | None  # where the VGG16's weights are from
    parameters: ModelSize
    scale: RunScale
    history: list[dict[str, float]]  # epoch by epoch
    versions: dict[str, str]
    machine: MachineFacts
    scores: NotRequired[dict[str, dict[str, dict[str, float]]]]  # split to rows to scores
    seconds_of_this_start: NotRequired[float]


class MachineFacts(TypedDict):
    """A machine as records of trainings name it."""

    name: str  # see `system.machine`
    accelerators: list[str]


def machine_facts() -> MachineFacts:
    """Name this machine."""
    return {"name": str(machine()), "accelerators": accelerators()}


def versions() -> dict[str, str]:
    """Versions of all that a training's numbers depend on, by name."""
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: importlib.import_module(backend).__version__,
        "numpy": np.__version__,
    }
