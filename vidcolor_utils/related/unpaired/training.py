"""Training a CycleGAN on clips without pairs, and measuring whether a clip keeps one hue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from vidcolor_utils.related.adversarial import Adversarial, Judge
from vidcolor_utils.related.unpaired.digits import FLICKER, FRAMES, SIDE, digit_clips
from vidcolor_utils.related.unpaired.model import build_small_discriminator, build_small_generator

CYCLE_WEIGHT = 10.0
POOL = 50  # clips made before, that the judges see again; the published code has none
AVERAGED_EVERY, AVERAGE_SHARE = 10, 0.9


class UnpairedConfig(NamedTuple):
    """How the small CycleGAN is trained.

    Attributes:
        over_time: False: the frame-wise twin, both its generators and its judges.
        steps: of both sides.
        batch: clips of each kind.
        filters: of the generators' first layer.
        learning_rate: of the generators; the judges take 0.4 of it.
        pool: clips made before that are mixed in for the judges; 0: none, as published.
        flicker: of the gray heap, see `digit_clips`.
        clips: of each kind to learn from.
        seed: of weights and clips.
    """

    over_time: bool = True
    steps: int = 1500
    batch: int = 4
    filters: int = 12
    learning_rate: float = 1e-3
    pool: int = POOL
    flicker: float | None = FLICKER
    clips: int = 400
    seed: int = 0


class Trained(NamedTuple):
    """The two generators, with averaged weights: gray to coloured, and back."""

    paint: keras.Model
    strip: keras.Model


def train_unpaired(
    config: UnpairedConfig, *, watch: Callable[[int, Trained], None] | None = None, every: int = 250
) -> Trained:
    """Train gray digits to coloured ones and back, LSGAN with cycles as published.

    Args:
        config: how.
        watch: shown the step and the averaged generators now and then.
        every: steps between two such moments.
    """
    keras.utils.set_random_seed(config.seed)
    gray = digit_clips(config.clips, colored=False, seed=2 * config.seed + 1000, flicker=config.flicker)
    colored = digit_clips(config.clips, colored=True, seed=2 * config.seed + 1001)
    shape: dict[str, Any] = {"frames": FRAMES, "side": SIDE, "over_time": config.over_time}
    live = Trained(
        build_small_generator(1, 3, filters=config.filters, name="paint", **shape),
        build_small_generator(3, 1, filters=config.filters, name="strip", **shape),
    )
    averaged = Trained(*(keras.models.clone_model(model) for model in live))
    both = _adversarial(live, shape, config)
    pools = [Pool(config.pool, seed=config.seed + side) for side in (0, 1)]
    rng = np.random.default_rng(config.seed)
    for step in range(1, config.steps + 1):
        a, b = (clips[rng.integers(len(clips), size=config.batch)] for clips in (gray, colored))
        made_b, made_a = (np.array(value) for value in both.generator.predict_on_batch([a, b])[:2])
        both.judge(0, b, pools[0].mixed(made_b))
        both.judge(1, a, pools[1].mixed(made_a))
        both.fool([a, b], [None, None, a, b])
        if step % AVERAGED_EVERY == 0:
            _average(averaged, live, share=min(AVERAGE_SHARE, step / (step + 10 * AVERAGED_EVERY)))
        if watch is not None and step % every == 0:
            watch(step, averaged)
    return averaged


def cycle_model(pair: Trained) -> keras.Model:
    """From [a, b] to [G(a), F(b), F(G(a)), G(F(b))]."""
    a, b = (keras.Input(model.input_shape[1:]) for model in pair)
    made_b, made_a = pair.paint(a), pair.strip(b)
    return keras.Model([a, b], [made_b, made_a, pair.strip(made_b), pair.paint(made_a)], name="cycle")


def _adversarial(pair: Trained, shape: dict, config: UnpairedConfig) -> Adversarial:
    judges = [
        Judge(
            build_small_discriminator(channels, name=f"judge_{which}", **shape),
            partial(_output, which),
        )
        for which, channels in enumerate((3, 1))
    ]
    return Adversarial(
        cycle_model(pair),
        judges,
        make_generator_optimizer=lambda: keras.optimizers.Adam(config.learning_rate, beta_1=0.5),
        make_judge_optimizer=lambda: keras.optimizers.Adam(0.4 * config.learning_rate, beta_1=0.5),
        loss="mean_squared_error",
        output_losses=["mean_absolute_error"] * 4,
        output_weights=[0.0, 0.0, CYCLE_WEIGHT, CYCLE_WEIGHT],
    )


def _output(which: int, inputs: list[Any], made: list[Any]) -> Any:
    return made[which]


class Pool:
    """Keeps clips made before, and gives back a mixture of new and old ones (Shrivastava et al., 2017)."""

    def __init__(self, size: int, *, seed: int = 0):
        self.size = size
        self.kept: list[np.ndarray] = []
        self.rng = np.random.default_rng(seed)

    def mixed(self, made: np.ndarray) -> np.ndarray:
        """Return as many clips as came, each with even chances itself or an old one whose place it takes."""
        result = []
        for clip in made:
            if len(self.kept) < self.size:
                self.kept.append(clip)
                result.append(clip)
            elif self.size and self.rng.random() < 0.5:
                place = int(self.rng.integers(self.size))
                result.append(self.kept[place])
                self.kept[place] = clip
            else:
                result.append(clip)
        return np.stack(result)


def _average(averaged: Trained, live: Trained, *, share: float) -> None:
    for mean, model in zip(averaged, live, strict=True):
        pairs = zip(mean.get_weights(), model.get_weights(), strict=True)
        mean.set_weights([share * old + (1 - share) * new for old, new in pairs])


class Spreads(NamedTuple):
    """What becomes of the hue.

    Attributes:
        within: spread of a clip's mean colour over its frames over its magnitude, mean of clips; truth 0.
        between: spread of the clips' mean colours over their magnitude: 0 if all clips have one colour.
        overlap: intersection over union of the painted digit and the gray one.
    """

    within: float
    between: float
    overlap: float


def spreads(clips: np.ndarray, shapes: np.ndarray) -> Spreads:
    """Measure painted clips (N, T, S, S, 3) over the digits (N, T, S, S, 1) they were made from, all in [-1, 1].

    A frame's colour is its mean over the digit, less its mean over red, green and blue: gray has none.
    """
    inside = (shapes + 1) / 2
    rgb = (clips + 1) / 2
    frame = (rgb * inside).sum(axis=(2, 3)) / inside.sum(axis=(2, 3))
    brightness = np.maximum(np.linalg.norm(frame.mean(axis=1), axis=-1), 0.05)
    color = frame - frame.mean(axis=-1, keepdims=True)
    mean = color.mean(axis=1)
    within = np.sqrt(np.square(color - mean[:, None]).sum(axis=-1).mean(axis=1)) / brightness
    between = np.sqrt(np.square(mean - mean.mean(axis=0)).sum(axis=-1).mean()) / brightness.mean()
    made, true = rgb.max(axis=-1) > 0.35, inside[..., 0] > 0.35
    overlap = np.logical_and(made, true).sum() / max(1, np.logical_or(made, true).sum())
    return Spreads(float(within.mean()), float(between), float(overlap))


def painted(
    pair: Trained, *, count: int = 64, seed: int = 77, flicker: float | None = FLICKER
) -> tuple[Spreads, Spreads]:
    """Spreads of what a generator makes of fresh gray digits, and of true coloured clips beside."""
    gray = digit_clips(count, colored=False, seed=seed, flicker=flicker)
    shapes = digit_clips(count, colored=False, seed=seed, flicker=None)
    true = digit_clips(count, colored=True, seed=seed + 1)
    made = pair.paint.predict(gray, verbose=0)
    return spreads(made, shapes), spreads(true, true.max(axis=-1, keepdims=True))
