"""The parts of `ab_bins` that run inside a training graph, on `keras.ops`."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from vidcolor_utils.ab_bins import AB_LIMIT, NEIGHBORS, TEMPERATURE, ab_bins, encoding_table


def annealed_mean_of_scores(scores: keras.KerasTensor, *, temperature: float = TEMPERATURE) -> keras.KerasTensor:
    """Colour of the scores (before the softmax) of the bins: equation 5 of arXiv 1603.08511.

    Raising softmax(x) to the power 1 / T and normalizing it again is softmax(x / T).

    Args:
        scores: (B, H, W, Q) float.
        temperature: T > 0; see `ab_bins.annealed_mean`.

    Returns:
        (B, H, W, 2) float ab in Lab units.
    """
    probabilities = ops.softmax(scores / temperature, axis=-1)
    return ops.matmul(probabilities, ops.cast(ab_bins(), probabilities.dtype))


@keras.saving.register_keras_serializable(package="vidcolor")
class RebalancedCrossEntropy(keras.losses.Loss):
    """Cross-entropy with soft targets, rare colours weighing more: equations 2 to 4 of arXiv 1603.08511.

        mean over pixels of  -v(Z) sum_q(Z_q log softmax(scores)_q),  v(Z) = w_q* of the nearest bin q*

    The targets Z are looked up inside the loss, so that data sets deal in ab only.

    Args:
        class_weights: w, one for each bin, as from `ab_bins.rebalancing_weights`; None weighs all equally.
        neighbors: how many bins share a target; see `ab_bins.soft_encode`.
        name: of the loss.

    Example:
        >>> loss = RebalancedCrossEntropy(rebalancing_weights(class_prior(ab_images)))
        >>> model.compile("adam", loss)  # ab (B, H, W, 2) are the targets, scores (B, H, W, Q) the output

    Raises:
        ValueError: if there is not one weight for each bin.
    """

    def __init__(
        self,
        class_weights: Sequence[float] | np.ndarray | None = None,
        *,
        neighbors: int = NEIGHBORS,
        name: str = "rebalanced_cross_entropy",
        **kwargs: object,
    ):
        super().__init__(name=name, **kwargs)
        weights = np.ones(len(ab_bins())) if class_weights is None else np.asarray(class_weights)
        if weights.shape != (len(ab_bins()),):
            raise ValueError(f"`class_weights` must be {len(ab_bins())} numbers. Received: {weights.shape}")
        self.class_weights, self.neighbors = weights.astype(np.float32), neighbors
        indices, shares = encoding_table(neighbors)
        self._indices = indices
        # The weight of a pixel goes into its targets: they then sum to v(Z).
        self._targets = shares * self.class_weights[indices[:, :1]]

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Compute the loss of each image.

        Args:
            y_true: (B, H, W, 2) ab in Lab units.
            y_pred: (B, H, W, Q) scores, before the softmax.

        Returns:
            (B,) float.
        """
        units = ops.cast(ops.clip(ops.round(y_true), -AB_LIMIT, AB_LIMIT), "int32") + AB_LIMIT
        rows = units[..., 0] * (2 * AB_LIMIT + 1) + units[..., 1]  # (B, H, W)
        indices = ops.take(self._indices, rows, axis=0)  # (B, H, W, K)
        targets = ops.cast(ops.take(self._targets, rows, axis=0), y_pred.dtype)
        normalizer = ops.logsumexp(y_pred, axis=-1, keepdims=True)
        missed = normalizer - ops.take_along_axis(y_pred, indices, axis=-1)  # -log softmax of the targets' bins
        return ops.mean(ops.sum(targets * missed, axis=-1), axis=(1, 2))

    def get_config(self) -> dict:
        """Return the arguments for `from_config`."""
        config = {"class_weights": self.class_weights.tolist(), "neighbors": self.neighbors}
        return {**super().get_config(), **config}
