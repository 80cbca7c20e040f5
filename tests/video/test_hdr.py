"""What a film says of its colours is what its coloured copy says."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.helpers.films import moving_disc
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.pictures.chroma import HLG, PQ, shown_luma
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import LightLevel
from vidcolor_utils.video.reader import VideoReader

# Of a display with P3's primaries, in the units of H.265's message: 1/50000, and 1/10000 cd/m2.
MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
BT2020 = 9


class Seeing(GrayColorizer):
    """Keeps what it is shown."""

    def __init__(self):
        self.lumas = []

    def predict_ab(self, lumas):
        self.lumas += lumas
        return super().predict_ab(lumas)


@pytest.fixture
def hdr(tmp_path):
    """HDR10, or what another transfer makes of it, with all that it can say of its light."""

    def make(transfer: int = PQ, luma: int | None = None):
        path = tmp_path / "in.mp4"
        with av.open(str(path), "w") as container:
            said = f"log-level=none:hdr10=1:repeat-headers=1:master-display={MASTERING}:max-cll=1000,400"
            stream = container.add_stream("libx265", rate=25, options={"x265-params": f"{said}:qp=4"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = BT2020, transfer, BT2020
            for index, rgb in enumerate(moving_disc(4, 48, 64)):
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p10le")
                if luma is not None:
                    frame.planes[0].update(np.full((48, frame.planes[0].line_size // 2), luma, np.uint16))
                frame.pts, frame.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.mark.parametrize(
    ("codec", "output", "is_kept"),
    [
        ("h264", "out.mp4", True),
        ("h265", "out.mp4", True),
        ("h265", "out.mkv", True),
        ("av1", "out.mp4", True),
        ("vp9", "out.mkv", False),
        ("ffv1", "out.mkv", False),
        ("prores", "out.mov", False),
    ],
)
def test_how_bright_an_hdr_film_is_meant_to_be_is_passed_on_or_missed(hdr, tmp_path, codec, output, is_kept):
    source = hdr()
    report = colorize_file(source, tmp_path / output, GrayColorizer(), encoding=Encoding(codec))
    with VideoReader(source) as before, VideoReader(tmp_path / output) as after:
        old, new = before.colors, after.colors
    assert (new.transfer, new.primaries, new.matrix) == (PQ, BT2020, BT2020)
    assert old.light_level == LightLevel(1000, 400) and old.mastering.luminance == (0.0001, 1000)
    if is_kept:
        assert new.light_level == old.light_level
        np.testing.assert_allclose(np.hstack(new.mastering), np.hstack(old.mastering), rtol=1e-3, atol=1e-4)
    assert is_kept != any("how bright the HDR film was made to be is not passed on" in w for w in report.warnings)


@pytest.mark.parametrize(("transfer", "stored"), [(PQ, 573), (HLG, 721)])
def test_colours_of_hdr_are_made_from_what_a_usual_display_shows(hdr, tmp_path, transfer, stored):
    """Diffuse white, 203 cd/m2: 58 % in PQ and 75 % in HLG (ITU-R BT.2408), gray if taken for usual video.

    Reinhard's curve takes white to a half of the light, and a gamma of 2.4 that to 0.75; luma stays.
    """
    seeing, output = Seeing(), tmp_path / "out.mkv"
    colorize_file(hdr(transfer, stored), output, seeing, encoding=Encoding("ffv1"))
    assert np.mean(seeing.lumas[0]) == pytest.approx(0.75, abs=0.02)
    with VideoReader(output) as reader:
        assert {int(np.median(frame.luma)) for frame in reader.luma_frames()} == {stored}


def test_tone_mapping_rises_and_leaves_usual_video_alone():
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    for transfer in (PQ, HLG):
        shown = shown_luma(ramp, transfer)
        assert (np.diff(shown[0]) > 0).all() and shown[0, 0] == 0 and shown[0, -1] == pytest.approx(1, abs=1e-3)
    assert shown_luma(ramp, 1) is ramp
