import errno
from fractions import Fraction

import av
import numpy as np
import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.codecs import CODECS, HARDWARE, Encoding
from vidcolor_utils.video.description import ColorDescription, LightLevel, MasteringDisplay
from vidcolor_utils.video.encoders.pictures import (
    LAYOUTS,
    SEMI_PLANAR,
    add_video,
    chroma_steps,
    encoder_options,
    find_encoder,
    open_encoder,
    pixel_format,
)
from vidcolor_utils.video.formats import fill_planes
from vidcolor_utils.video.writer import VideoWriter

GRADED = MasteringDisplay((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), (0.3127, 0.329), (0.005, 1000))
HDR = ColorDescription(9, 9, 16, GRADED, LightLevel(1000, 400))
SIZE = (256, 256)


def test_h265_takes_the_display_in_units_and_keeps_its_other_options():
    own = Encoding("h265").encoder_options(SIZE).get("x265-params")
    text = encoder_options(Encoding("h265"), HDR, SIZE)["x265-params"]
    assert text.startswith(own or "")
    display = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
    assert f"master-display={display}:max-cll=1000,400" in text
    assert encoder_options(Encoding("h265"), ColorDescription(1), SIZE).get("x265-params") == own


def test_large_frames_are_encoded_by_no_more_threads_than_there_are_cores(monkeypatch):
    monkeypatch.setattr("vidcolor_utils.video.encoders.pictures.usable_cores", lambda: 5)
    assert encoder_options(Encoding(), ColorDescription(1), (2160, 3840))["threads"] == "5"
    assert "threads" not in encoder_options(Encoding(), ColorDescription(1), SIZE)


@pytest.mark.parametrize(
    ("codec", "size", "advice"),
    [
        ("h264", (16400, 64), "h265 or ffv1"),
        ("h264", (64, 16400), "h265 or ffv1"),
        ("h265", (8, 8), "h264 or ffv1"),
        ("h264", (16400, 32), "h265 or ffv1"),
        ("av1", (16, 16400), "ffv1"),  # whose encoder would never end
        ("av1", (16, 640), "h264 or ffv1"),
    ],
)
def test_where_a_codec_cannot_be_made_others_are_named_that_can(codec, size, advice):
    with pytest.raises(InputError, match=f"^{codec} cannot be made .*: take the codec {advice}$"):
        opened(codec, size)
    for name in advice.split(" or "):
        opened(name, size)


def opened(codec, size):
    """Open the encoder of a codec for frames of this (width, height)."""
    encoding = Encoding(codec)
    context = av.CodecContext.create(encoding.spec.encoder, "w")
    context.width, context.height = size
    context.time_base, context.pix_fmt = Fraction(1, 25), "yuv420p"
    context.options = encoding.encoder_options(size[::-1])
    open_encoder(context, codec)


def test_chroma_is_as_coarse_as_the_codec_takes_it():
    assert chroma_steps(CODECS["h264"], (48, 64)) == (2, 2)
    assert chroma_steps(CODECS["h264"], (47, 64)) == (1, 1)
    assert chroma_steps(CODECS["prores"], (48, 64)) == (1, 2)


def test_bits_are_as_many_as_the_encoder_has():
    encoder = find_encoder(Encoding("h264"))
    assert pixel_format(encoder, CODECS["h264"], (2, 2), 8) == (8, "yuv420p")
    assert pixel_format(encoder, CODECS["h264"], (2, 2), 16) == (10, "yuv420p10le")


def test_an_encoder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(av, "Codec", lambda *name: (_ for _ in ()).throw(ValueError))
    with pytest.raises(InputError, match="h264: the FFmpeg that is installed has no libx264: take the codec"):
        find_encoder(Encoding("h264"))


ROWS = [(name, codec, row) for name, rows in HARDWARE.items() for codec, row in rows.items()]


@pytest.mark.parametrize(("name", "codec", "row"), ROWS)
@pytest.mark.parametrize("crf", [None, 0, 51])
def test_hardware_takes_its_options(name, codec, row, crf):
    """FFmpeg reads options before it looks for the hardware: a wrong value fails in another way than that."""
    if row.encoder not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {row.encoder}")
    for preset in row.presets or (None,):
        context = av.CodecContext.create(row.encoder, "w")
        context.width, context.height, context.time_base = 256, 256, Fraction(1, 25)
        context.pix_fmt = SEMI_PLANAR["yuv420p"]
        context.options = Encoding(codec, crf, preset, encoder=name).encoder_options(SIZE)
        try:
            context.open()
        except av.error.FFmpegError as error:
            assert error.errno not in (errno.EINVAL, errno.ERANGE), context.options


