"""What the parts of the steady colours do to a still picture whose predictions flicker, worked out by hand."""

import numpy as np
import pytest

from vidcolor_utils.colorizers.links import Link
from vidcolor_utils.colorizers.steady import Evidence, LinkedFrame
from vidcolor_utils.course.steady_parts import VARIANTS, LinkedClip, variant_films
from vidcolor_utils.pictures.color import luma_from_rgb

SIZE, STRENGTH = (24, 32), 0.5
STILL = Link(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.float32))


@pytest.fixture
def clip():
    """Three frames with a = 0, 8, 0, each trusted in full."""
    grays = [np.full(SIZE, 99, np.uint8)] * 3
    frames = []
    for number, value in enumerate((0.0, 8.0, 0.0)):
        fresh = Evidence(np.full((*SIZE, 2), value, np.float32), np.ones(SIZE, np.float32))
        frames.append(LinkedFrame(fresh, STILL if number else None, None))
    return LinkedClip(grays, frames, frames)


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("per frame", [0, 8, 0]),
        # Weights 1, then 1 to 0.5: (8 + 0) / 1.5; then 1 to 0.75: (0 + 0.75 * 5.333) / 1.75.
        ("causal", [0, 8 / 1.5, 0.75 * (8 / 1.5) / 1.75]),
        ("no flow", [0, 8 / 1.5, 0.75 * (8 / 1.5) / 1.75]),
        ("running average", [0, 8 / 1.5, 0.75 * (8 / 1.5) / 1.75]),
        # The last frame's own colours alone, at half the weight.
        ("no closed loop", [0, 8 / 1.5, 0.5 * 8 / 1.5]),
    ],
)
def test_a_variant_by_hand(clip, variant, expected):
    found = [float(ab[..., 0].mean()) for ab in VARIANTS[variant](clip, STRENGTH)]
    assert found == pytest.approx(expected, abs=0.01)


def test_a_cut_ends_what_is_carried(clip):
    frames = [clip.frames[0], clip.frames[1]._replace(back=None), clip.frames[2]]
    for variant in ("causal", "no confidence", "running average", "window 2"):
        found = list(VARIANTS[variant](clip._replace(frames=frames), STRENGTH))
        assert found[1].mean() == pytest.approx(8), variant


class Reddish:
    """Predicts one colour everywhere."""

    def predict_ab(self, lumas):
        return np.tile(np.array([30.0, 20.0], np.float32), (len(lumas), 8, 8, 1))


def test_films_of_variants_keep_their_luma_and_their_bars():
    lumas = [np.zeros((48, 64), np.float32) for _ in range(3)]
    for number, luma in enumerate(lumas):
        luma[8:-8] = 0.3 + 0.1 * np.random.default_rng(number).random((32, 64))
    films = dict(variant_films(lumas, Reddish(), ("causal", "per frame"), STRENGTH))
    assert list(films) == ["causal", "per frame"]
    for film in films.values():
        frames = np.stack(list(film))
        assert frames.shape == (3, 48, 64, 3) and frames.dtype == np.uint8
        assert not frames[:, :8].any() and not frames[:, -8:].any()
        red, _, blue = frames[:, 8:-8].astype(int).mean(axis=(0, 1, 2))
        assert red > blue + 20
        np.testing.assert_allclose(luma_from_rgb(frames[1]), lumas[1], atol=0.01)
