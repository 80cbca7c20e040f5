import json

import numpy as np
import pytest

from records.quality.spread import WAYS, Seen, measure_spread, slopes, times
from records.speed.photographs import write_photographs
from tests.helpers.keyed import panned, write_film


def test_mean_and_differences_are_multiplied_each_by_its_own_factor():
    ab = np.array([[[[1.0, 5.0], [3.0, 7.0]]]])
    np.testing.assert_allclose(times(0.5, 2)(ab, []), [[[[-1.0, 1.0], [3.0, 5.0]]]])


def test_slopes_are_the_factors_that_the_truth_was_made_with():
    rng = np.random.default_rng(0)
    predicted = rng.normal(4, 3, (5, 8, 8, 2))
    true = times(0.5, 2)(predicted, [])
    seen = [Seen(np.zeros((8, 8)), *pair) for pair in zip(true, predicted, strict=True)]
    assert slopes(seen) == pytest.approx({"mean": 0.5, "differences": 2})


def test_films_and_photographs_are_scored_apart(tmp_path):
    films, output = tmp_path / "films", tmp_path / "spread.json"
    films.mkdir()
    for name in ("pan.mp4", "bw_pan.mp4", "color_pan.mp4"):
        write_film(films / name, panned(12))
    write_photographs(tmp_path / "photos", 7, (48, 64))
    record = measure_spread(films, films, [tmp_path / "photos"], TwoColors(), output)
    assert json.loads(output.read_text()) == record
    assert record["films"]["pictures"] == 2 and record["photographs"]["pictures"] == 2
    for group in ("films", "photographs"):
        ways = record[group]["ways"]
        assert list(ways) == list(WAYS)
        assert ways["as predicted"]["mae_ab_ratio"] > 0
        assert ways["all times 1.6"]["colorfulness_ratio"] > ways["as predicted"]["colorfulness_ratio"]
    for group in ("films", "clips"):
        assert record["as_predicted"][group]["vidcolor"]["mae_ab"] > 0


class TwoColors:
    """Predicts one colour above, a paler complement below."""

    def predict_ab(self, lumas):
        ab = np.zeros((len(lumas), 8, 8, 2), np.float32)
        ab[:, :4], ab[:, 4:] = 20, -10
        return ab
