"""How the distribution of a video's colours changes over time, from histograms; and a running mean."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.special import rel_entr

CDC_STEPS = (1, 2, 4)  # frames between the two histograms compared


class Mean:
    """A running mean in float64; values that are `None` are passed over."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, value: float | None) -> None:
        """Take one more value."""
        if value is not None:
            self._sum += value
            self._count += 1

    def result(self) -> float | None:
        """Return the mean so far; `None` if there was no value."""
        return self._sum / self._count if self._count else None


def channel_histograms(rgb: np.ndarray) -> np.ndarray:
    """Count the values of each channel: float64 (3, 256), each row summing to 1."""
    counts = [np.bincount(rgb[..., channel].ravel(), minlength=256) for channel in range(3)]
    return np.stack(counts) / (rgb.shape[0] * rgb.shape[1])


def js_divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Compute the Jensen-Shannon divergence along the last axis, with the natural logarithm.

        KL(p | m) / 2 + KL(q | m) / 2, m = (p + q) / 2

    0 (equal) to log 2 = 0.693 (nothing in common).

    Args:
        p: (..., N) float64, summing to 1 along the last axis.
        q: the same shape.
    """
    middle = (p + q) / 2
    return (rel_entr(p, middle).sum(-1) + rel_entr(q, middle).sum(-1)) / 2


class ColorDistributionConsistency:
    """The colour distribution consistency index (CDC) of a video, frame by frame.

        mean over t in (1, 2, 4) of mean over i of JS(histogram(i), histogram(i + t)), then over the channels

    256-bin histograms of B, G and R; Liu et al., "Temporally consistent video colorization with deep feature
    propagation and self-regularization learning" (TCVC), 2021, and their code. 0 to 0.693. Lower is steadier,
    but motion and changing light count too: the goal is the truth's value, and gray's must stand beside it.
    Only the last four frames' histograms are kept. A video too short for a step is measured over the steps that
    fit.

    Example:
        cdc = ColorDistributionConsistency()
        for frame in frames:
            cdc.update(frame)
        cdc.result()
    """

    def __init__(self) -> None:
        self._recent: deque[np.ndarray] = deque(maxlen=max(CDC_STEPS))
        self._divergences = {step: Mean() for step in CDC_STEPS}

    def update(self, rgb: np.ndarray) -> None:
        """Take the next frame."""
        histograms = channel_histograms(rgb)
        for step, mean in self._divergences.items():
            if step <= len(self._recent):
                mean.add(float(js_divergence(self._recent[-step], histograms).mean()))
        self._recent.append(histograms)

    def result(self) -> float | None:
        """Return the CDC of the frames so far; `None` before the second."""
        means = [mean.result() for mean in self._divergences.values()]
        values = [value for value in means if value is not None]
        return sum(values) / len(values) if values else None
