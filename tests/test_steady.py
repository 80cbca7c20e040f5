import numpy as np
import pytest

from vidcolor_utils.steady import SteadyColorizer


class Flickering:
    """Fresh colours: the given ab of each frame, all over it."""

    def __init__(self, colors):
        self.colors = iter(colors)

    def predict_ab(self, lumas):
        return np.stack([np.full((24, 32, 2), next(self.colors), np.float32) for _ in lumas])


def texture(seed=0, height=96, width=128):
    rng = np.random.default_rng(seed)
    small = rng.random((height // 8, width // 8), np.float32)
    return np.kron(small, np.ones((8, 8), np.float32))


def mean_colors(colorizer, lumas):
    return np.array([ab.mean() for ab in colorizer.predict_ab(lumas)])


def test_flicker_is_calmed_on_a_still_picture():
    colors = 20 + 10 * (-1.0) ** np.arange(60)
    steady = mean_colors(SteadyColorizer(Flickering(colors)), [texture()] * 60)
    assert np.abs(np.diff(steady)).mean() < 0.15 * np.abs(np.diff(colors)).mean()
    assert abs(steady[-20:].mean() - colors.mean()) < 2


def test_strength_0_changes_nothing():
    colors = np.arange(5.0)
    np.testing.assert_allclose(
        mean_colors(SteadyColorizer(Flickering(colors), strength=0), [texture()] * 5), colors
    )


def test_no_colour_crosses_a_cut():
    colors = [60.0, 60.0, -40.0, -40.0]
    steady = SteadyColorizer(Flickering(colors))
    frames = [texture(0), texture(0), 1 - texture(1) * 0.5, 1 - texture(1) * 0.5]
    np.testing.assert_allclose(mean_colors(steady, frames), colors, atol=1e-3)


def test_colour_moves_with_the_picture():
    class Once:
        """Colour on the left half of the first frame, none later."""

        def __init__(self):
            self.first = True

        def predict_ab(self, lumas):
            ab = np.zeros((len(lumas), 96, 128, 2), np.float32)
            if self.first:
                ab[0, :, :64] = 50
            self.first = False
            return ab

    wide = texture(3, 96, 192)
    frames = [np.ascontiguousarray(wide[:, 4 * t : 4 * t + 128]) for t in range(5)]  # the picture moves left
    last = SteadyColorizer(Once(), strength=0.99).predict_ab(frames)[-1]
    assert last[20:76, 10:40].mean() > 40 and np.abs(last[20:76, 60:100]).mean() < 8


def test_calls_continue_each_other():
    colors = [0.0, 30.0, 0.0, 30.0]
    at_once = mean_colors(SteadyColorizer(Flickering(colors)), [texture()] * 4)
    steady = SteadyColorizer(Flickering(colors))
    in_two = np.concatenate([mean_colors(steady, [texture()] * 2) for _ in range(2)])
    np.testing.assert_allclose(at_once, in_two)


def test_strength_is_checked():
    with pytest.raises(ValueError, match="strength"):
        SteadyColorizer(Flickering([]), strength=1)
