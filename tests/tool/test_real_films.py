"""Films as people have them, made here with FFmpeg's own encoders: each once came out wrong."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from tests.helpers.films import add_tone, moving_disc, packets_of
from tests.helpers.steadiness import unsteadiness
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import video_info

THE_END = {
    "id": 1,
    "start": 100,
    "end": 200,
    "time_base": Fraction(1, 1000),
    "metadata": {"title": "The end"},
}


def pictures_of(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def film(path, codec: str, *, pix_fmt: str = "yuv420p", size=(160, 96), sound=None, frames: int = 6, **settings):
    """A film whose pictures have the mean lumas 40, 60, 80 ..., brighter from line to line."""
    lines = np.broadcast_to(np.linspace(-20, 20, size[1])[:, None], size[::-1])
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=settings.pop("rate", 25), options=settings.pop("options", {}))
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if settings.pop("chapters", False):
            container.set_chapters([THE_END])
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        tone = container.add_stream(sound[0], rate=sound[1], layout="stereo", bit_rate=128_000) if sound else None
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray((lines + 40 + 20 * index).round().astype(np.uint8), format="gray")
            container.mux(stream.encode(picture.reformat(format=pix_fmt)))
        container.mux(stream.encode(None))
        if tone:
            add_tone(container, tone)
    return path


@pytest.mark.parametrize(
    ("name", "video", "codec"),
    [("in.wmv", "wmv2", "wmav2"), ("in.avi", "mpeg4", "adpcm_ms"), ("in.avi", "mpeg4", "pcm_mulaw")],
)
def test_sound_that_matroska_has_no_name_for_is_copied_into_it(tmp_path, name, video, codec):
    source, output = film(tmp_path / name, video, sound=(codec, 44100)), tmp_path / "it's | [1] b\\c.mkv"
    report = colorize_file(source, output, GrayColorizer())
    assert report.warnings == ()
    assert video_info(output).sound == (codec,)
    assert packets_of(output, "audio") == packets_of(source, "audio")
    assert len(pictures_of(output)) == 6


def test_such_sound_is_made_anew_where_chapters_would_be_lost(tmp_path):
    source, output = film(tmp_path / "in.wmv", "wmv2", sound=("wmav2", 44100), chapters=True), tmp_path / "out.mkv"
    report = colorize_file(source, output, GrayColorizer())
    assert any("FLAC" in warning for warning in report.warnings)
    with av.open(str(output)) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["The end"]


def test_sound_that_no_container_holds_is_made_anew_without_loss(tmp_path):
    sound = ("pcm_dvd", 48000)
    source, output = film(tmp_path / "in.vob", "mpeg2video", sound=sound), tmp_path / "out.mkv"
    report = colorize_file(source, output, GrayColorizer())
    assert any("FLAC" in warning for warning in report.warnings)
    with av.open(str(source)) as before, av.open(str(output)) as after:
        assert after.streams.audio[0].codec_context.name == "flac"
        heard, kept = (
            sum(frame.samples for frame in container.decode(audio=0)) / sound[1] for container in (before, after)
        )
    assert kept == pytest.approx(heard, abs=1e-3)


@pytest.mark.parametrize("pix_fmt", ["ya16be", "gray16be"])
def test_pictures_of_16_bits_with_and_without_alpha_keep_their_luma(tmp_path, pix_fmt):
    source, output = film(tmp_path / "in.mov", "png", pix_fmt=pix_fmt), tmp_path / "out.mkv"
    colorize_file(source, output, GrayColorizer())
    lumas = [luma_from_rgb(picture).mean() * 255 for picture in pictures_of(output)]
    assert lumas == pytest.approx([40, 60, 80, 100, 120, 140], abs=2)


def test_wide_colours_without_hdr_keep_their_three_tags(tmp_path):
    tags = {"color_primaries": 9, "color_trc": 14, "colorspace": 9}
    source = film(
        tmp_path / "in.mp4", "libx265", pix_fmt="yuv420p10le", options={"x265-params": "log-level=0"}, **tags
    )
    output = tmp_path / "out.mp4"
    colorize_file(source, output, GrayColorizer())
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert {name: int(getattr(context, name)) for name in tags} == tags


def test_dv_in_a_mov_has_its_lower_field_first(tmp_path):
    source = film(
        tmp_path / "in.mov", "dvvideo", pix_fmt="yuv411p", size=(720, 480), rate=Fraction(30000, 1001), frames=2
    )
    output = tmp_path / "out.mp4"
    colorize_file(source, output, GrayColorizer())
    assert (video_info(source).fields, video_info(output).fields) == ("bottom", "bottom")


def test_twenty_pictures_are_as_steady_as_the_film_of_them(tmp_path, colorizer):
    lumas = [np.rint(luma_from_rgb(picture) * 255).astype(np.uint8) for picture in moving_disc(20, 96, 160)]
    (tmp_path / "in").mkdir()
    with av.open(str(tmp_path / "in.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25, pix_fmt="gray")
        stream.height, stream.width = lumas[0].shape
        for index, luma in enumerate(lumas):
            cv2.imwrite(str(tmp_path / f"in/{index:05d}.png"), luma)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(luma, format="gray")))
        container.mux(stream.encode(None))
    colorize_file(tmp_path / "in.mkv", tmp_path / "film.mkv", colorizer)
    colorize_file(tmp_path / "in/%05d.png", tmp_path / "pictures.mkv", colorizer, rate=Fraction(25))
    film_error, pictures_error = (
        unsteadiness(
            [luma_from_rgb(picture) for picture in pictures],
            [lab_from_rgb(picture)[..., 1:] for picture in pictures],
        )
        for pictures in (pictures_of(tmp_path / name) for name in ("film.mkv", "pictures.mkv"))
    )
    assert film_error > 0.01 and pictures_error == pytest.approx(film_error, rel=0.05)
