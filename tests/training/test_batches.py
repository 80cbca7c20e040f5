import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


def views(kinds):
    from vidcolor_utils.training.views import CELLS, SIDE, Views

    count, rng = len(kinds), np.random.default_rng(0)
    return Views(
        kinds,
        rng.integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8),
        rng.integers(-60, 60, (count, SIDE // 2, SIDE // 2, 2), dtype=np.int8),
        rng.random((count, CELLS, CELLS, 768)).astype(np.float16),
    )


def test_kinds_are_drawn_by_their_weights():
    from vidcolor_utils.training.batches import WEIGHTS, sampling_shares

    shares = sampling_shares(["camvid", "animalpose", "something else"])
    assert shares.sum() == pytest.approx(1)
    assert shares[0] / shares[1] == pytest.approx(WEIGHTS["camvid"] / WEIGHTS["animalpose"])
    assert shares[2] / shares[0] == pytest.approx(1 / WEIGHTS["camvid"])


def test_batches_have_equal_pixels_and_keep_the_meaning_from_some():
    from vidcolor_utils.training.batches import KeptViews

    source = KeptViews([views(["a"] * 80)], 32, 0.5)
    with source.batches((64, 128), lambda: 0.0, np.random.default_rng(3)) as batches:
        found = [next(batches) for _ in range(12)]
    assert {(batch.luma.shape[0], batch.luma.shape[-1]) for batch in found} == {(72, 64), (18, 128)}
    for batch in found:
        side = batch.luma.shape[-1]
        assert batch.ab.shape[1:] == (2, side // 2, side // 2) and 0 <= batch.luma.min() <= batch.luma.max() <= 1
    shown = torch.cat([batch.known.flatten() for batch in found])
    assert set(shown.tolist()) == {0.0, 1.0} and 0.3 < shown.mean() < 0.7


def test_luma_ab_and_tokens_stay_together():
    from vidcolor_utils.training.batches import to_batch

    part = views(["a"] * 2)
    plain = to_batch(*map(torch.from_numpy, part[1:]), torch.ones(2), 168)
    np.testing.assert_allclose(plain.luma[:, 0].numpy() * 255, part.luma, atol=1e-3)
    np.testing.assert_allclose(plain.ab.permute(0, 2, 3, 1).numpy(), part.ab, atol=1e-3)
    np.testing.assert_array_equal(plain.tokens.permute(0, 2, 3, 1).numpy(), part.tokens.astype(np.float32))


@pytest.mark.parametrize("error", [TypeError, KeyboardInterrupt])
def test_what_goes_wrong_in_the_thread_is_raised_here_and_ends_the_batches(error):
    from vidcolor_utils.training.batches import KeptViews

    def broken():
        raise error("broken")

    with KeptViews([views(["a"] * 2)], 32, 1.0).batches((64,), broken, np.random.default_rng(0)) as batches:
        with pytest.raises(error, match="broken"):
            next(batches)
        assert next(batches, None) is None
