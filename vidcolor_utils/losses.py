"""Losses, each a function on `keras.ops` with a small serializable class around it."""

from __future__ import annotations

import keras
from keras import ops

CHROMA_WEIGHT = 1.5
CHROMA_UNIT = 50.0


def chroma_weighted_l1(true_ab: keras.KerasTensor, pred_ab: keras.KerasTensor) -> keras.KerasTensor:
    """Compute the mean absolute error of ab, counting colourful places for more.

        mean(w |pred - true|), w = 1 + 1.5 |true| / 50, |true| the length of the ab vector

    Photographs are mostly grayish; without the weight the median, brown, is the best answer everywhere.

    Args:
        true_ab: (B, H, W, 2) Lab units.
        pred_ab: the same shape.

    Returns:
        (B,) loss of each image.
    """
    true_ab = ops.convert_to_tensor(true_ab, dtype=pred_ab.dtype)
    chroma = ops.sqrt(ops.sum(ops.square(true_ab), axis=-1, keepdims=True))
    weight = 1.0 + CHROMA_WEIGHT * chroma / CHROMA_UNIT
    return ops.mean(weight * ops.abs(pred_ab - true_ab), axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="vidcolor")
class ChromaWeightedL1(keras.losses.Loss):
    """`chroma_weighted_l1` as a Keras loss."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each image; see `chroma_weighted_l1`."""
        return chroma_weighted_l1(y_true, y_pred)
