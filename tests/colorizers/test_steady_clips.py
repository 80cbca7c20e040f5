"""Steady colours of the shipped network on real clips: a flickering lamp, a loop, a cut."""

from itertools import islice

import cv2
import numpy as np
import pytest

from tests.helpers.steadiness import unsteadiness
from vidcolor_utils.colorizers.base import MirroredColorizer
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.steady import SteadyColorizer
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.video.files import iter_rgb

FRAMES = 45


@pytest.fixture(scope="module")
def clips(shared_data):
    """The luma of three hiking clips, at half their size."""
    paths = (shared_data / "hiking" / f"bw_{number}.mp4" for number in (1, 3, 5))
    return [[_halved(luma_from_rgb(rgb)) for rgb in islice(iter_rgb(path), FRAMES)] for path in paths]


def _halved(luma):
    return cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def steady_ab(lumas, network=None):
    network = network or FrameColorizer()
    return SteadyColorizer(network, in_turn=[MirroredColorizer(network)]).predict_ab(lumas)


class Remembering(FrameColorizer):
    """Reads no picture twice: what it reads in one is always the same."""

    def __init__(self):
        super().__init__()
        self._meanings = {}

    def understand(self, luma):
        picture = luma.tobytes()
        if picture not in self._meanings:
            self._meanings[picture] = super().understand(luma)
        return self._meanings[picture]


@pytest.fixture(scope="module")
def network():
    return Remembering()


@pytest.fixture(scope="module")
def calm(clips, network):
    """How unsteady the colours are while no lamp flickers."""
    return np.mean([unsteadiness(lumas, steady_ab(lumas, network)) for lumas in clips])


@pytest.mark.parametrize(
    "gains",
    [np.random.default_rng(0).uniform(0.9, 1.1, FRAMES), 1 + 0.1 * (-1.0) ** np.arange(FRAMES)],
    ids=["random", "back and forth"],
)
def test_a_flickering_lamp_raises_the_chroma_warp_error_by_less_than_a_fifth(clips, calm, network, gains):
    def lit(lumas):
        return [np.clip(np.float32(gain) * luma, 0, 1) for gain, luma in zip(gains, lumas, strict=True)]

    flickering = np.mean([unsteadiness(lumas, steady_ab(lit(lumas), network)) for lumas in clips])
    assert flickering < 1.2 * calm


def test_colours_of_a_loop_of_300_frames_neither_fade_nor_drift(clips, network):
    for lumas in clips:
        swing = [lumas[i] for i in [*range(10), *range(10, 0, -1)] * 15]
        energy = np.linalg.norm(steady_ab(swing, network), axis=-1).mean(axis=(1, 2))
        # Windows of 120 frames: the loop takes 20, and it is read anew every 24.
        assert abs(energy[-120:].mean() / energy[60:180].mean() - 1) < 0.05


def test_the_first_frame_after_a_cut_equals_a_fresh_start(clips):
    before, after = clips[0][:10], clips[2][:10]
    assert before[0].shape == after[0].shape
    np.testing.assert_array_equal(steady_ab(before + after)[10], steady_ab(after)[0])
