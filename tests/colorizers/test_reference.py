import cv2
import numpy as np
import pytest

from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.reference import ReferenceColorizer
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.chroma import resize_ab, with_chroma
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.pictures.metrics import psnr
from vidcolor_utils.video.files import iter_rgb


class Gray:
    """No colours at all."""

    def predict_ab(self, lumas):
        return np.zeros((len(lumas), 48, 64, 2), np.float32)


def landscape(shift=0, sky=(120, 160, 230), ground=(60, 110, 40)):
    """A smooth bright sky over dark, rough ground, both a little uneven."""
    rng = np.random.default_rng(shift)
    y = np.linspace(0, 1, 96)[:, None, None]
    picture = np.where(y < 0.4 + shift / 100, np.float32(sky), np.float32(ground)) + np.zeros((96, 128, 3))
    rough = np.where(y < 0.4 + shift / 100, 1, 12) * rng.standard_normal((96, 128, 1))
    return np.uint8(np.clip(picture + rough, 0, 255))


def guided_ab(photograph, frame):
    return ReferenceColorizer(Gray(), [photograph]).predict_ab([luma_from_rgb(frame)])[0]


def true_ab(frame):
    return lab_from_rgb(cv2.resize(frame, (64, 48), interpolation=cv2.INTER_AREA))[..., 1:]


def test_regions_take_the_colours_of_those_they_resemble():
    frame = landscape(shift=8)
    error = np.abs(guided_ab(landscape(), frame) - true_ab(frame)).mean(axis=(1, 2))
    assert np.median(error) < 2 < 12 < np.abs(true_ab(frame)).mean()


def test_colours_are_those_of_the_photograph_not_the_usual_ones():
    purple_sky = landscape(sky=(190, 140, 210))
    ab = guided_ab(purple_sky, landscape(shift=3, sky=(160, 160, 160), ground=(90, 90, 90)))
    np.testing.assert_allclose(np.median(ab[4:12], axis=(0, 1)), true_ab(purple_sky)[4:12].mean((0, 1)), atol=4)


def test_a_photograph_of_something_else_does_nothing():
    stripes = np.zeros((96, 128, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = stripes[:, 2::8] = (255, 120, 120)
    assert np.abs(guided_ab(stripes, landscape())).mean() < 0.5


def test_points_that_look_alike_but_differ_in_colour_are_not_believed():
    """Ground in blocks of two colours of one luma."""
    photograph = landscape()
    blocks = np.kron(np.indices((12, 16)).sum(axis=0) % 2, np.ones((8, 8), bool))[..., None]
    luma = luma_from_rgb(photograph)[..., None] * 255
    photograph = np.uint8(np.clip(luma + np.where(blocks, (20, -20, 60), (-20, 20, -60)), 0, 255))
    changed = np.abs(guided_ab(photograph, landscape(shift=2)))
    assert changed.mean() < 0.2 * np.abs(true_ab(photograph)).mean()


def test_two_photographs_guide_what_resembles_each():
    low, high = landscape()[48:], landscape()[:38]
    both = ReferenceColorizer(Gray(), [low, high]).predict_ab([luma_from_rgb(low)])
    alone = ReferenceColorizer(Gray(), [low]).predict_ab([luma_from_rgb(low)])
    np.testing.assert_allclose(both, alone, atol=4)


@pytest.fixture(scope="module")
def hiking(shared_data):
    """Frames 0 and 45 of three hiking clips, without their bars."""
    clips = {}
    for number in (1, 3, 5):
        frames = list(iter_rgb(shared_data / "hiking" / f"color_{number}.mp4"))
        area = find_active_area(luma_from_rgb(frame) for frame in frames[::10])
        clips[number] = [area.cut(frames[index]) for index in (0, 45)]
    return clips


def gain_db(network, photograph, frame):
    """PSNR that a photograph adds to what the network gives alone."""
    luma = luma_from_rgb(frame)
    found = [
        psnr(frame, with_chroma(luma, resize_ab(colorizer.predict_ab([luma])[0], luma.shape)))
        for colorizer in (network, ReferenceColorizer(network, [photograph]))
    ]
    return found[1] - found[0]


def test_another_moment_of_a_real_clip_helps_and_another_clip_does_no_harm(hiking):
    network = FrameColorizer()
    right = [gain_db(network, *clip) for clip in hiking.values()]
    wrong = [gain_db(network, hiking[other][0], hiking[number][1]) for number, other in ((1, 5), (3, 1), (5, 3))]
    assert np.mean(right) > 3 and min(right) > 0.25
    assert min(wrong) > -0.5
