"""Train the frame colorizer on photographs: resumable, logged, one command."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from vidcolor_utils.ab_bins import class_prior, rebalancing_weights
from vidcolor_utils.augment import random_example
from vidcolor_utils.bin_losses import RebalancedCrossEntropy
from vidcolor_utils.checksum import write_sidecar
from vidcolor_utils.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.errors import InputError
from vidcolor_utils.losses import ChromaWeightedL1
from vidcolor_utils.machine import machine
from vidcolor_utils.models.efficientnet_lite import is_encoder_layer, load_encoder_weights, pretrained_encoder_path
from vidcolor_utils.models.frame_colorizer import build_frame_colorizer, with_scores
from vidcolor_utils.output import finished_file, write_json
from vidcolor_utils.photos import read_photos
from vidcolor_utils.report_callbacks import AtomicBackup, FollowEpoch
from vidcolor_utils.weights_io import load_weights, save_weights

VALIDATION_SIDE = 128
REFRESH_STEPS, REFRESH_MOMENTUM = 200, 0.97
CHECKPOINT, RECORD = "frame.weights.h5", "run.json"


@dataclasses.dataclass(frozen=True)
class FrameTrainConfig:
    """What one training run of the frame colorizer depends on."""

    epochs: int = 16
    batch: int = 32  # images of the smallest side in a step; larger sides get as many as have equal pixels
    sides: tuple[int, ...] = (96, 128)  # of the square crops, one after the other; multiples of 32
    learning_rate: float = 1e-3  # peak of a linear warm-up and cosine decay
    encoder_rate: float = 0.25  # factor on it for the encoder, which has learned to see already
    weight_decay: float = 1e-2
    ema: float = 0.998  # the weights' running average is what is scored and saved; 0: the last weights
    min_crop: float = 0.5  # smallest crop, as a share of a photograph's shorter side
    wear: float = 0.4  # how often the gray picture looks like worn film; 0: never, 1: mostly
    encoder: str = "imagenet"  # or "none"
    start_from: str | None = None  # checkpoint of an earlier run to begin with
    objective: str = "regression"  # or "classes", "mixture": see `build_frame_colorizer`
    scores_weight: float = 2.0  # of the classes' cross-entropy beside the error of ab
    seed: int = 0


class SlowEncoderAdamW(keras.optimizers.AdamW):
    """AdamW whose steps on the encoder's weights are shorter by a factor.

    Args:
        learning_rate: of all other weights.
        encoder_rate: the factor.
        **kwargs: as for `keras.optimizers.AdamW`.
    """

    def __init__(self, learning_rate: object, encoder_rate: float, **kwargs: object):
        super().__init__(learning_rate, **kwargs)
        self.encoder_rate = encoder_rate

    def update_step(self, gradient: Any, variable: keras.Variable, learning_rate: Any) -> None:
        """Take one step; Keras calls this for every weight, with the backend's own kind of variable."""
        if is_encoder_layer(self._trainable_variables[self._get_variable_index(variable)].path):
            learning_rate = learning_rate * self.encoder_rate
        super().update_step(gradient, variable, learning_rate)


