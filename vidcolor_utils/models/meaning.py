"""From the tokens of the Vision Transformer to what a colorizer needs of them: the meaning of a picture.

A few blocks of a transformer, trained with the frame colorizer, turn 768 numbers a token into 256 that tell what
colour things have. It is asked once a second or so, since the meaning moves along with the picture; the frame
colorizer looks for the detail of every frame.
"""

from __future__ import annotations

import keras
from keras import ops

from vidcolor_utils.models.vit import TOKEN_WIDTH, transformer_block
from vidcolor_utils.weights.shipped import MEANING_WIDTH

DEPTH, HEADS, HIDDEN = 3, 4, 512
EPSILON = 1e-5


def build_meaning() -> keras.Model:
    """Build the network.

    Returns:
        A model from tokens (B, h, w, 768) as `build_vit` makes them to a meaning (B, h, w, 256).
    """
    tokens = keras.Input((None, None, TOKEN_WIDTH), name="tokens")
    halves = SplitChannels(name="halves")(Flatten(name="flat")(tokens))
    names = ("norm_middle", "norm_last")  # the two levels of the transformer differ in scale
    x = keras.layers.Concatenate(name="joined")(
        [
            keras.layers.LayerNormalization(epsilon=EPSILON, name=name)(half)
            for name, half in zip(names, halves, strict=True)
        ]
    )
    x = keras.layers.Dense(MEANING_WIDTH, name="narrow")(x)
    for number in range(1, DEPTH + 1):
        x = transformer_block(x, f"block{number}", heads=HEADS, hidden=HIDDEN, epsilon=EPSILON)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, name="norm")(x)
    return keras.Model(tokens, LikeGrid(name="meaning")([x, tokens]), name="meaning")


@keras.saving.register_keras_serializable(package="vidcolor")
class SplitChannels(keras.layers.Layer):
    """(B, T, 2 C) to two of (B, T, C)."""

    def call(self, x: keras.KerasTensor) -> list[keras.KerasTensor]:
        """Cut in the middle."""
        half = x.shape[-1] // 2
        return [x[..., :half], x[..., half:]]


@keras.saving.register_keras_serializable(package="vidcolor")
class Flatten(keras.layers.Layer):
    """(B, h, w, C) to (B, h w, C)."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Lay the rows one after the other."""
        batch, height, width, _ = ops.shape(x)
        return ops.reshape(x, (batch, height * width, x.shape[-1]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Say the shape of the rows."""
        batch, height, width, channels = input_shape
        return batch, None if height is None or width is None else height * width, channels


@keras.saving.register_keras_serializable(package="vidcolor")
class LikeGrid(keras.layers.Layer):
    """Rows (B, h w, C) and a grid (B, h, w, D) to (B, h, w, C)."""

    def call(self, inputs: list) -> keras.KerasTensor:
        """Give the rows the grid's height and width."""
        rows, grid = inputs
        batch, height, width, _ = ops.shape(grid)
        return ops.reshape(rows, (batch, height, width, rows.shape[-1]))

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Say the shape of the grid."""
        rows, grid = input_shape
        return (*grid[:3], rows[-1])
