"""The frame colorizer: gray image in, chroma out.

A U-Net on an EfficientNet-Lite0 encoder. It predicts the a and b channels of CIE Lab at half the input's
size; luma is never predicted, so the colorized picture keeps every edge of its source.
"""

from __future__ import annotations

import keras

from vidcolor_utils.ab_bins import ab_bins
from vidcolor_utils.bin_losses import annealed_mean_of_scores
from vidcolor_utils.models.efficientnet_lite import encode_gray

STRIDE = 32  # both sides of the input must be multiples of this
AB_SCALE = 110.0  # |a|, |b| of sRGB colours stay below this
DECODER_FILTERS = (128, 96, 64, 40)  # at strides 16, 8, 4, 2
CONTEXT_FILTERS = 192
OBJECTIVES = ("regression", "classes", "mixture")


def build_frame_colorizer(objective: str = "regression") -> keras.Model:
    """Build the network.

    Args:
        objective: how the colour is made. "regression" predicts ab; "classes" predicts scores of the ab bins and
            takes their annealed mean (Zhang et al. 2016, equation 5); "mixture" adds a predicted ab to it.

    Returns:
        A model from luma (B, H, W, 1) in [0, 1] to ab (B, H/2, W/2, 2) in Lab units; H and W are
        multiples of `STRIDE`.

    Raises:
        ValueError: if `objective` is none of `OBJECTIVES`.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"`objective` must be one of {OBJECTIVES}. Received: {objective!r}")
    luma = keras.Input((None, None, 1), name="luma")
    quarter, half = _decode(*encode_gray(luma))
    parts = []
    if objective != "regression":
        scores = keras.layers.Conv2D(len(ab_bins()), 1, dtype="float32", name="scores")(quarter)
        mean = keras.layers.Lambda(annealed_mean_of_scores, name="annealed_mean", dtype="float32")(scores)
        parts.append(keras.layers.UpSampling2D(2, name="annealed_mean_up", dtype="float32")(mean))
    if objective != "classes":
        parts.append(_ab_head(half))
    ab = parts[0] if len(parts) == 1 else keras.layers.Add(name="ab_sum", dtype="float32")(parts)
    return keras.Model(luma, ab, name="frame_colorizer")


def with_scores(model: keras.Model) -> keras.Model:
    """Give a model of "classes" or "mixture" a second output: the scores (B, H/4, W/4, Q) to train on."""
    return keras.Model(model.input, [model.output, model.get_layer("scores").output], name=model.name)


def _decode(*features: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Go up the U-Net; returns features at strides 4 and 2."""
    *skips, bottom = features
    x, levels = _with_global_context(bottom), []
    for level, (skip, filters) in enumerate(zip(reversed(skips), DECODER_FILTERS, strict=True)):
        x = _up_block(x, skip, filters, f"decoder{level}")
        levels.append(x)
    return levels[-2], levels[-1]


def _ab_head(x: keras.KerasTensor) -> keras.KerasTensor:
    near_gray = keras.initializers.RandomNormal(stddev=1e-3, seed=0)  # larger ones start with the tanh saturated
    x = keras.layers.Conv2D(
        2, 3, padding="same", activation="tanh", kernel_initializer=near_gray, dtype="float32", name="head"
    )(x)
    return keras.layers.Rescaling(AB_SCALE, dtype="float32", name="ab")(x)


def _with_global_context(x: keras.KerasTensor) -> keras.KerasTensor:
    """Add what the whole picture shows to every place of it: the sky's colour depends on the scene."""
    context = keras.layers.GlobalAveragePooling2D(keepdims=True, name="context_pool")(x)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, activation="relu", name="context_hidden")(context)
    context = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_out")(context)
    x = keras.layers.Conv2D(CONTEXT_FILTERS, 1, name="context_in")(x)
    x = keras.layers.Add(name="context_add")([x, context])
    return keras.layers.ReLU(name="context_relu")(x)


def _up_block(x: keras.KerasTensor, skip: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    x = keras.layers.UpSampling2D(2, name=f"{name}_up")(x)
    x = keras.layers.Concatenate(name=f"{name}_concat")([x, skip])
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
