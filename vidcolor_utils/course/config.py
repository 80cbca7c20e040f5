"""What a training of the report's networks depends on, and the network, loss and batches that it asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from vidcolor_utils.course.consistency_loss import ConsistencyLoss
from vidcolor_utils.models.report_cnn import MOMENTUM, build_alexnet_colorizer, build_vgg16_colorizer
from vidcolor_utils.pairs.examples import FramePairs
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import OneOf, Within, check_option

MODELS = ("alexnet", "vgg16")
SCHEDULES = ("cosine", "constant")
WARM_UP_SHARE = 0.05  # of all steps
FINAL_RATE = 0.01  # the cosine's end, as a share of its peak
MIN_MOMENTUM, LOOK_BACKS = 0.5, 10  # batch normalization looks back over a tenth of the training


@dataclasses.dataclass(frozen=True)
class ReportTrainConfig:
    """What one training run depends on, besides the clips.

    Raises:
        OptionError: if a value is not allowed.
    """

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
    output: str = "rgb"  # or "chroma", "cbcr"
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
        check_option("model", self.model, OneOf(MODELS))
        check_option("schedule", self.schedule, OneOf(SCHEDULES))
        check_option("beta", self.beta, Within(0, 1))
        check_option("flicker", self.flicker, Within(0))
        check_option("epochs", self.epochs, Within(1, whole=True))
        check_option("sample_every", self.sample_every, Within(0, whole=True))
        if self.clips is not None:
            check_option("clips", self.clips, Within(1, whole=True))
        if self.epoch_runs is not None and self.epoch_runs < self.batch_clips:
            raise OptionError(f"`epoch_runs` must fill a batch of {self.batch_clips}. Received: {self.epoch_runs}")

    @property
    def value_range(self) -> float:
        """White of the frames that the model takes and gives."""
        return 255.0 if self.as_published else 1.0

    @property
    def inputs(self) -> dict[str, Any]:
        """What the model's input holds, as `examples.example_inputs` takes it."""
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
