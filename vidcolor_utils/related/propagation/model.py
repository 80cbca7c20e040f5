"""Networks that make the gates of the sweeps: the published one, and one that carries colours from key frames."""

from __future__ import annotations

import keras
from keras import layers

from vidcolor_utils.related.affinity import Tensor
from vidcolor_utils.related.propagation.sweep import four_sweeps

FILTERS = 32
PROPERTIES = 8  # maps that ab is lifted to in the small network


class FourSweeps(layers.Layer):
    """`sweep.four_sweeps` as a layer: values (B, H, W, C) and gates (B, H, W, 12 C) to (B, H, W, C)."""

    def call(self, values: Tensor, gates: Tensor) -> Tensor:
        """Sweep."""
        return four_sweeps(values, gates)


def build_spn(*, side: int | None = 256, width: float = 1.0) -> keras.Model:
    """Build the spatial propagation network as published (Liu et al., 2017, in the authors' later code).

    A guidance network, VGG-like with three poolings and additive skips, makes 12 gates for each of nf maps that a
    convolution lifts the values to; after four sweeps another one brings them back.

    Args:
        side: height and width, a multiple of 8; None: any such.
        width: factor on the published nf = 32.

    Returns:
        A model from values and a guiding picture, both (B, S, S, 3), to (B, S, S, 3). 773,891 weights at width 1.
    """
    filters = round(FILTERS * width)
    values, guide = keras.Input((side, side, 3)), keras.Input((side, side, 3))
    lifted = layers.Conv2D(filters, 3, padding="same")(values)
    gates = guidance(guide, filters, 12 * filters)
    swept = FourSweeps()(lifted, gates)
    return keras.Model([values, guide], layers.Conv2D(3, 3, padding="same")(swept), name="spn")


def guidance(picture: Tensor, filters: int, maps: int) -> Tensor:
    """The guidance network: maps (B, H, W, `maps`) of a picture (B, H, W, C), H and W multiples of 8."""
    skips, x = [], picture
    for scale in (1, 2, 4):
        x = layers.Conv2D(scale * filters, 3, padding="same")(x)
        skips.append(x)
        x = layers.MaxPooling2D(3, 2, padding="same")(layers.ReLU()(x))
    x = layers.Conv2D(8 * filters, 3, padding="same")(x)
    x = layers.Conv2D(4 * filters, 1)(x)
    for scale, skip in zip((4, 2, 1), reversed(skips), strict=True):
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = layers.Conv2D(scale * filters, 3, padding="same", activation="elu")(x)
        x = layers.Add()([x, skip])
    return layers.Conv2D(maps, 3, padding="same")(x)


def build_key_frame_propagator(*, side: int = 64, filters: int = 8, properties: int = PROPERTIES) -> keras.Model:
    """Build a small switchable propagator: gates from two frames' lightness, for both directions at once.

    Args:
        side: height and width, a multiple of 8.
        filters: of the guidance network.
        properties: maps that ab is lifted to before the sweeps.

    Returns:
        A model from [L of the key, L of the other (B, S, S, 1), ab of the key, ab of the other (B, S, S, 2)] to
        [ab carried to the other, ab carried back to the key]. The two directions share guidance and convolutions,
        and take the two halves of the gate maps: what the paper calls switchable.
    """
    key, other = keras.Input((side, side, 1)), keras.Input((side, side, 1))
    colors = keras.Input((side, side, 2)), keras.Input((side, side, 2))
    maps = guidance(layers.Concatenate()([key, other]), filters, 24 * properties)
    halves = [maps[..., : 12 * properties], maps[..., 12 * properties :]]
    lift, lower = layers.Conv2D(properties, 1, use_bias=False), layers.Conv2D(2, 1, use_bias=False)
    sweeps = FourSweeps()
    carried = [lower(sweeps(lift(ab), gates)) for ab, gates in zip(colors, halves, strict=True)]
    return keras.Model([key, other, *colors], carried, name="key_frame_propagator")
