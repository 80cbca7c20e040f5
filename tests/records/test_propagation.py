import json

import numpy as np
import pytest

from records.related import propagation
from vidcolor_utils.related.clips import SmallClip, Split


def test_stronger_terms_are_tried_once_and_read_after_the_last_hop(tmp_path, monkeypatch):
    trained = []

    def train_propagator(clips, config):
        trained.append((config.seed, config.probes))
        return None, []

    def measured(network, temperature, split):
        curve = [1.0, temperature]
        return {"energy": curve, "psnr_ab": curve, "stays": 0.5, "gaps": {"10": {"psnr_ab": 30.0}}}

    monkeypatch.setattr(propagation, "train_propagator", train_propagator)
    monkeypatch.setattr(propagation, "measured", measured)
    monkeypatch.setattr(propagation, "mean_hops", lambda *_, **__: propagation.Hops(np.ones(2), np.ones(2)))
    monkeypatch.setattr(propagation, "direct", lambda guess, split: {})
    split = Split([SmallClip("one", np.zeros((2, 16, 16, 3), np.float32))], [])
    output, options = tmp_path / "propagation.json", {"steps": 1, "say": print}
    propagation.record_propagation(split, output, seeds=1, **options)
    weights = [0.0, 0.0, 0.1, 0.2, 0.4, 1.0]
    assert trained == [(0, pytest.approx(weight)) for weight in weights]
    propagation.record_propagation(split, output, seeds=2, **options)
    assert trained[len(weights) :] == [(1, pytest.approx(weight)) for weight in weights[:3]]
    row = json.loads(output.read_text())["tries"]["round trip of probes, 10 times the weight"]["0.03"]
    assert row == {"energy": 0.03, "psnr_ab": 0.03, "stays": 0.5, "psnr_ab_one_step_of_10": 30.0}
