"""One matrix that says what resembles what, and carries anything along: colours, masks, features.

Three of the cited systems are this operation with different losses: pointing into earlier frames (Vondrick et al.,
2018), the matrix form of switchable propagation (Li et al., "Joint-task self-supervised learning for temporal
correspondence", 2019) and exemplar colorization with two-way matching (He et al., 2018; Zhang et al., 2019).

Points are pixels of a feature map in reading order: N of them in the map that is filled, M in the one that is
taken from.
"""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any  # of whichever backend Keras runs on

TEMPERATURE = 0.05  # of cosines; smaller is sharper
EPSILON = 1e-6


def as_points(maps: Tensor) -> Tensor:
    """Lay the pixels of maps (B, H, W, C) in a row: (B, H W, C)."""
    batch, height, width, channels = ops.shape(maps)
    return ops.reshape(maps, (batch, height * width, channels))


def normalized(points: Tensor, *, centred: bool = False) -> Tensor:
    """Scale feature vectors (B, N, C) to length 1, so that their products are cosines.

    Args:
        points: features.
        centred: take the mean over the points off first, as Zhang et al. 2019 do: what all points of a picture
            have in common says nothing of which is which.
    """
    points = ops.convert_to_tensor(points)
    if centred:
        points = points - ops.mean(points, axis=1, keepdims=True)
    length = ops.sqrt(ops.sum(ops.square(points), axis=-1, keepdims=True) + EPSILON**2)
    return points / ops.maximum(length, EPSILON)


def cosines(target: Tensor, source: Tensor, *, centred: bool = False) -> Tensor:
    """Compute the likeness of each target point to each source point.

    Args:
        target: features (B, N, C).
        source: features (B, M, C).
        centred: as for `normalized`.

    Returns:
        (B, N, M) in [-1, 1].
    """
    target, source = (normalized(points, centred=centred) for points in (target, source))
    return ops.matmul(target, ops.transpose(source, (0, 2, 1)))


def affinity(likeness: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Turn likeness (B, N, M) into weights: exp(s_ij / T) / sum_k exp(s_ik / T); each target point's sum to 1."""
    return ops.softmax(likeness / temperature, axis=-1)


def transport(weights: Tensor, values: Tensor) -> Tensor:
    """Fill the target points with means of what the source points hold.

    Args:
        weights: (B, N, M), see `affinity`.
        values: (B, M, C), anything.

    Returns:
        (B, N, C): a constant stays that constant, and no value leaves the range of the source's.
    """
    return ops.matmul(weights, values)


def transport_back(weights: Tensor, values: Tensor) -> Tensor:
    """Carry values of the target points to the source points by the transposed matrix: the switched direction.

    Args:
        weights: (B, N, M), see `affinity`.
        values: (B, N, C).

    Returns:
        (B, M, C). This is the adjoint of `transport`, <A x, y> = <x, A' y>. Columns need not sum to 1, so a
        constant need not stay one; where it does, the matrix is doubly stochastic.
    """
    return ops.matmul(ops.transpose(weights, (0, 2, 1)), values)


def orthogonality_gap(weights: Tensor) -> Tensor:
    """Measure how far square weights (B, N, N) are from orthogonal: |A A' - I| / sqrt(N), a number for each of B.

    0 for a permutation, and near 1 for the plain mean over all points.
    """
    size = ops.shape(weights)[-1]
    product = ops.matmul(weights, ops.transpose(weights, (0, 2, 1))) - ops.eye(size, dtype=weights.dtype)
    return ops.sqrt(ops.sum(ops.square(product), axis=(1, 2)) / size)


def two_way_likeness(likeness: Tensor) -> tuple[Tensor, Tensor]:
    """Say how well each target point is found, there and back.

    Args:
        likeness: (B, N, M), see `cosines`.

    Returns:
        Forward (B, N): the likeness of the target point to its best source point q. Backward (B, N): the likeness
        of q to *its* best target point; it equals the forward one where both choose each other, and is larger
        where q has a better partner than this point.
    """
    best = ops.argmax(likeness, axis=-1)
    from_source = ops.max(likeness, axis=1)
    return ops.max(likeness, axis=-1), ops.take_along_axis(from_source, best, axis=1)
