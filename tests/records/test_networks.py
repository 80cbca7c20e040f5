"""The networks' rates, without Keras; what they are is left to `make bench`."""

import sys
from types import SimpleNamespace

import numpy as np

from records.speed import networks
from records.speed.networks import BATCH, SHOWN, ZHANG, bench_networks


def test_rates_are_compared_with_zhangs(monkeypatch):
    seen = []
    zhang = SimpleNamespace(predict_on_batch=lambda square: seen.append(square.shape))
    ours = SimpleNamespace(predict_ab=lambda lumas: seen.append(np.shape(lumas)))

    def fastest(runs):
        for run in runs.values():
            run()
        return {"abacus": 2.0, SHOWN: 4.0, ZHANG: 0.5}

    monkeypatch.setitem(sys.modules, "vidcolor_utils.models.zhang", SimpleNamespace(build_zhang=lambda: zhang))
    monkeypatch.setattr(networks, "RUNTIMES", {"abacus": lambda: ours})
    monkeypatch.setattr(networks, "fastest", fastest)
    speeds = bench_networks()
    assert seen == [(BATCH, 256, 256), (1, 256, 256, 1)]
    assert speeds["abacus"] == {"fps": BATCH / 2, "times_zhang": BATCH / 4}
    assert speeds[SHOWN]["fps"] == BATCH / 4 and speeds[ZHANG] == {"fps": 2.0, "times_zhang": 1.0}
