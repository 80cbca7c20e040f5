import numpy as np
import pytest

from records.speed.runtimes import RUNTIMES


def test_all_runtimes_paint_the_same_colours():
    pytest.importorskip("openvino", reason="`make bench` installs it")
    (luma,) = np.random.default_rng(0).random((1, 64, 96), np.float32)
    found = [load().predict_ab([luma]) for load in RUNTIMES.values()]
    assert len(found) == 3
    for each in found[1:]:
        np.testing.assert_allclose(each, found[0], atol=0.01)
