import math

import numpy as np
import pytest

from vidcolor_utils.pictures.histograms import (
    ColorDistributionConsistency,
    Mean,
    channel_histograms,
    js_divergence,
)


def flat(*rgb: int) -> np.ndarray:
    return np.full((4, 4, 3), rgb, np.uint8)


def test_a_row_of_channel_histograms_sums_to_one():
    frame = flat(7, 0, 255)
    frame[0, 0] = 9
    histograms = channel_histograms(frame)
    assert histograms.shape == (3, 256)
    assert histograms[:, 9].tolist() == [1 / 16] * 3
    assert histograms[0, 7] == histograms[1, 0] == histograms[2, 255] == 15 / 16


def test_js_divergence_by_hand():
    p, q = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    expected = 0.5 * math.log(1 / 0.75) + 0.5 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert js_divergence(p, q) == pytest.approx(expected)
    assert js_divergence(p, p) == 0.0
    assert js_divergence(p, p[::-1]) == pytest.approx(math.log(2))


def cdc_of(frames: list[np.ndarray]) -> float | None:
    cdc = ColorDistributionConsistency()
    for frame in frames:
        cdc.update(frame)
    return cdc.result()


def test_cdc_of_a_still_video_is_zero():
    assert cdc_of([flat(3, 9, 27)] * 6) == 0.0


def test_cdc_of_one_channel_flickering_by_hand():
    # Red alternates between two values: one frame apart all is new (log 2), two or four apart nothing is.
    frames = [flat(10 + 200 * (index % 2), 50, 50) for index in range(8)]
    assert cdc_of(frames) == pytest.approx(math.log(2) / 3 / 3)


def test_cdc_of_a_short_video_uses_the_steps_that_fit():
    assert cdc_of([flat(0, 0, 0)]) is None
    assert cdc_of([flat(0, 0, 0), flat(1, 1, 1)]) == pytest.approx(math.log(2))


def test_mean_passes_over_missing_values():
    mean = Mean()
    assert mean.result() is None
    for value in (1.0, None, 3.0):
        mean.add(value)
    assert mean.result() == 2.0