def test_ffmpeg_would_say_so():
    """The test above can fail."""
    context = av.CodecContext.create("ffv1", "w")
    context.width, context.height, context.time_base, context.pix_fmt = 256, 256, Fraction(1, 25), "yuv420p"
    context.options = {"coder": "none of these"}
    with pytest.raises(av.error.FFmpegError) as caught:
        context.open()
    assert caught.value.errno in (errno.EINVAL, errno.ERANGE)


@pytest.mark.parametrize(("planar", "kind"), [("yuv420p", np.uint8), ("yuv420p10le", np.uint16)])
def test_hardware_gets_the_same_numbers_in_another_order(planar, kind):
    most = 255 if kind is np.uint8 else 1023
    rng = np.random.default_rng(0)
    y, u, v = (rng.integers(0, most + 1, shape).astype(kind) for shape in ((48, 64), (24, 32), (24, 32)))
    frame = av.VideoFrame(64, 48, planar)
    fill_planes(frame, (y, u, v))
    packed = frame.reformat(format=SEMI_PLANAR[planar])  # as PyAV does before it encodes
    luma, chroma = (
        np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, :64] for plane in packed.planes
    )
    shift = 0 if kind is np.uint8 else 6  # P010 has its ten bits on top
    np.testing.assert_array_equal(luma >> shift, y)
    np.testing.assert_array_equal(chroma.reshape(24, 32, 2) >> shift, np.dstack([u, v]))


def test_formats_of_hardware():
    row = HARDWARE["qsv"]["h265"]
    listed = type(
        "Encoder", (), {"name": "hevc_qsv", "video_formats": [av.VideoFormat("nv12"), av.VideoFormat("p010le")]}
    )
    assert pixel_format(listed, row, (2, 2), 8) == (8, "yuv420p")
    assert pixel_format(listed, row, (2, 2), 12) == (10, "yuv420p10le")
    assert pixel_format(listed, HARDWARE["qsv"]["h264"], (2, 2), 10) == (8, "yuv420p")
    with pytest.raises(InputError, match="hevc_qsv takes no frames with a side that is odd"):
        pixel_format(listed, row, chroma_steps(row, (47, 64)), 8)
    listed.video_formats = [av.VideoFormat("vaapi")]
    assert pixel_format(listed, HARDWARE["vaapi"]["h264"], (2, 2), 8) == (8, "yuv420p")
    assert set(SEMI_PLANAR) == {LAYOUTS[2, 2], LAYOUTS[2, 2] + "10le"}


def test_frames_come_as_the_encoder_takes_them(tmp_path, monkeypatch):
    sent = []

    class Container:
        def add_stream(self, name, rate, options, device):
            sent.append((name, rate, options, device))
            codec = type("Codec", (), {"video_formats": [av.VideoFormat("nv12")]})
            return type("Stream", (), {"codec_context": type("Context", (), {"codec": codec})})

    stream = add_video(
        Container(), Encoding(encoder="qsv", crf=20), ColorDescription(1), "yuv420p", (48, 64), Fraction(25), None
    )
    assert (stream.pix_fmt, stream.width, stream.height) == ("nv12", 64, 48)
    assert sent == [("h264_qsv", 25, {"global_quality": "20", "preset": "medium"}, None)]
    add_video(Container(), Encoding(encoder="vaapi"), ColorDescription(1), "yuv420p", (48, 64), Fraction(25), None)
    assert sent[1][0] == "h264_vaapi" and sent[1][3] is not None


@pytest.mark.parametrize("size", [(16, 2000), (320, 24)])
def test_strips_at_which_an_encoder_never_ends_are_refused(size, tmp_path):
    with pytest.raises(InputError, match=f"av1 cannot be made from frames of {size[1]}x{size[0]}, at which"):
        VideoWriter(tmp_path / "strip.mkv", size, encoding=Encoding("av1"), rate=25)


@pytest.mark.parametrize("size", [(8, 8), (32, 320)])
def test_small_frames_at_which_it_ends_are_not(size, tmp_path):
    with VideoWriter(tmp_path / "small.mkv", size, encoding=Encoding("av1"), rate=25) as writer:
        for pts in range(3):
            writer.write_rgb(np.full((*size, 3), 90, np.uint8), pts)
    assert (tmp_path / "small.mkv").stat().st_size
