"""The previous estimate as an input: trained first without it, then with the network's own, as in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from vidcolor_utils.models.vgg16_weights import load_vgg16_weights
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.feedback.colas_training import Runs
from vidcolor_utils.related.feedback.colornn import build_features, build_head, trunk_of, unrolled_head
from vidcolor_utils.related.learning import AB_SCALE, Watch, scaled_lightness, unwatched
from vidcolor_utils.related.ready import compile_ready


class ColorNNConfig(NamedTuple):
    """How the network is trained, in two stages.

    Attributes:
        frame_steps: of the first stage: no previous estimate (zeros), single frames.
        feedback_steps: of the second: runs of `unroll` frames, each given the estimate before, learned as a whole.
        unroll: frames of a run.
        batch: frames, or runs.
        learning_rate: of Adam, in both.
        feedback: False: the second stage goes on with zeros, for as many steps: the control.
        encoder_weights: see `models.vgg16_weights.load_vgg16_weights`.
        seed: of the weights and draws.
    """

    frame_steps: int = 300
    feedback_steps: int = 100
    unroll: int = 4
    batch: int = 8
    learning_rate: float = 1e-3
    feedback: bool = True
    encoder_weights: str | None = "hed"
    seed: int = 0


Previous = Callable[[list[np.ndarray], int], np.ndarray]
"""From the estimates so far, each (B, S, S, 2) scaled, and the frame's number to what is given as the previous."""


def own_estimate(made: list[np.ndarray], frame: int) -> np.ndarray:
    """The network's own estimate of the frame before."""
    return made[-1]


def nothing(made: list[np.ndarray], frame: int) -> np.ndarray:
    """Zeros: no previous frame."""
    return np.zeros_like(made[-1])


def random_earlier(seed: int) -> Previous:
    """The network's own estimate of some earlier frame, drawn anew each time."""
    rng = np.random.default_rng(seed)
    return lambda made, frame: made[int(rng.integers(len(made)))]


class ColorNN:
    """A trained network and its frozen trunk.

    Args:
        config: how it is trained.
        side: height and width of the frames.
    """

    def __init__(self, config: ColorNNConfig, side: int):
        keras.utils.set_random_seed(config.seed)
        self.config, self.side = config, side
        self.features = build_features(side=side)
        self.weights_source = load_vgg16_weights(trunk_of(self.features), config.encoder_weights)
        self.head = build_head(side=side)
        compile_ready(self.head, keras.optimizers.Adam(config.learning_rate), loss="mean_absolute_error")

    def train(self, clips: Sequence[SmallClip], *, say: Watch = unwatched) -> list[float]:
        """Train both stages; returns the loss of each step, in units of 50 Lab units."""
        config = self.config
        single = Runs(clips, length=1, batch=config.batch, seed=config.seed)
        runs = Runs(clips, length=config.unroll, batch=config.batch, seed=config.seed + 1)
        history: list[float] = []
        model = self._over_runs() if config.feedback_steps else None
        for step in range(config.frame_steps + config.feedback_steps):
            alone = model is None or step < config.frame_steps
            history.append(self._learn(single.draw()) if alone else self._learn_runs(model, runs.draw()))
            say(step, history[-1])
        return history

    def _over_runs(self) -> keras.Model:
        unroll = self.config.unroll
        model = unrolled_head(self.head, unroll, feedback=self.config.feedback)
        options = {"loss": ["mean_absolute_error"] * unroll, "loss_weights": [1 / unroll] * unroll}
        compile_ready(model, keras.optimizers.Adam(self.config.learning_rate), **options)
        return model

    def _learn(self, lab: np.ndarray) -> float:
        """Train on single frames (B, 1, S, S, 3) without a previous estimate; returns the mean loss."""
        inputs = self._inputs(lab[:, 0], self._no_estimate(len(lab)))
        return float(self.head.train_on_batch(inputs, lab[:, 0, ..., 1:] / AB_SCALE))

    def _learn_runs(self, model: keras.Model, lab: np.ndarray) -> float:
        """Train on runs (B, n, S, S, 3); returns the mean loss."""
        count, length = lab.shape[:2]
        flat = lab.reshape(-1, *lab.shape[2:])
        *maps, _ = self._inputs(flat, self._no_estimate(len(flat)))
        runs = [np.reshape(each, (count, length, *each.shape[1:])) for each in maps]
        frames = [each[:, t] for t in range(length) for each in runs]
        wanted = [lab[:, t, ..., 1:] / AB_SCALE for t in range(length)]
        losses = model.train_on_batch([self._no_estimate(count), *frames], wanted, return_dict=True)
        return float(losses["loss"])

    def _no_estimate(self, count: int) -> np.ndarray:
        return np.zeros((count, self.side, self.side, 2), np.float32)

    def _inputs(self, lab: np.ndarray, previous: np.ndarray) -> list[np.ndarray]:
        gray = scaled_lightness(lab)
        return [*self.features.predict_on_batch(gray), gray, previous]

    def colorize(
        self, clip: SmallClip, *, previous: Previous = own_estimate, first: np.ndarray | None = None
    ) -> np.ndarray:
        """Colour a clip frame by frame.

        Args:
            clip: its L is used.
            previous: what is given beside each frame.
            first: an estimate (S, S, 2), Lab units, in place of the first frame's own.

        Returns:
            ab (T, S, S, 2), Lab units.
        """
        made = [np.zeros((1, self.side, self.side, 2), np.float32)]
        made.append(
            self._step(clip.lab[:1], made[0]) if first is None else first[None].astype(np.float32) / AB_SCALE
        )
        for t in range(1, len(clip.lab)):
            made.append(self._step(clip.lab[t : t + 1], previous(made[1:], t)))
        return np.concatenate(made[1:]) * AB_SCALE

    def _step(self, lab: np.ndarray, previous: np.ndarray) -> np.ndarray:
        return np.array(self.head.predict_on_batch(self._inputs(lab, previous)))


def turned_hue(ab: np.ndarray) -> np.ndarray:
    """Turn all hues by 90 degrees: (a, b) to (-b, a)."""
    return np.stack([-ab[..., 1], ab[..., 0]], axis=-1)


def memory_curve(network: ColorNN, clip: SmallClip, *, frames: int = 30) -> np.ndarray:
    """Tell how long a wrong first estimate lasts: what is left of the difference at each frame, the first 1.

    The same clip is coloured twice, from the true first colours and from the same with their hue turned.
    """
    start = SmallClip(clip.name, clip.lab[:frames])
    true = clip.lab[0, ..., 1:]
    right, wrong = (network.colorize(start, first=first) for first in (true, turned_hue(true)))
    difference = np.linalg.norm(wrong - right, axis=-1).mean(axis=(1, 2))
    return difference / difference[0]


def half_life(curve: np.ndarray) -> float:
    """Frames until a curve that begins at 1 first falls to 1/2, linear between frames; infinite if it does not."""
    below = np.flatnonzero(curve <= 0.5)
    if not len(below):
        return float("inf")
    after = int(below[0])
    return float(after - 1 + (curve[after - 1] - 0.5) / (curve[after - 1] - curve[after]))
