from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.app import comparison
from vidcolor_utils.app.comparison import jpeg, write_comparison
from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_gray, to_uint8
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter


def test_the_upper_half_is_the_first_video_made_gray_and_the_lower_half_the_second(make_video, tmp_path):
    first = make_video("first.mp4", size=(48, 64), frames=5)
    second = make_video("second.mp4", size=(48, 64), frames=5, codec="mpeg4")
    output = tmp_path / "both.mp4"
    write_comparison(first, second, output)
    frames = list(iter_rgb(output))
    assert len(frames) == 5
    for both, upper, lower in zip(frames, iter_rgb(first), iter_rgb(second), strict=True):
        assert both.shape == (96, 64, 3)
        gray = rgb_from_gray(to_uint8(luma_from_rgb(upper)))
        for shown, true in ((both[:48], gray), (both[48:], lower)):
            assert np.abs(shown.astype(int) - true).mean() < 6  # chroma is stored at half size


def test_it_is_small_and_short_and_plays_everywhere(make_video, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "WIDTH", 41)
    monkeypatch.setattr(comparison, "SECONDS", 0.2)
    deep = make_video("deep.mp4", size=(51, 65), frames=9, pixel_format="yuv444p10le")
    write_comparison(deep, deep, tmp_path / "both.mp4")
    info = video_info(tmp_path / "both.mp4")
    assert (info.width, info.pixel_format, info.frames) == (40, "yuv420p", 5)
    assert info.height == 2 * round(51 * 40 / 65)


def test_frames_are_shown_as_long_as_they_were(tmp_path):
    times = [0, 100, 150, 900, 2000, 13000]  # of a thousandth second; the last after what is taken
    film, both = tmp_path / "film.mkv", tmp_path / "both.mp4"
    with VideoWriter(film, (48, 64), rate=Fraction(3), time_base=Fraction(1, 1000)) as writer:
        for pts in times:
            writer.write_rgb(np.full((48, 64, 3), 90, np.uint8), pts)
    write_comparison(film, film, both)
    with VideoReader(both) as reader:
        assert [round(1000 * frame.seconds) for frame in reader.luma_frames()] == times[:-1]


def test_pixels_that_are_wide_are_shown_wide(tmp_path):
    with VideoWriter(tmp_path / "wide.mp4", (48, 64), rate=25, pixel_aspect=Fraction(2)) as writer:
        writer.write_rgb(np.full((48, 64, 3), 90, np.uint8), 0)
    write_comparison(tmp_path / "wide.mp4", tmp_path / "wide.mp4", tmp_path / "both.mp4")
    info = video_info(tmp_path / "both.mp4")
    assert (info.width, info.height) == (64, 2 * 24)


def test_what_is_no_video_is_refused(tmp_path, make_video):
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(InputError, match="not a video"):
        write_comparison(tmp_path / "text.mp4", make_video(), tmp_path / "both.mp4")
    assert not (tmp_path / "both.mp4").exists()


def test_a_jpeg_keeps_the_order_of_colours():
    (red, green, blue) = np.asarray(Image.open(BytesIO(jpeg(np.full((8, 8, 3), (200, 100, 30), np.uint8)))))[0, 0]
    assert red > 190 and 90 < green < 110 and blue < 40
