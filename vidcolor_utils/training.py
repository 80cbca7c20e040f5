"""Train the frame colorizer on photographs: resumable, logged, one command."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from pathlib import Path

import keras
import numpy as np

from vidcolor_utils.augment import random_example
from vidcolor_utils.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.losses import ChromaWeightedL1
from vidcolor_utils.models.efficientnet_lite import load_encoder_weights, pretrained_encoder_path
from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
from vidcolor_utils.photos import read_photos

VALIDATION_SIDE = 128


@dataclasses.dataclass(frozen=True)
class FrameTrainConfig:
    """What one training run of the frame colorizer depends on."""

    epochs: int = 16
    batch: int = 32  # images of the smallest side in a step; larger sides get as many as have equal pixels
    sides: tuple[int, ...] = (96, 128)  # of the square crops, one after the other; multiples of 32
    learning_rate: float = 1e-3  # peak of a linear warm-up and cosine decay
    weight_decay: float = 1e-2
    ema: float = 0.998  # the averaged weights are what is scored and saved
    encoder: str = "imagenet"  # or "none"
    seed: int = 0


class PhotoBatches(keras.utils.PyDataset):
    """Batches of random views; the same seed, epoch and index always give the same batch."""

    def __init__(self, photos: list[np.ndarray], config: FrameTrainConfig):
        super().__init__()
        self.photos, self.config, self.epoch = photos, config, 0
        self.pixels = config.batch * min(config.sides) ** 2

    def __len__(self) -> int:
        images_per_step = np.mean([self.pixels // side**2 for side in self.config.sides])
        return max(1, round(len(self.photos) / images_per_step))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.config.seed, self.epoch, index))
        side = self.config.sides[index % len(self.config.sides)]
        chosen = rng.integers(len(self.photos), size=self.pixels // side**2)
        examples = [random_example(self.photos[i], side, rng) for i in chosen]
        luma, ab = zip(*examples, strict=True)
        return np.stack(luma), np.stack(ab)


class _FollowEpoch(keras.callbacks.Callback):
    """Tell the batches which epoch it is, also after a resumed start."""

    def __init__(self, batches: PhotoBatches):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches.epoch = epoch


def validation_arrays(photos: list[np.ndarray], side: int = VALIDATION_SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Cut the central square of each photograph: luma (N, side, side, 1) and ab (N, side/2, side/2, 2)."""
    import cv2

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
    photos, validation = read_photos(images), validation_arrays(read_photos(val_images))
    batches = PhotoBatches(photos, config)
    model = build_frame_colorizer()
    if config.encoder == "imagenet":
        load_encoder_weights(model, pretrained_encoder_path())
    steps = config.epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps, warmup_target=config.learning_rate, warmup_steps=max(1, steps // 20), alpha=0.01
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=config.weight_decay, use_ema=True, ema_momentum=config.ema, clipnorm=5.0
    )
    optimizer.build(model.trainable_variables)  # else a resumed start restores the weights alone
    model.compile(optimizer, loss=ChromaWeightedL1(), metrics=["mae"], jit_compile=False)
    started = time.time()
    model.fit(
        batches,
        validation_data=validation,
        validation_batch_size=32,
        epochs=config.epochs,
        verbose=2,
        callbacks=[
            _FollowEpoch(batches),
            keras.callbacks.BackupAndRestore(str(out_dir / "backup"), delete_checkpoint=False),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.ModelCheckpoint(str(out_dir / "frame.weights.h5"), save_weights_only=True),
            keras.callbacks.CSVLogger(str(out_dir / "history.csv"), append=True),
        ],
    )
    record = {
        "config": dataclasses.asdict(config),
        "photos": len(photos),
        "gray_mae": float(np.abs(validation[1]).mean()),
        "seconds_of_this_start": round(time.time() - started),
        "machine": platform.processor() or platform.machine(),
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
    }
    (out_dir / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    return record
