"""A linear sweep over a picture, column by column: the building block of switchable temporal propagation.

From left to right, with x the values (B, H, W, C) and three gates g1, g2, g3 for each of them:

    h[i, t] = (1 - g1 - g2 - g3) x[i, t] + g1 h[i - 1, t - 1] + g2 h[i, t - 1] + g3 h[i + 1, t - 1]

and 0 for what lies outside the picture. So h = G x with a matrix G that the gates make: block lower triangular,
rows that sum to 1 inside the picture. Gates are divided by |g1| + |g2| + |g3| where that is more than 1. This
follows the layer that the authors published (Liu et al., "Learning affinity via spatial propagation networks",
2017).
"""

from __future__ import annotations

from keras import ops

from vidcolor_utils.related.affinity import Tensor

DIRECTIONS = ("right", "left", "down", "up")


def stable_gates(gates: Tensor) -> Tensor:
    """Divide gates (..., 3) by the sum of their absolute values where it is more than 1; smaller ones stay."""
    gates = ops.convert_to_tensor(gates)
    return gates / ops.maximum(ops.sum(ops.abs(gates), axis=-1, keepdims=True), 1)


def linear_sweep(values: Tensor, gates: Tensor, direction: str = "right") -> Tensor:
    """Sweep over a picture.

    Args:
        values: (B, H, W, C).
        gates: (B, H, W, C, 3), from the neighbour above, beside and below in the column before; see
            `stable_gates`. Up and down they are left of, in line with and right of it in the row before.
        direction: "right", "left", "down" or "up".

    Returns:
        (B, H, W, C): a constant picture stays that constant where no gate reaches outside.

    Raises:
        ValueError: if there is no such direction.
    """
    columns, rests = _in_columns(values, direction), _in_columns(1 - ops.sum(gates, axis=-1), direction)
    above, beside, below = (_in_columns(gates[..., k], direction) for k in range(3))

    def step(before: Tensor, column: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        value, rest, g1, g2, g3 = column
        now = rest * value + g1 * _from_above(before) + g2 * before + g3 * _from_below(before)
        return now, now

    _, swept = ops.scan(step, ops.zeros_like(columns[0]), (columns, rests, above, beside, below))
    return _from_columns(swept, direction)


def linear_sweep_adjoint(values: Tensor, gates: Tensor, direction: str = "right") -> Tensor:
    """Apply the transposed matrix of `linear_sweep`: <G x, y> = <x, G' y> for all x and y.

    Args:
        values: y, (B, H, W, C).
        gates, direction: as for `linear_sweep`.

    Returns:
        (B, H, W, C).
    """
    columns, rests = _in_columns(values, direction), _in_columns(1 - ops.sum(gates, axis=-1), direction)
    above, beside, below = (_in_columns(gates[..., k], direction) for k in range(3))

    def step(carried: Tensor, column: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        value, rest, g1, g2, g3 = column
        now = value + carried
        return _from_below(g1 * now) + g2 * now + _from_above(g3 * now), rest * now

    backwards = [ops.flip(each, axis=0) for each in (columns, rests, above, beside, below)]
    _, swept = ops.scan(step, ops.zeros_like(columns[0]), tuple(backwards))
    return _from_columns(ops.flip(swept, axis=0), direction)


def four_sweeps(values: Tensor, gates: Tensor) -> Tensor:
    """Sweep in all four directions and keep the largest of the four results, as the published layer does.

    Args:
        values: (B, H, W, C).
        gates: (B, H, W, 12 C), raw; three of each direction, in the order of `DIRECTIONS`, C maps each.

    Returns:
        (B, H, W, C).
    """
    channels = values.shape[-1]
    swept = None
    for number, direction in enumerate(DIRECTIONS):
        first = 3 * number * channels
        three = [gates[..., first + k * channels : first + (k + 1) * channels] for k in range(3)]
        result = linear_sweep(values, stable_gates(ops.stack(three, axis=-1)), direction)
        swept = result if swept is None else ops.maximum(swept, result)
    return swept


def _in_columns(maps: Tensor, direction: str) -> Tensor:
    """Turn maps (B, H, W, C) so that the sweep goes over the first axis: (W, B, H, C) for left and right."""
    if direction not in DIRECTIONS:
        raise ValueError(f"`direction` must be one of {DIRECTIONS}. Received: {direction!r}")
    columns = ops.transpose(maps, (2, 0, 1, 3) if direction in ("right", "left") else (1, 0, 2, 3))
    return ops.flip(columns, axis=0) if direction in ("left", "up") else columns


def _from_columns(columns: Tensor, direction: str) -> Tensor:
    columns = ops.flip(columns, axis=0) if direction in ("left", "up") else columns
    return ops.transpose(columns, (1, 2, 0, 3) if direction in ("right", "left") else (1, 0, 2, 3))


def _from_above(column: Tensor) -> Tensor:
    """Shift a column (B, H, C) down by one; what comes in is 0."""
    return ops.pad(column[:, :-1], ((0, 0), (1, 0), (0, 0)))


def _from_below(column: Tensor) -> Tensor:
    return ops.pad(column[:, 1:], ((0, 0), (0, 1), (0, 0)))
