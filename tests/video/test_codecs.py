from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import CODECS, CONTAINERS, HARDWARE, Encoding
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.formats import to_depth
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter

SIZE, LARGE_SIZE = (480, 854), (2160, 3840)


@pytest.mark.parametrize(
    ("codec", "suffix"), [(name, end) for name, row in CODECS.items() for end in row.containers]
)
def test_every_codec_in_its_containers_keeps_frames_times_size_and_rotation(make_video, tmp_path, codec, suffix):
    times = [0, 4, 6, 14, 15, 30]
    source = make_video(times=times, rotation=90)
    output = tmp_path / f"out{suffix}"
    report = colorize_file(source, output, GrayColorizer(), encoding=Encoding(codec))
    with VideoReader(output) as reader:
        seconds = [float(frame.pts * reader.time_base) for frame in reader.luma_frames()]
        info = reader.info
    assert report.warnings == () and report.frames == 6
    np.testing.assert_allclose(seconds, np.array(times) / 100, atol=1e-3)  # .mkv and .webm count milliseconds
    assert (info.width, info.height, info.rotation) == (48, 64, 90)
    assert info.codec == {"h265": "hevc"}.get(codec, codec)
    assert abs(info.duration_s - 0.34) <= 0.041  # the last frame lasts as long as the others on average


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [(49, 65), (50, 66)])
def test_luma_and_size_survive_every_codec(tmp_path, codec, size):
    y, x = np.mgrid[: size[0], : size[1]]
    luma = (40 + x + 2 * y).astype(np.uint8)
    path = tmp_path / f"out{CODECS[codec].containers[0]}"
    with VideoWriter(path, size, encoding=Encoding(codec), rate=Fraction(25)) as writer:
        stored = to_depth(luma, 8, writer.bit_depth)
        side = np.full(writer.chroma_shape, 1 << (writer.bit_depth - 1), stored.dtype)
        for index in range(3):
            writer.write_planes(stored, side, side, pts=index)
    with VideoReader(path) as reader:
        frames = [frame.luma for frame in reader.luma_frames()]
    assert len(frames) == 3
    error = np.mean([np.abs(frame / 2 ** (reader.info.bit_depth - 8) - luma).mean() for frame in frames])
    assert error == 0 if codec == "ffv1" else error < 1.5


@pytest.mark.parametrize(("codec", "bits"), [("h264", 10), ("h265", 10), ("av1", 10), ("ffv1", 10), ("vp9", 8)])
def test_ten_bits_stay_or_a_warning_says_so(make_video, tmp_path, codec, bits):
    source = make_video("in.mkv", pixel_format="yuv420p10le", options={"qp": "0"})
    output = tmp_path / "out.mkv"
    report = colorize_file(source, output, GrayColorizer(), encoding=Encoding(codec))
    assert video_info(output).bit_depth == bits
    assert [bits < 10] == [
        any("luma of 10 bits is written as 8" in text for text in report.warnings)
    ] or bits == 10
    with VideoReader(source) as a, VideoReader(output) as b:
        for before, after in zip(a.luma_frames(), b.luma_frames(), strict=True):
            difference = before.luma.astype(float) - (after.luma.astype(float) * 2 ** (10 - bits))
            assert np.abs(difference).mean() < (0.01 if codec == "ffv1" else 8)


@pytest.mark.parametrize(
    ("encoding", "name", "message"),
    [
        (Encoding("av1"), "out.mov", r"\.mov cannot hold av1.*\.mp4 or \.mkv or \.webm.*the codec h264"),
        (Encoding(), "out.webm", r"cannot hold h264.*the codec vp9 or av1"),
        (Encoding("ffv1", crf=3), "out.mkv", "no quality"),
        *((Encoding("h264", crf=crf), "out.mkv", "0 .best. to 51") for crf in (52, -1, 12.5, "12")),
        (Encoding("vp9", preset="veryfast"), "out.webm", "vp9 takes 0, 1"),
        (Encoding("h265", preset="5"), "out.mp4", "h265 takes ultrafast"),
        (Encoding("theora"), "out.mp4", "h264, h265"),
        (Encoding(), "out.ogv", r"ends in \.mp4"),
        (Encoding(encoder="cuda"), "out.mp4", "no such encoder; there are software, auto, nvenc"),
        (Encoding("ffv1", encoder="nvenc"), "out.mkv", "nvenc makes h264, h265, av1, not ffv1"),
        (Encoding(preset="faster", encoder="nvenc"), "out.mp4", "takes p1, p2"),
        (Encoding(preset="faster", encoder="vaapi"), "out.mp4", "takes none here"),
        *((Encoding(preset=name, encoder="auto"), "out.mp4", "auto leaves open") for name in ("slow", "p5")),
    ],
)
def test_what_does_not_go_together_is_refused(encoding, name, message):
    with pytest.raises(InputError, match=message):
        encoding.check(Path(name))


