import av
import numpy as np
import pytest

from vidcolor_utils.video.formats import (
    LumaFormat,
    Miniatures,
    chroma_planes,
    chroma_shape,
    fill_planes,
    luma_format,
    luma_plane,
    to_depth,
    yuv_from_rgb,
)


@pytest.mark.parametrize(
    ("name", "color_range", "luma"),
    [
        ("yuv420p", 0, ("yuv420p", 8, False)),
        ("yuv420p", 2, ("yuv420p", 8, True)),
        ("yuvj422p", 0, ("yuvj422p", 8, True)),
        ("yuv420p10le", 0, ("yuv420p10le", 10, False)),
        ("yuv422p10be", 0, ("yuv422p10le", 10, False)),
        ("yuyv422", 0, ("yuv422p", 8, False)),
        ("p010le", 0, ("yuv420p10le", 10, False)),
        ("gray", 0, ("gray", 8, True)),
        ("gray12be", 0, ("gray12le", 12, True)),
        ("gray", 1, ("gray", 8, False)),
        ("gray10le", 1, ("gray10le", 10, False)),
        ("monow", 1, ("gray", 8, True)),
        ("rgb24", 0, ("yuv444p", 8, False)),
        ("pal8", 0, ("yuv444p", 8, False)),
    ],
)
def test_luma_is_taken_as_it_is_or_from_the_nearest_planes(name, color_range, luma):
    assert luma_format(av.VideoFormat(name), color_range) == LumaFormat(*luma)


def test_planes_go_in_and_come_out():
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, 1024, shape).astype(np.uint16) for shape in ((7, 10), (4, 5), (4, 5))]
    frame = av.VideoFrame(10, 7, "yuv420p10le")
    fill_planes(frame, planes)
    np.testing.assert_array_equal(luma_plane(frame), planes[0])
    for found, plane in zip(chroma_planes(frame, "yuv420p10le"), planes[1:], strict=True):
        np.testing.assert_array_equal(found, plane)
    assert chroma_shape(7, 10, (2, 2)) == (4, 5) and chroma_shape(7, 10, (1, 2)) == (7, 5)


def test_bits_are_shifted():
    assert to_depth(np.array([255], np.uint8), 8, 10).tolist() == [1020]
    eight = to_depth(np.array([1023], np.uint16), 10, 8)
    assert eight.tolist() == [255] and eight.dtype == np.uint8


def test_red_has_the_luma_of_its_matrix():
    red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    for matrix, weight in ((6, 0.299), (1, 0.2126)):
        frame = yuv_from_rgb(red, "yuv444p", matrix, full_range=False)
        assert luma_plane(frame).mean() == pytest.approx(16 + 219 * weight, abs=1)


@pytest.mark.parametrize(("name", "bits"), [("rgb48le", 16), ("gbrp10le", 10), ("gbrp12le", 12)])
def test_gray_of_deep_rgb_keeps_its_levels(name, bits):
    top = (1 << bits) - 1
    ramp = np.linspace(0, top, 64).astype(np.uint16)
    frame = av.VideoFrame.from_ndarray(np.tile(ramp[:, None], (4, 1, 3)) << (16 - bits), format="rgb48le")
    frame = frame if name == "rgb48le" else frame.reformat(format=name)
    expected = (16 + 219.0 * ramp / top) * 2 ** (bits - 8)
    np.testing.assert_allclose(luma_plane(frame)[0], expected, atol=3 if bits == 16 else 1)


def test_miniatures_show_colour_and_gray_has_none():
    frame = yuv_from_rgb(np.full((96, 128, 3), (255, 0, 0), np.uint8), "yuv420p", 6, full_range=True)
    small = Miniatures(32)(frame)
    assert small.shape == (3, 32, 43) and small[2].min() > 200
    assert Miniatures(32)(av.VideoFrame.from_ndarray(np.zeros((96, 128), np.uint8), format="gray")) is None
