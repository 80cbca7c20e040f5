"""Teaching a network to point: predict the colours of a frame from those of another, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import keras
import numpy as np
from keras import layers

from vidcolor_utils.related import affinity
from vidcolor_utils.related.clips import DrawnPairs, SmallClip
from vidcolor_utils.related.learning import AB_SCALE, GAPS, Watch, grid_ab, scaled_lightness, unwatched
from vidcolor_utils.related.pointer.model import Pointing, build_pointer
from vidcolor_utils.related.ready import compile_ready

CLASSES = 16
LOSSES = ("ab", "classes", "softmax of probabilities")


class PointerConfig(NamedTuple):
    """How a pointer is trained.

    Attributes:
        loss: "ab": mean absolute error of the carried ab. "classes": cross-entropy of carried colour classes, as
            the paper has it. "softmax of probabilities": the same with the defect of a public re-implementation.
        steps: of Adam.
        batch: pairs in a step.
        learning_rate: of Adam.
        width: channels of the network, see `build_pointer`.
        seed: of the weights and of the pairs.
        shuffled: a control that must fail: both frames' colours come from another pair.
    """

    loss: str = "ab"
    steps: int = 250
    batch: int = 16
    learning_rate: float = 1e-3
    width: int = 48
    seed: int = 0
    shuffled: bool = False


def train_pointer(
    clips: Sequence[SmallClip], config: PointerConfig, *, say: Watch = unwatched
) -> tuple[keras.Model, list[float]]:
    """Train a pointer from nothing.

    Args:
        clips: to learn from.
        config: how.
        say: told the step and its loss.

    Returns:
        The network, see `build_pointer`, and the loss of each step.

    Raises:
        ValueError: if the loss has no such name.
    """
    if config.loss not in LOSSES:
        raise ValueError(f"`loss` must be one of {LOSSES}. Received: {config.loss!r}")
    keras.utils.set_random_seed(config.seed)
    side = clips[0].lab.shape[1]
    network = build_pointer(side=side, width=config.width)
    channels = 2 if config.loss == "ab" else CLASSES
    model = carrying_model(network, channels)
    compile_ready(model, keras.optimizers.Adam(config.learning_rate), loss=_loss(config.loss))
    pairs = DrawnPairs(clips, gaps=GAPS, batch=config.batch, seed=config.seed)
    coded = coding(clips, config)
    history = []
    for step in range(config.steps):
        source, target = pairs.draw()
        colors = [coded(frames) for frames in (source, target)]
        if config.shuffled:
            colors = [np.roll(values, 1, axis=0) for values in colors]
        inputs = [scaled_lightness(target), scaled_lightness(source), colors[0]]
        history.append(float(model.train_on_batch(inputs, colors[1])))
        say(step, history[-1])
    return network, history


def carrying_model(network: keras.Model, channels: int, temperature: float = affinity.TEMPERATURE) -> keras.Model:
    """Build the model that is trained: (gray target, gray source, values of the source) to values for the target.

    Args:
        network: see `build_pointer`; used for both frames.
        channels: of the values (B, n, channels), n the points of the network's output.
        temperature: of the softmax.
    """
    target, source = (keras.Input(network.input_shape[1:]) for _ in range(2))
    points = network.output_shape[1] * network.output_shape[2]
    values = keras.Input((points, channels))
    weights = Pointing(temperature)(network(target), network(source))
    carried = layers.Lambda(lambda pair: affinity.transport(*pair), (points, channels))([weights, values])
    return keras.Model([target, source, values], carried)


def coding(clips: Sequence[SmallClip], config: PointerConfig) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns Lab frames (B, S, S, 3) into values at the points (B, n, C): scaled ab or classes."""
    if config.loss == "ab":
        return grid_ab
    centres = color_classes(clips, seed=config.seed)
    return lambda lab: np.eye(CLASSES, dtype=np.float32)[nearest_class(grid_ab(lab) * AB_SCALE, centres)]


def color_classes(clips: Sequence[SmallClip], *, count: int = CLASSES, seed: int = 0) -> np.ndarray:
    """Find `count` typical colours (count, 2), ab in Lab units, by k-means over every tenth frame."""
    samples = np.concatenate([grid_ab(clip.lab[::10]).reshape(-1, 2) * AB_SCALE for clip in clips])
    cv2.setRNGSeed(seed)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    # OpenCV's stubs do not know that labels to begin with may be left out.
    _, _, centres = cv2.kmeans(samples.astype(np.float32), count, None, ends, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return centres


def nearest_class(ab: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Index (...) of the centre (K, 2) that is nearest to each ab (..., 2)."""
    return np.square(ab[..., None, :] - centres).sum(axis=-1).argmin(axis=-1)


def _loss(name: str) -> keras.losses.Loss:
    if name == "ab":
        return keras.losses.MeanAbsoluteError()
    return keras.losses.CategoricalCrossentropy(from_logits=name == "softmax of probabilities")


def double_softmax_floor(classes: int = CLASSES) -> float:
    """The least loss that softmax cross-entropy can reach on probabilities: -ln(e / (e + K - 1)), a sure hit."""
    return float(math.log(math.e + classes - 1) - 1)
