"""Compiling a model so that its first step costs no more than it must."""

from __future__ import annotations

from typing import Any

import keras

from vidcolor_utils.training.callbacks import make_variables


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
    make_variables(model)
