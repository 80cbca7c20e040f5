"""The same small decoder, the same number of pictures seen, on more and more photographs."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from vidcolor_utils.related.learning import AB_SCALE
from vidcolor_utils.related.more_data.photographs import Photographs
from vidcolor_utils.related.ready import compile_ready

FILTERS = (64, 48, 32)  # at strides 16, 8, 4
SCORED_AT_ONCE = 256


class DecoderConfig(NamedTuple):
    """How a decoder is trained.

    Attributes:
        photographs: how many of those given are learned from, drawn by the seed; the first of a smaller number are
            among those of a larger one.
        pictures: seen in all, whatever `photographs` is: few are seen many times, many are seen once.
        batch, learning_rate: of Adam; the rate falls to zero along a cosine.
        readings: how often the error on unseen photographs is read on the way.
        seed: of the choice, the weights and the draws.
    """

    photographs: int
    pictures: int = 28_800
    batch: int = 64
    learning_rate: float = 2e-3
    readings: int = 4
    seed: int = 0


class Reading(NamedTuple):
    """Errors after a number of pictures seen: mean |error| of ab in Lab units."""

    pictures: int
    learned_from: float
    unseen: float


def build_decoder(shapes: list[tuple[int, ...]], filters: tuple[int, int, int] = FILTERS) -> keras.Model:
    """Build what is trained, gray to begin with: features, coarsest last, to scaled ab at the finest size.

    Args:
        shapes: of the features of one picture.
        filters: of the three levels.
    """
    inputs = [keras.Input(shape) for shape in shapes]
    fine, middle, coarse, coarsest = (layers.Rescaling(0.2)(each) for each in inputs)
    context = layers.Dense(filters[0])(layers.GlobalAveragePooling2D()(coarsest))
    x = layers.Conv2D(filters[0], 1)(layers.UpSampling2D(2)(coarsest))
    x = layers.Add()([x, layers.Conv2D(filters[0], 1)(coarse), layers.Reshape((1, 1, filters[0]))(context)])
    x = layers.Conv2D(filters[0], 3, padding="same", activation="relu")(layers.ReLU()(x))
    x = layers.Add()(
        [layers.Conv2D(filters[1], 1)(layers.UpSampling2D(2)(x)), layers.Conv2D(filters[1], 1)(middle)]
    )
    x = layers.Conv2D(filters[1], 3, padding="same", activation="relu")(layers.ReLU()(x))
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Add()([layers.Conv2D(filters[2], 1)(x), layers.Conv2D(filters[2], 1)(fine)])
    return keras.Model(inputs, layers.Conv2D(2, 1, kernel_initializer="zeros")(layers.ReLU()(x)), name="decoder")


def train_decoder(
    known: Photographs, unseen: Photographs, config: DecoderConfig
) -> tuple[keras.Model, list[Reading]]:
    """Train a decoder on `config.photographs` of `known`.

    Returns:
        The decoder, and its errors on the way; the last reading is of the decoder as it is returned.

    Raises:
        ValueError: if there are not so many photographs.
    """
    if not 0 < config.photographs <= len(known.ab):
        raise ValueError(f"`photographs` must be 1 to {len(known.ab)}. Received: {config.photographs}")
    keras.utils.set_random_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    chosen = rng.permutation(len(known.ab))[: config.photographs]
    steps = max(1, config.pictures // config.batch)
    decoder = build_decoder([part.shape[1:] for part in known.features])
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    compile_ready(decoder, keras.optimizers.Adam(rate), loss="mae")
    found, order = [], np.empty(0, int)
    for step in range(1, steps + 1):
        while len(order) < config.batch:  # a new pass, in a new order
            order = np.concatenate([order, rng.permutation(chosen)])
        batch, order = order[: config.batch], order[config.batch :]
        features, ab = known.take(batch)
        decoder.train_on_batch(features, ab / AB_SCALE)
        if step * config.readings // steps > (step - 1) * config.readings // steps:
            errors = mean_error(decoder, known, chosen[: len(unseen.ab)]), mean_error(decoder, unseen)
            found.append(Reading(step * config.batch, *errors))
    return decoder, found


def colors_of(decoder: keras.Model, photographs: Photographs, chosen: np.ndarray) -> np.ndarray:
    """The ab (N, h, w, 2) in Lab units that a decoder gives to some of the photographs."""
    parts = [chosen[i : i + SCORED_AT_ONCE] for i in range(0, len(chosen), SCORED_AT_ONCE)]
    made = [decoder(photographs.take(part)[0], training=False) for part in parts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in made]) * AB_SCALE


def mean_error(decoder: keras.Model, photographs: Photographs, chosen: np.ndarray | None = None) -> float:
    """Mean |error| of ab over all or some of the photographs, in Lab units."""
    chosen = np.arange(len(photographs.ab)) if chosen is None else chosen
    return float(np.abs(colors_of(decoder, photographs, chosen) - photographs.ab[chosen]).mean())


def gray_error(photographs: Photographs) -> float:
    """The same of gray."""
    return float(np.abs(photographs.ab.astype(np.float32)).mean())


def typical_error(known: Photographs, unseen: Photographs) -> float:
    """The same of one colour for every place of every picture: the median of those learned from."""
    typical = np.median(known.ab.reshape(-1, 2).astype(np.float32), axis=0)
    return float(np.abs(unseen.ab.astype(np.float32) - typical).mean())
