"""Error against the number of examples as a power law, and what it says of numbers that nobody tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar


class PowerLaw(NamedTuple):
    """error(n) = floor + factor * n ** -exponent (Hestness et al. 2017, arXiv 1712.00409).

    Attributes:
        factor, exponent: of what falls.
        floor: what no number of examples takes away.
    """

    factor: float
    exponent: float
    floor: float = 0.0

    def at(self, count: float | np.ndarray) -> np.ndarray:
        """The error at a number of examples."""
        return np.asarray(self.floor + self.factor * np.asarray(count, float) ** -self.exponent)

    def needed(self, error: float) -> float:
        """How many examples bring the error down to a value; infinite if it is not above the floor."""
        if error <= self.floor or self.exponent <= 0:
            return float("inf")
        return float(((error - self.floor) / self.factor) ** (-1 / self.exponent))


def fit_power_law(counts: Sequence[float], errors: Sequence[float], *, floor: float = 0.0) -> PowerLaw:
    """Fit a straight line to log(error - floor) against log(n), by least squares.

    Raises:
        ValueError: with fewer than two different numbers, or an error that is not above the floor.
    """
    x, y = np.log(np.asarray(counts, float)), np.asarray(errors, float) - floor
    if len(np.unique(x)) < 2 or np.any(y <= 0):
        raise ValueError("needs two different numbers of examples, and errors above the floor")
    slope, start = np.polyfit(x, np.log(y), 1)
    return PowerLaw(float(np.exp(start)), float(-slope), floor)


def fit_with_floor(counts: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit floor, factor and exponent: the floor at which the line through the rest misses least, in error units.

    Raises:
        ValueError: with fewer than three different numbers.
    """
    if len(np.unique(counts)) < 3:
        raise ValueError("three unknowns need three different numbers of examples")
    found = np.asarray(errors, float)

    def missed(floor: float) -> float:
        return float(np.square(fit_power_law(counts, errors, floor=floor).at(np.asarray(counts)) - found).sum())

    best = minimize_scalar(missed, bounds=(0.0, 0.999 * found.min()), method="bounded")
    return fit_power_law(counts, errors, floor=float(best.x))