class PhotoBatches(keras.utils.PyDataset):
    """Batches of random views; the same seed, epoch and index always give the same batch."""

    def __init__(self, photos: list[np.ndarray], config: FrameTrainConfig):
        super().__init__()
        self.photos, self.config, self.epoch = photos, config, 0
        self.pixels = config.batch * min(config.sides) ** 2

    def __len__(self) -> int:
        images_per_step = np.mean([self.pixels // side**2 for side in self.config.sides])
        return max(1, round(len(self.photos) / images_per_step))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray | tuple[np.ndarray, ...]]:
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        side = self.config.sides[index % len(self.config.sides)]
        chosen = rng.integers(len(self.photos), size=self.pixels // side**2)
        options = {"min_crop": self.config.min_crop, "wear": self.config.wear}
        examples = [random_example(self.photos[i], side, rng, **options) for i in chosen]
        luma, ab = (np.stack(part) for part in zip(*examples, strict=True))
        return luma, _targets(ab, self.config)


def _targets(ab: np.ndarray, config: FrameTrainConfig) -> np.ndarray | tuple[np.ndarray, ...]:
    """True ab (B, h, w, 2); for objectives with classes also at half that size, where the scores are."""
    if config.objective == "regression":
        return ab
    quarters = ab.reshape(len(ab), ab.shape[1] // 2, 2, ab.shape[2] // 2, 2, 2).mean(axis=(2, 4))
    return ab, quarters


def validation_arrays(photos: list[np.ndarray], side: int = VALIDATION_SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Cut the central square of each photograph: luma (N, side, side, 1) and ab (N, side/2, side/2, 2)."""
    squares = [cv2.resize(_central_square(photo), (side, side), interpolation=cv2.INTER_AREA) for photo in photos]
    halves = [cv2.resize(square, (side // 2, side // 2), interpolation=cv2.INTER_AREA) for square in squares]
    luma = np.stack([luma_from_rgb(square)[..., None] for square in squares])
    return luma, np.stack([lab_from_rgb(half)[..., 1:] for half in halves])


def _central_square(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def train_frame_colorizer(
    images: str | Path, val_images: str | Path, out_dir: str | Path, config: FrameTrainConfig
) -> dict:
    """Train the frame colorizer, going on from the last finished epoch in `out_dir` if there is one.

    Writes `frame.weights.h5` (averaged weights, after every epoch), `history.csv` and `run.json`.

    Args:
        images: folder or tar of colour photographs to train on.
        val_images: the same, to score on.
        out_dir: where the run lives.
        config: the run's parameters.

    Returns:
        The run record, as written to `run.json`.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    photos, (val_luma, val_ab) = read_photos(images), validation_arrays(read_photos(val_images))
    batches = PhotoBatches(photos, config)
    model = compiled_model(config, photos, steps=config.epochs * len(batches))
    record = {
        "config": dataclasses.asdict(config),
        "photos": len(photos),
        "gray_mae": float(np.abs(val_ab).mean()),
        "machine": machine(),
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
    }
    _write_record(out_dir, record)
    started = time.time()
    model.fit(
        batches,
        validation_data=(val_luma, _targets(val_ab, config)),
        validation_batch_size=32,
        epochs=config.epochs,
        shuffle=False,  # the batches are random themselves; an order drawn here would be lost by a restart
        verbose=2,
        callbacks=[
            FollowEpoch(batches),
            AtomicBackup(out_dir / "backup"),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.ModelCheckpoint(str(out_dir / CHECKPOINT), save_weights_only=True),
            keras.callbacks.CSVLogger(str(out_dir / "history.csv"), append=True),
        ],
    )
    if config.ema:
        model.load_weights(out_dir / CHECKPOINT)  # the averaged weights; `fit` leaves the others in the model
        refresh_batch_statistics(model, batches)
        model.save_weights(out_dir / CHECKPOINT)
    record["seconds_of_last_start"] = round(time.time() - started)
    _write_record(out_dir, record)
    return record


def refresh_batch_statistics(model: keras.Model, batches: PhotoBatches, steps: int = REFRESH_STEPS) -> None:
    """Measure the means and variances of batch normalization anew, for weights that were averaged.

    Those kept during training belong to the weights of each step, not to their average: with them the averaged
    weights are 2 to 3 % further from the true colours.

    Args:
        model: gets new statistics; its weights stay.
        batches: from the training data.
        steps: how many of them to look at.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = REFRESH_MOMENTUM
    for index in range(steps):
        model(batches[index][0], training=True)


def _write_record(out_dir: Path, record: dict) -> None:
    write_json(out_dir / RECORD, record)


def export_weights(run_dir: str | Path, output: str | Path) -> dict[Path, str]:
    """Turn the checkpoint of a training run into weights for `FrameColorizer`.

    Writes two files of the same numbers, for Keras and for ONNX Runtime, and the sha256 of each beside it.

    Args:
        run_dir: the `out_dir` of `train_frame_colorizer`.
        output: the `.safetensors` file to write; the `.onnx` file gets the same name up to the suffix.

    Returns:
        The sha256 of both files as hex, by their paths.

    Raises:
        InputError: if the folder holds no finished epoch, or `output` has another suffix.
    """
    from vidcolor_utils.onnx_export import save_onnx  # needs onnx, which training does not

    run_dir, output = Path(run_dir), Path(output)
    if output.suffix != ".safetensors":
        raise InputError(f"{output}: name a file ending in .safetensors; its .onnx twin is written beside it")
    if not (run_dir / RECORD).is_file() or not (run_dir / CHECKPOINT).is_file():
        raise InputError(f"{run_dir}: no {RECORD} and {CHECKPOINT}: not the folder of a training run")
    objective = json.loads((run_dir / RECORD).read_text())["config"].get("objective", "regression")
    model = build_frame_colorizer(objective)
    trained = model if objective == "regression" else with_scores(model)
    trained.load_weights(run_dir / CHECKPOINT)
    with finished_file(output) as part:
        save_weights(model, part, {"objective": objective})
    digests = {output: write_sidecar(output)}
    load_weights(model, output)  # as rounded for storing
    network = output.with_suffix(".onnx")
    with finished_file(network) as part:
        save_onnx(model, part)
    return digests | {network: write_sidecar(network)}


def compiled_model(config: FrameTrainConfig, photos: list[np.ndarray], steps: int) -> keras.Model:
    """Build the network of a run, with its encoder's weights, loss and optimizer.

    Args:
        config: the run's parameters.
        photos: training photographs; for objectives with classes they say how common each colour is.
        steps: length of the learning-rate schedule.
    """
    model = build_frame_colorizer(config.objective)
    if config.encoder == "imagenet" and not config.start_from:
        load_encoder_weights(model, pretrained_encoder_path())
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=max(1, steps // 20), alpha=0.01
    )
    optimizer = SlowEncoderAdamW(
        schedule,
        config.encoder_rate,
        weight_decay=config.weight_decay,
        clipnorm=5.0,
        use_ema=True,
        ema_momentum=config.ema,
    )
    losses: dict = {"loss": ChromaWeightedL1(), "metrics": ["mae"]}
    if config.objective != "regression":
        model = with_scores(model)
        ab_weight = 1.0 if config.objective == "mixture" else 0.0
        losses = {
            "loss": [ChromaWeightedL1(), RebalancedCrossEntropy(_class_weights(photos))],
            "loss_weights": [ab_weight, config.scores_weight],
            "metrics": [["mae"], []],
        }
    if config.start_from:
        model.load_weights(config.start_from)
    optimizer.build(model.trainable_variables)  # else a resumed start restores the weights alone
    model.compile(optimizer, **losses, jit_compile=False)
    return model


def _class_weights(photos: list[np.ndarray]) -> np.ndarray:
    """Rebalancing weights of the ab bins from the colours of the photographs, seen small."""
    small = (cv2.resize(photo, (32, 32), interpolation=cv2.INTER_AREA) for photo in photos)
    return rebalancing_weights(class_prior(lab_from_rgb(rgb)[..., 1:] for rgb in small))
