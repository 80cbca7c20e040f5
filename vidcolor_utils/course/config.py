"""What a training of the report's networks depends on, and the network, loss and batches that it asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import keras

from vidcolor_utils.course.consistency_loss import ConsistencyLoss
from vidcolor_utils.models.report_cnn import MOMENTUM, OUTPUTS, build_alexnet_colorizer, build_vgg16_colorizer
from vidcolor_utils.pairs.examples import FramePairs, Inputs
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pairs.targets import TargetLayout
from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import OneOf, Within, YesOrNo, check_option, check_options

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

    model: Annotated[str, OneOf(MODELS), "The network."] = "alexnet"
    beta: Annotated[float, Within(0, 1), "1: only the true frame counts; 0: only the frame predicted before."] = (
        0.8
    )
    epochs: Annotated[int, Within(1, whole=True), "Passes over the training runs."] = 100
    clips: int | None = None  # training clips to use; None: all
    epoch_runs: int | None = None  # runs in an epoch, drawn afresh for each; None: all. Dev takes a quarter of it
    run_length: Annotated[int, Within(1, whole=True), "Consecutive frames in a run."] = 8
    batch_clips: Annotated[
        int, Within(1, whole=True), "Runs in a batch; several clips make for better batch statistics."
    ] = 2
    learning_rate: Annotated[float, Within(0, open_start=True), "Peak of the rate."] = 1e-3
    schedule: Annotated[str, OneOf(SCHEDULES), "Of the rate; the cosine has a linear warm-up."] = "cosine"
    encoder_weights: str | None = "auto"  # of the VGG16: imagenet, hed, auto, a path, None
    output: Annotated[str, OneOf(OUTPUTS), "What the network predicts, see `report_cnn`."] = "rgb"
    window: Annotated[int, Within(1, whole=True), "Previous frames in the input."] = 1
    average: Annotated[bool, YesOrNo(), "Their mean, in place of them all."] = False
    gray_current: Annotated[bool, YesOrNo(), "No independent colorization of the current frame in the input."] = (
        False
    )
    flicker: Annotated[float, Within(0), "Colour errors added to each training input, in levels of Cb and Cr."] = (
        0.0
    )
    width: Annotated[float, Within(0, 1, open_start=True), "Factor on the numbers of filters."] = 1.0
    as_published: Annotated[bool, YesOrNo(), "Raw 0-255 in, open ReLU out."] = False
    second_crop: Annotated[bool, YesOrNo(), "Published defect: only the lower right quadrant is supervised."] = (
        False
    )
    shuffle_frames: Annotated[
        bool, YesOrNo(), "Published defect: the previous frame of the loss is a random one."
    ] = False
    masked: Annotated[bool, YesOrNo(), "Black bars count nowhere."] = False
    motion_compensated: Annotated[bool, YesOrNo(), "The loss compares along the motion."] = False
    mixed_precision: Annotated[
        bool, YesOrNo(), "bfloat16: about 3 times faster on processors and accelerators that have it."
    ] = False
    sample_every: Annotated[int, Within(0, whole=True), "Epochs between pictures of a dev clip; 0: none."] = 5
    tensorboard: Annotated[bool, YesOrNo(), "Needs `pip install tensorboard`."] = False
    jit_compile: Annotated[bool, YesOrNo(), "XLA: slower on processors."] = False
    seed: Annotated[int, Within(0, whole=True), "Of the first weights, and of the order of the runs."] = 0

    def __post_init__(self) -> None:
        check_options(self)
        if self.clips is not None:
            check_option("clips", self.clips, Within(1, whole=True))
        if self.epoch_runs is not None and self.epoch_runs < self.batch_clips:
            raise OptionError(f"`epoch_runs` must fill a batch of {self.batch_clips}. Received: {self.epoch_runs}")

    @property
    def value_range(self) -> float:
        """White of the frames that the model takes and gives."""
        return 255.0 if self.as_published else 1.0

    @property
    def inputs(self) -> Inputs:
        """What the model's input holds."""
        return Inputs(self.window, self.average, self.gray_current)


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
        inputs=config.inputs,
        epoch_runs=epoch_runs,
        flicker=config.flicker,
        targets=TargetLayout(config.masked, config.motion_compensated),
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
