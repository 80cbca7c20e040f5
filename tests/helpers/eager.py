"""Steps of a training as they stand: to build a graph takes seconds, which a few steps are not worth.

Keras's Adam is then half of a step: thirty small operations for each variable, where TensorFlow has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import keras


@contextmanager
def without_graphs(*, own_adam: bool = False) -> Iterator[None]:
    """Have TensorFlow run steps as they stand, with `one_operation_each`; other backends run as they do.

    Adam divides by what may be next to nothing: who must end as with graphs keeps Keras's `own_adam`.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    try:
        with ExitStack() as changes:
            if not own_adam:
                step = mock.patch.object(keras.optimizers.Adam, "_backend_update_step", one_operation_each)
                changes.enter_context(step)
            yield
    finally:
        tensorflow.config.run_functions_eagerly(False)


def one_operation_each(
    adam: keras.optimizers.Adam, gradients: Sequence[Any], variables: Sequence[Any], learning_rate: Any
) -> None:
    """Update variables as `keras.optimizers.Adam.update_step` does, each by one operation of TensorFlow."""
    import tensorflow

    step = int(adam.iterations) + 1
    numbers = {
        "beta1": adam.beta_1,
        "beta2": adam.beta_2,
        "beta1_power": adam.beta_1**step,
        "beta2_power": adam.beta_2**step,
        "epsilon": adam.epsilon,
        "lr": float(learning_rate),
    }
    numbers = {name: tensorflow.constant(number, tensorflow.float32) for name, number in numbers.items()}
    for gradient, variable in zip(gradients, variables, strict=True):
        place = adam._get_variable_index(variable)
        moments = {"m": adam._momentums[place].value.handle, "v": adam._velocities[place].value.handle}
        tensorflow.raw_ops.ResourceApplyAdam(var=variable.value.handle, grad=gradient, **moments, **numbers)
