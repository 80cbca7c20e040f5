"""Adversarial training without a training step of its own, so that it runs on every backend of Keras.

Two compiled models, each trained by `train_on_batch` in turns: the discriminator, and the generator followed by
a still copy of the discriminator. The copy gets the learner's weights before each turn of the generator. Sharing
them and setting `trainable` back and forth is not enough: Keras 3 reads that switch when it traces a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import keras
import numpy as np

from vidcolor_utils.related.ready import compile_ready

Batch = np.ndarray | list[np.ndarray]
Loss: TypeAlias = Any  # a name, or a `keras.losses.Loss`


class Judge(NamedTuple):
    """A discriminator and what it judges.

    Attributes:
        model: scores of any shape; without batch normalization, which its still copy would do differently.
        sees: from the lists of the generator's inputs and outputs to the discriminator's input.
    """

    model: keras.Model
    sees: Callable[[list[Any], list[Any]], Any]


class Adversarial:
    """Trains a generator against discriminators.

    Args:
        generator: a model from inputs to outputs. Whatever is judged or has a target must be an output.
        judges: the discriminators.
        make_generator_optimizer, make_judge_optimizer: called once for each model.
        loss: of scores against 1 (real) and 0 (made).
        output_losses: of the generator's outputs against their targets.
        output_weights: of these; the loss of each judge counts 1, and weight 0 leaves a term out.

    Raises:
        ValueError: if there are not as many losses and weights as outputs.
    """

    def __init__(
        self,
        generator: keras.Model,
        judges: Sequence[Judge],
        *,
        make_generator_optimizer: Callable[[], keras.optimizers.Optimizer],
        make_judge_optimizer: Callable[[], keras.optimizers.Optimizer],
        loss: Loss,
        output_losses: Sequence[Loss],
        output_weights: Sequence[float],
    ):
        if not len(generator.outputs) == len(output_losses) == len(output_weights):
            raise ValueError(
                f"{len(generator.outputs)} outputs need as many losses and weights. "
                f"Received: {len(output_losses)} and {len(output_weights)}"
            )
        self.generator, self.judges = generator, [judge.model for judge in judges]
        for model in self.judges:
            compile_ready(model, make_judge_optimizer(), loss=loss)
        self._still = [_still_copy(model) for model in self.judges]
        made, inputs = list(generator.outputs), list(generator.inputs)
        scores = [still(judge.sees(inputs, made)) for still, judge in zip(self._still, judges, strict=True)]
        self._fooled = keras.Model(inputs, [*scores, *made], name=f"{generator.name}_judged")
        compile_ready(
            self._fooled,
            make_generator_optimizer(),
            loss=[loss] * len(scores) + list(output_losses),
            loss_weights=[1.0] * len(scores) + list(output_weights),
        )

    def judge(self, number: int, real: Batch, made: Batch) -> float:
        """Train a discriminator on what is real and what is made, each as it sees them; returns the mean loss."""
        model = self.judges[number]
        shape = (_length(real), *model.output_shape[1:])
        losses = [
            float(model.train_on_batch(batch, np.full(shape, score, np.float32)))
            for batch, score in ((real, 1), (made, 0))
        ]
        return float(np.mean(losses))

    def fool(self, inputs: Batch, targets: Sequence[np.ndarray | None]) -> float:
        """Train the generator to be taken for real, and to meet its targets; the discriminators stay as they are.

        Args:
            inputs: of the generator.
            targets: of its outputs; None where the weight is 0.

        Returns:
            The weighted sum of all losses.
        """
        for still, model in zip(self._still, self.judges, strict=True):
            still.set_weights(model.get_weights())
        count = _length(inputs)
        wanted = [np.ones((count, *model.output_shape[1:]), np.float32) for model in self.judges]
        for target, output in zip(targets, self.generator.outputs, strict=True):
            wanted.append(np.zeros((count, *output.shape[1:]), np.float32) if target is None else target)
        return float(self._fooled.train_on_batch(inputs, wanted, return_dict=True)["loss"])


def _still_copy(model: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(model)
    copy.trainable = False
    return copy


def _length(batch: Batch) -> int:
    return len(batch[0]) if isinstance(batch, list) else len(batch)
