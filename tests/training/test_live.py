from multiprocessing import active_children

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends

from vidcolor_utils.stills.photos import Photo  # noqa: E402
from vidcolor_utils.training.config import FrameTrainConfig  # noqa: E402


def photographs():
    """One red, one blue."""
    for kind, bgr in (("streets", (40, 40, 200)), ("rooms", (200, 40, 40))):
        yield Photo(kind, cv2.imencode(".png", np.full((100, 140, 3), bgr, np.uint8))[1].tobytes())


def first_batches(count=3, **changes):
    from vidcolor_utils.training.live import LivePhotos

    config = FrameTrainConfig(**{"batch": 8, "wear": 0.0, "known": 0.9, **changes})
    source = LivePhotos(list(photographs()), config, torch.device("cpu"))
    assert source.kinds == ["streets", "rooms"] and source.views_a_step(64) == source.views_a_step(160) == 8
    with source.batches((64, 96), lambda: 0.0, np.random.default_rng(0)) as batches:
        found = [next(batches) for _ in range(count)]
        assert active_children()
    assert not active_children()  # though somebody still holds `batches`
    return found


def test_each_batch_is_made_anew_and_luma_belongs_to_its_colours():
    batches = first_batches()
    assert {batch.luma.shape[-1] for batch in batches} == {64, 96}
    for batch in batches:
        side = batch.luma.shape[-1]
        assert batch.tokens is None and batch.whole.shape == (8, 1, 168, 168)
        assert batch.ab.shape == (8, 2, side // 2, side // 2)
        is_red = batch.ab[:, 1].mean((1, 2)) > 0
        assert 0 < is_red.sum() < 8
        brightness = batch.whole.mean((1, 2, 3))
        assert brightness[is_red].min() > brightness[~is_red].max()
    assert np.mean([float(batch.known.mean()) for batch in batches]) > 0.7  # of 24 views, 0.9 of them on average
    kinds = [tuple((batch.ab[:, 1].mean((1, 2)) > 0).tolist()) for batch in batches]
    assert len(set(kinds)) > 1


def test_the_same_seed_gives_the_same_batches():
    for one, other in zip(first_batches(), first_batches(), strict=True):
        np.testing.assert_array_equal(one.whole, other.whole)
        np.testing.assert_array_equal(one.known, other.known)


def test_a_photograph_that_cannot_be_decoded_is_named():
    from vidcolor_utils.training.live import LivePhotos

    source = LivePhotos([Photo("rooms", b"no picture")], FrameTrainConfig(batch=2), torch.device("cpu"))
    with (
        source.batches((64,), lambda: 0.0, np.random.default_rng(0)) as batches,
        pytest.raises(Exception, match="rooms"),
    ):
        next(batches)
