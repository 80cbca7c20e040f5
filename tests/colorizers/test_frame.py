import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.helpers.command import REPOSITORY
from tests.helpers.eager import without_graphs
from vidcolor_utils.colorizers.base import MirroredColorizer
from vidcolor_utils.colorizers.frame import (
    EVENING,
    FrameColorizer,
    View,
    cross_bilateral,
    evened,
    with_usual_spread,
    working_size,
)
from vidcolor_utils.colorizers.load import load_colorizer
from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_lab
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.weights.shipped import shipped_weights_path

COLORIZE = """
import sys
from vidcolor_utils.cli import vidcolor
vidcolor.main(["colorize", *sys.argv[1:]], standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "torch", "jax", "onnx"}))
"""


def lumas(frames=2, size=(90, 150)):
    return [luma_from_rgb(rgb) for rgb in render_clip(3, frames=frames, size=size)]


@without_graphs()
def test_the_shipped_networks_for_onnx_runtime_and_keras_paint_the_same_colours():
    frames = lumas()
    fast, keras = (
        FrameColorizer(shipped_weights_path(name)).predict_ab(frames)
        for name in ("frame.onnx", "frame.safetensors")
    )
    assert fast.shape == keras.shape == (2, 64, 112, 2) and fast.dtype == np.float32
    assert np.ptp(keras) > 5
    np.testing.assert_allclose(fast, keras, atol=0.01)  # the same numbers in both files: only rounding differs
    lightness = np.full((*fast.shape[:3], 1), 50, np.float32)
    rgb = [rgb_from_lab(np.concatenate([lightness, ab], axis=-1)[0]) for ab in (fast, keras)]
    assert np.abs(rgb[0] - rgb[1]).max() < 1 / 255


def test_working_sizes_are_multiples_of_the_stride():
    colorizer = FrameColorizer(views=[View(32)])
    assert working_size(720, 1280, 96) == (96, 160)
    assert working_size(1280, 720, 128) == (224, 128)
    assert working_size(100, 1000, 96) == (96, 384)  # squeezed to an aspect of 4
    for size in ((8, 8), (33, 200), (200, 33)):
        assert colorizer.predict_ab([np.zeros(size, np.float32)]).shape[-1] == 2


def test_mirrored_colorizer_sees_frames_in_a_mirror():
    (frame,) = lumas(frames=1, size=(64, 96))
    plain = FrameColorizer(views=[View(64)])
    meaning = plain.understand(frame)
    (mirrored,) = MirroredColorizer(plain).predict_ab([frame], [meaning])
    (expected,) = plain.predict_ab(*([np.ascontiguousarray(of[:, ::-1])] for of in (frame, meaning)))
    np.testing.assert_allclose(mirrored, expected[:, ::-1], atol=1e-3)
    assert np.abs(mirrored - expected).max() > 1


def test_single_pictures_are_looked_at_from_both_sides():
    (frame,) = lumas(frames=1, size=(64, 96))
    film, close = FrameColorizer(), FrameColorizer().closely()
    turned = np.ascontiguousarray(frame[:, ::-1])
    (ab,), (ab_turned,) = close.predict_ab([frame]), close.predict_ab([turned])
    np.testing.assert_allclose(ab, ab_turned[:, ::-1], atol=1e-3)
    assert np.abs(film.predict_ab([frame]) - film.predict_ab([turned])[:, :, ::-1]).max() > 1


def test_who_asks_for_less_does_not_get_closer_looks():
    for colorizer in (FrameColorizer(quality="fast"), FrameColorizer(views=[View(64)])):
        assert colorizer.closely() is colorizer


def test_frames_of_films_are_evened_and_photographs_stay_as_predicted():
    (frame,) = lumas(frames=1, size=(64, 96))
    colorizer = FrameColorizer(views=[View(64)])
    photograph = colorizer.as_predicted().predict_ab([frame])
    np.testing.assert_allclose(colorizer.predict_ab([frame]), evened(photograph, [frame]), atol=1e-5)
    assert np.abs(colorizer.predict_ab([frame]) - photograph).max() > 1


def test_what_does_not_know_things_says_what_it_predicts():
    (frame,) = lumas(frames=1, size=(64, 96))
    fast = FrameColorizer(quality="fast")
    np.testing.assert_array_equal(fast.predict_ab([frame]), fast.as_predicted().predict_ab([frame]))


def test_a_colour_that_spills_over_an_edge_goes_back():
    luma = np.repeat(np.where(np.arange(64) < 32, 0.2, 0.8).astype(np.float32)[None], 64, 0)
    ab = np.zeros((64, 64, 2), np.float32)
    ab[:, :34, 0] = 20  # what is dark is red, and so are two columns beside it
    kept = cross_bilateral(ab, luma)
    np.testing.assert_allclose(kept[:, :32], ab[:, :32], atol=0.01)
    assert kept[:, 32:34, 0].max() < 0.7 * 20
    np.testing.assert_allclose(kept[:, 48:], 0, atol=0.01)


