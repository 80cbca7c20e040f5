import json

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.colorizers.base import (
    MirroredColorizer,
    SaturatedColorizer,
    as_predicted,
    fingerprint,
    looking_closely,
)
from vidcolor_utils.pictures.chroma import rgb_difference
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.reader import VideoReader


class Plain:
    """One colour, whatever the frame."""

    def predict_ab(self, lumas):
        return np.broadcast_to(np.float32([12, 20]), (len(lumas), 12, 16, 2))


class Able(Plain):
    """Says more than films deserve of photographs, looks closely, and can describe itself."""

    def __init__(self, *asked):
        self.asked = asked

    def predict_ab(self, lumas):
        return super().predict_ab(lumas) + len(self.asked)

    def as_predicted(self):
        return Able(*self.asked, "as predicted")

    def closely(self):
        return Able(*self.asked, "closely")

    def fingerprint(self):
        return {"asked": self.asked}


def chroma_of(rgb):
    return np.hypot(*np.moveaxis(lab_from_rgb(rgb)[..., 1:], -1, 0)).mean()


def test_a_still_gets_the_factor_and_keeps_its_luma(tmp_path):
    ramp = np.add.outer(np.full(40, 90), np.arange(60)).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "in.png")
    chroma = {}
    for factor in (0.0, 0.5, 1.0, 2.0, 3.0):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", Plain(), saturation=factor)
        rgb = read_image(tmp_path / "out.png").rgb
        assert np.abs(luma_from_rgb(rgb) - ramp / 255).max() < 0.6 / 255
        chroma[factor] = chroma_of(rgb)
    assert chroma[0] < 0.1
    assert [chroma[f] / chroma[1] for f in (0.5, 2)] == pytest.approx([0.5, 2], rel=0.03)
    assert chroma[3] > chroma[2]


def test_a_video_gets_the_factor_and_keeps_its_luma(make_video, tmp_path):
    source, found = make_video(), {}
    for factor in (1.0, 2.0):
        colorize_file(source, tmp_path / f"{factor}.mp4", Plain(), saturation=factor)
        found[factor] = np.mean([chroma_of(rgb) for rgb in iter_rgb(tmp_path / f"{factor}.mp4")])
    assert 1.5 < found[2] / found[1] < 2.1  # dark pixels have no room for twice the chroma
    with VideoReader(source) as a, VideoReader(tmp_path / "2.0.mp4") as b:
        for before, after in zip(a.luma_frames(), b.luma_frames(), strict=True):
            assert np.abs(before.luma.astype(int) - after.luma).mean() < 1.5


def test_the_strongest_colours_stay_inside_rgb():
    luma = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None], 64, axis=0)
    ab = SaturatedColorizer(Plain(), 3).predict_ab([luma])[0]
    rgb = luma[:12, :16, None] + rgb_difference(luma[:12, :16], ab)
    assert rgb.min() > -1e-5 and rgb.max() < 1 + 1e-5


@pytest.mark.parametrize("factor", [-0.1, 3.1])
def test_the_factor_is_checked(factor):
    with pytest.raises(ValueError, match="factor"):
        SaturatedColorizer(Plain(), factor)


@pytest.mark.parametrize("around", [MirroredColorizer, lambda colorizer: SaturatedColorizer(colorizer, 1)])
def test_what_changes_a_colorizer_looks_as_that_does(around):
    looks = looking_closely(as_predicted(around(Able())))
    same = around(Able("as predicted", "closely"))
    assert fingerprint(looks) == fingerprint(same)
    lumas = [np.zeros((24, 32), np.float32)]
    np.testing.assert_array_equal(looks.predict_ab(lumas), same.predict_ab(lumas))


def test_what_changes_a_colorizer_is_known_again():
    changed = [
        MirroredColorizer(Able()),
        SaturatedColorizer(Able(), 1),
        SaturatedColorizer(Able(), 2),
        SaturatedColorizer(Able("closely"), 1),
    ]
    known = [json.dumps(fingerprint(each)) for each in changed]
    assert len(set(known)) == len(known)
    assert known == [json.dumps(fingerprint(each)) for each in changed]


def test_what_cannot_describe_itself_is_like_no_other():
    for colorizer in (Plain(), MirroredColorizer(Plain())):
        assert fingerprint(colorizer) != fingerprint(colorizer)
