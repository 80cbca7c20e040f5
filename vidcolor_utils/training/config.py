"""What a training depends on; imports no Keras and no PyTorch, so that help is instant."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, NamedTuple

from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import Within, YesOrNo, check_option, check_options

SIDE_STEP = 32  # the encoder halves pictures five times
SIDE = Within(SIDE_STEP, whole=True)


class Stage(NamedTuple):
    """A part of a run: what learns, how long, how fast."""

    name: str
    epochs: float  # passes over the photographs
    rates: Mapping[str, float]  # factors on the learning rate, by part: "vit", "meaning", "encoder", "decoder"
    sides: tuple[int, ...]  # of what the light network sees, growing; () where the meaning learns alone


@dataclasses.dataclass(frozen=True)
class FrameTrainConfig:
    """What one training run of the frame colorizer depends on.

    Raises:
        OptionError: if a value is not allowed.
    """

    views: Annotated[int, Within(1, whole=True), "Of each photograph that are kept; 0.27 MB each."] = 4
    meaning_epochs: Annotated[float, Within(0), "Passes in which the meaning learns alone."] = 4.0
    decoder_epochs: Annotated[float, Within(0), "Passes in which the decoder learns."] = 4.0
    epochs: Annotated[float, Within(0), "Passes in which all of it learns."] = 12.0
    sides: tuple[int, ...] = (64, 96, 128, 160)  # of what the light network sees, growing; multiples of 32
    # As many of other sides as have equal pixels.
    batch: Annotated[int, Within(1, whole=True), "Views of 96 pixels in a step; on a GPU, of any."] = 32
    learning_rate: Annotated[float, Within(0, open_start=True), "Peak of the rate."] = 1.5e-3
    # It has learned to see already.
    encoder_rate: Annotated[float, Within(0), "Factor on the rate, for the encoder."] = 0.25
    # It has learned alone by then.
    meaning_rate: Annotated[float, Within(0), "Factor on the rate, for the meaning, once all learns."] = 0.2
    # It knows things from 142 million photographs, and forgets them if it learns fast.
    vit_rate: Annotated[float, Within(0), "Factor on the rate, for the transformer; 0: it stays as it is."] = 0.0
    weight_decay: float = 0.02
    # Small batches vary less, which makes colours too strong: what learned from large ones should keep its own.
    keep_statistics: Annotated[bool, YesOrNo(), "Keep the batch statistics that the networks begin with."] = False
    # That average is what is scored and exported.
    ema: Annotated[float, Within(0, 1, open_end=True), "Running average of the weights."] = 0.9995
    # For the others the light network must do without.
    known: Annotated[float, Within(0, 1), "Share of views whose meaning is shown."] = 0.85
    min_crop: Annotated[
        float, Within(0, 1, open_start=True), "Smallest crop, as a share of the photograph's shorter side."
    ] = 0.5
    wear: Annotated[float, Within(0, 1), "How often gray looks like worn film; 0: never, 1: mostly."] = 0.4
    start_from: str | None = None  # weights (.safetensors) of an earlier run, to begin with instead of ImageNet's
    vit: str | None = None  # the transformer's file, unless it is the one beside those, or that ships
    seed: Annotated[int, Within(0, whole=True), "Of crops, order and wear."] = 0

    def __post_init__(self) -> None:
        check_options(self)
        check_option("weight_decay", self.weight_decay, Within(0))
        if self.keep_statistics and self.start_from is None:
            raise OptionError("`keep_statistics` needs `start_from`: networks that never learned have none")
        sides = tuple(check_option("sides", side, SIDE) for side in self.sides)
        if any(side % SIDE_STEP for side in sides):
            raise OptionError(f"`sides` must be multiples of {SIDE_STEP}. Received: {self.sides!r}")
        if not sides or any(late <= early for early, late in pairwise(sides)):
            raise OptionError(f"`sides` must be at least one, and grow. Received: {self.sides!r}")
        object.__setattr__(self, "sides", sides)

    def stages(self) -> tuple[Stage, ...]:
        """Say what learns in which stage, how long, and how fast."""
        everything = {"decoder": 1.0, "encoder": self.encoder_rate, "meaning": self.meaning_rate}
        if self.vit_rate:
            everything["vit"] = self.vit_rate
        return (
            Stage("meaning", self.meaning_epochs, {"meaning": 1.0}, ()),
            Stage("decoder", self.decoder_epochs, {"decoder": 1.0}, self.sides[:2]),
            Stage("everything", self.epochs, everything, self.sides),
        )


@dataclasses.dataclass(frozen=True)
class KeyTrainConfig:
    """What one training run of the network that cleans key frames' colours depends on.

    Raises:
        OptionError: if a value is not allowed.
    """

    steps: Annotated[int, Within(1, whole=True), "Of the optimizer."] = 5000
    batch: Annotated[int, Within(1, whole=True), "Views in a step."] = 24
    learning_rate: Annotated[float, Within(0, open_start=True), "Peak of the rate."] = 2e-3
    ema: Annotated[float, Within(0, 1, open_end=True), "Running average of the weights."] = 0.9985
    seed: Annotated[int, Within(0, whole=True), "Of views and first weights."] = 0

    def __post_init__(self) -> None:
        check_options(self)
