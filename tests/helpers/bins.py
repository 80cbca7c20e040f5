"""Distributions over the ab bins."""

import numpy as np

from vidcolor_utils.pictures.ab_bins import ab_bins

Q = 261  # the paper counts 313; see the docstring of `ab_bins`


def random_distribution(shape=(3, 4), seed=0):
    probabilities = np.random.default_rng(seed).random((*shape, Q)) ** 8
    return probabilities / probabilities.sum(axis=-1, keepdims=True)


def index_of(a, b):
    ((index,),) = np.nonzero((ab_bins() == (a, b)).all(axis=1))
    return index


def dense_targets(indices, weights):
    """Soft targets (..., K) as full distributions (..., Q)."""
    dense = np.zeros((*indices.shape[:-1], Q), np.float32)
    np.put_along_axis(dense, indices, weights, axis=-1)
    return dense
