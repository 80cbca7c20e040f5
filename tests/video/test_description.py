from fractions import Fraction

import av
import numpy as np
import pytest

from vidcolor_utils.pictures.orientation import Orientation
from vidcolor_utils.video.description import ColorDescription, description_of, film_tags, first_field
from vidcolor_utils.video.files import video_info


def frame_of(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize(("name", "frames"), [("clip.mp4", 6), ("clip.mkv", None)])
def test_a_film_describes_itself(make_video, name, frames):
    info = video_info(make_video(name, sound="aac"))
    assert (info.codec, info.width, info.height, info.sound) == ("h264", 64, 48, ("aac",))
    assert info.rate == Fraction(25) and info.frames == frames
    assert info.duration_s == pytest.approx(0.24, abs=0.03)


def test_a_turned_film_has_its_sides_as_shown(make_video):
    info = video_info(make_video(rotation=90))
    assert (info.width, info.height, info.stored_size) == (48, 64, (48, 64))
    assert info.orientation == Orientation(info.rotation) and info.orientation.is_turned


def test_a_matrix_that_is_not_said_is_that_of_the_size():
    small, large = (av.VideoFrame(width, height, "yuv420p") for width, height in ((640, 480), (1280, 720)))
    assert description_of(small).weights.name == "BT.601" and description_of(large).weights.name == "BT.709"


def test_hdr_is_told_by_its_transfer():
    assert ColorDescription(9, transfer=16).is_hdr and ColorDescription(9, transfer=18).is_hdr
    assert not ColorDescription(9, transfer=1).is_hdr


def test_tags_of_the_encoding_are_left_out():
    tags = {"title": "Film", "ENCODER": "Lavf", "NUMBER_OF_FRAMES": "3", "_STATISTICS": "x", "date": "1906"}
    assert film_tags(tags) == {"title": "Film", "date": "1906"}


@pytest.mark.parametrize("fields", ["top", "bottom"])
def test_the_first_field_is_asked_of_the_frame(make_interlaced, fields):
    lumas = np.random.default_rng(0).integers(40, 200, (3, 48, 64)).astype(np.uint8)
    frame = frame_of(make_interlaced(lumas, fields))
    assert first_field(frame) == fields


@pytest.mark.parametrize(("full_range", "ends"), [(False, (64, 940)), (True, (0, 1023))])
def test_luma_is_scaled_as_the_film_says(make_video, full_range, ends):
    info = video_info(make_video())._replace(bit_depth=10, full_range=full_range)
    assert info.luma_range == ends
    np.testing.assert_array_equal(info.luma01(np.array([ends], np.uint16)), [[0, 1]])
