"""Compiling a model so that its first step costs no more than it must."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def compile_ready(model: keras.Model, optimizer: keras.optimizers.Optimizer, **options: Any) -> None:
    """Compile a model for `train_on_batch`, and make the variables of its optimizer and losses at once.

    TensorFlow traces a step anew if the first trace has made variables, and for these small models tracing takes
    longer than all steps together.

    Args:
        model: with its weights made.
        optimizer: of its own.
        options: of `keras.Model.compile`: `loss`, `loss_weights`.
    """
    model.compile(optimizer, **options)
    optimizer.build(model.trainable_variables)
    blank = [ops.zeros((1, *output.shape[1:])) for output in model.outputs]
    values = blank if len(blank) > 1 else blank[0]
    model.compute_loss(y=values, y_pred=values)