@pytest.mark.parametrize("encoding", [Encoding("x"), Encoding(crf=99), Encoding(preset="p"), Encoding(sound="x")])
def test_a_value_that_it_cannot_have_is_told_as_that_of_any_option(encoding):
    with pytest.raises(OptionError):
        encoding.check_settings()
    with pytest.raises(OptionError):  # before the pictures are put into a film
        colorize_file("frames/%05d.png", "out.mp4", GrayColorizer(), encoding=encoding)


def test_a_quality_of_another_kind_of_number_is_kept_as_pythons():
    assert type(Encoding(crf=np.int64(20)).check(Path("out.mp4")).crf) is int
    assert Encoding().check(Path("out.mp4")) == Encoding()


def test_every_container_holds_a_codec():
    assert {end for row in CODECS.values() for end in row.containers} == set(CONTAINERS)


def test_crf_and_preset_reach_the_encoder():
    asked_for = {"crf": "30", "preset": "slow"}
    assert Encoding("h264", 30, "slow").encoder_options(SIZE) == CODECS["h264"].options | asked_for
    assert Encoding("vp9", 0).encoder_options(SIZE)["crf"] == "0"
    assert Encoding("vp9", preset="8").encoder_options(SIZE)["cpu-used"] == "8"


def test_large_frames_are_held_by_few_in_the_encoder_unless_a_preset_is_asked_for():
    assert Encoding().encoder_options(LARGE_SIZE) == Encoding().encoder_options(SIZE) | {"bf": "1"}
    for asked_for in (Encoding(preset="slow"), Encoding("vp9"), Encoding(encoder="nvenc")):
        assert asked_for.encoder_options(LARGE_SIZE) == asked_for.encoder_options(SIZE)


def test_refused_before_the_source_is_read_or_a_network_loaded(tmp_path):
    source = tmp_path / "no_video.mp4"
    source.write_bytes(b"x")
    with pytest.raises(InputError, match="cannot hold"):
        colorize_file(source, tmp_path / "out.mov", encoding=Encoding("vp9"))


def test_an_encoder_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(CODECS, "av1", CODECS["av1"]._replace(encoder="libnothing"))
    with pytest.raises(InputError, match=r"no libnothing: take the codec h264"):
        VideoWriter(tmp_path / "out.mkv", (48, 64), encoding=Encoding("av1"), rate=Fraction(25))
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_the_codec_cannot_take_is_named(tmp_path):
    with pytest.raises(InputError, match="8x8"):
        VideoWriter(tmp_path / "out.mkv", (8, 8), encoding=Encoding("h265"), rate=Fraction(25))
    assert list(tmp_path.iterdir()) == []


def test_h265_says_hvc1_for_apple_players(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (48, 64), encoding=Encoding("h265"), rate=Fraction(25)) as writer:
        writer.write_rgb(np.zeros((48, 64, 3), np.uint8), 0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_a_still_image_takes_no_codec(tmp_path):
    from PIL import Image

    Image.new("L", (16, 16)).save(tmp_path / "in.png")
    with pytest.raises(InputError, match="still image"):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", GrayColorizer(), encoding=Encoding("av1"))


@pytest.mark.parametrize(
    ("name", "codec", "option", "best", "default", "worst"),
    [
        ("nvenc", "h264", "qp", 0, 12, 51),
        ("nvenc", "av1", "qp", 0, 49, 255),
        ("qsv", "h265", "global_quality", 1, 12, 51),
        ("qsv", "av1", "global_quality", 1, 10, 51),
        ("vaapi", "h264", "qp", 1, 12, 51),
        ("vaapi", "av1", "global_quality", 1, 49, 255),
        ("videotoolbox", "h264", "global_quality", 118 * 100, 118 * 77, 118 * 1),
    ],
)
def test_quality_of_hardware_is_the_same_share_of_its_scale(name, codec, option, best, default, worst):
    limit = CODECS[codec].crf_limit
    found = [Encoding(codec, crf, encoder=name).encoder_options(SIZE)[option] for crf in (0, None, limit)]
    assert found == [str(best), str(default), str(worst)]


def test_hardware_makes_what_software_does():
    for name, rows in HARDWARE.items():
        for codec, row in rows.items():
            assert row.containers == CODECS[codec].containers and row.crf == CODECS[codec].crf
            assert row.encoder.rpartition("_")[0] == {"h265": "hevc"}.get(codec, codec)
            assert "crf" not in Encoding(codec, encoder=name).encoder_options(SIZE)