def test_what_is_alone_of_its_shade_keeps_its_colour():
    luma, ab = np.zeros((32, 32), np.float32), np.zeros((32, 32, 2), np.float32)
    luma[16, 16], ab[16, 16] = 1, (30, -10)
    np.testing.assert_allclose(cross_bilateral(ab, luma), ab, atol=1e-4)


def of_spread(spread: float, mean: tuple[float, float]) -> np.ndarray:
    """Chroma (1, 8, 8, 2) that differs from its mean by `spread` in b everywhere."""
    signs = np.where(np.indices((8, 8)).sum(0) % 2, 1, -1).astype(np.float32)
    return (np.stack([0 * signs, spread * signs], -1) + np.array(mean, np.float32))[None]


@pytest.mark.parametrize(
    ("spread", "expected"),
    [
        (1.0, EVENING.most_gain),  # pale: as much as is allowed
        (EVENING.spread / 1.2, EVENING.spread),  # in reach
        (40.0, 40 * EVENING.least_gain),
    ],
)
def test_spread_comes_as_near_to_the_usual_one_as_gains_allow(spread, expected):
    even = with_usual_spread(of_spread(spread, (0, 0)))
    np.testing.assert_allclose(np.abs(even[..., 1]), expected, rtol=1e-5)


def test_differences_in_a_gain_more_than_those_in_b():
    of_b = of_spread(EVENING.spread, (0, 0))
    pale = with_usual_spread((of_b + of_b[..., ::-1]) / 10)
    np.testing.assert_allclose(np.abs(pale[..., 0]), EVENING.a_gain * np.abs(pale[..., 1]), rtol=1e-5)


def test_a_faint_tint_goes_and_a_strong_one_stays():
    faint, strong = (
        with_usual_spread(of_spread(EVENING.spread, (0, mean)))[..., 1].mean() for mean in (EVENING.tint, 100)
    )
    assert faint == pytest.approx(EVENING.tint * EVENING.tint_gain / 2, rel=1e-3)
    assert strong == pytest.approx(100 * EVENING.tint_gain, rel=1e-3)


def test_faint_purple_goes_and_what_is_strong_or_of_another_hue_stays():
    hues = np.radians([EVENING.purple, EVENING.purple, -90, 45])  # purple twice, the sky, skin
    lengths = np.array([EVENING.grayish, EVENING.faint, 12, 12])
    ab = np.stack([lengths * np.cos(hues), lengths * np.sin(hues)], -1).astype(np.float32)
    balanced = np.concatenate([ab, -ab])[None, None]  # of mean zero, so that only differences count
    spread = np.sqrt(np.square(balanced * [EVENING.a_gain, 1]).sum(-1).mean())
    factors = with_usual_spread(balanced) / np.where(balanced, balanced, 1) / np.array([EVENING.a_gain, 1])
    gain = np.clip(EVENING.spread / spread, EVENING.least_gain, EVENING.most_gain)
    assert np.abs(factors[0, 0, 0]).max() < 0.1
    np.testing.assert_allclose(factors[0, 0, [1, 3]], gain, rtol=1e-4)
    assert factors[0, 0, 2, 1] == pytest.approx(gain, rel=1e-4)


def test_gray_stays_gray():
    np.testing.assert_array_equal(with_usual_spread(np.zeros((2, 4, 4, 2), np.float32)), 0)


def test_views_are_averaged_at_the_size_of_the_largest():
    (frame,) = lumas(frames=1, size=(64, 96))
    views = [View(32), View(64)]
    small, large = (FrameColorizer(views=[view]).as_predicted().predict_ab([frame])[0] for view in views)
    (both,) = FrameColorizer(views=views).as_predicted().predict_ab([frame])
    np.testing.assert_allclose(both, (cv2.resize(small, (48, 32)) + large) / 2, atol=1e-3)


def test_a_frame_gets_the_same_colours_in_every_batch():
    colorizer, frames = FrameColorizer(views=[View(32)]), lumas(frames=3, size=(32, 64))
    together = colorizer.predict_ab(frames)
    alone = np.concatenate([colorizer.predict_ab([frame]) for frame in frames])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_colorize_never_imports_a_training_framework(make_video, tmp_path):
    source, output = make_video(frames=2), tmp_path / "out.mp4"
    command = [sys.executable, "-c", COLORIZE, str(source), "-o", str(output)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert output.exists() and result.stdout.splitlines()[1:] == [""]
    assert result.stderr == ""


def test_unknown_methods_are_refused():
    with pytest.raises(InputError, match="frame, zhang"):
        load_colorizer("best")


def test_an_unknown_quality_is_refused():
    with pytest.raises(OptionError, match="quality"):
        FrameColorizer(quality="fien")
