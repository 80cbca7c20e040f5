import av
import cv2
import numpy as np
import pytest

from vidcolor_utils.errors import InputError
from vidcolor_utils.video_io import VideoReader, iter_rgb, video_info


def planes_of(path):
    """Decode with plain PyAV: every frame's planes as arrays."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield [
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
                for plane in frame.planes
            ]


def test_video_info_describes_the_file(make_video):
    info = video_info(make_video(sound="aac", colorspace=1, color_range=1))
    assert (info.width, info.height, info.frames, info.codec) == (64, 48, 6, "h264")
    assert info.rate == 25 and info.sound == ("aac",) and info.rotation == 0
    assert info.matrix == "BT.709" and not info.full_range
    assert abs(info.duration_s - 0.24) < 0.1


def test_untagged_matrix_depends_on_the_size(make_video):
    assert video_info(make_video("sd.mp4")).matrix == "BT.601"
    assert video_info(make_video("hd.mp4", size=(720, 1280), frames=1)).matrix == "BT.709"


def test_luma_frames_are_the_stored_planes(make_video):
    path = make_video(size=(50, 66))
    with VideoReader(path) as reader:
        for ours, theirs in zip(reader.luma_frames(), planes_of(path), strict=True):
            np.testing.assert_array_equal(ours.luma, theirs[0])


def test_iter_rgb_equals_opencv(make_video):
    path = make_video()
    capture = cv2.VideoCapture(str(path))
    for rgb in iter_rgb(path):
        _, bgr = capture.read()
        assert np.abs(rgb.astype(int) - bgr[..., ::-1]).max() <= 1


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_honoured_as_opencv_does(make_video, rotation):
    path = make_video(rotation=rotation)
    ok, bgr = cv2.VideoCapture(str(path)).read()
    first = next(iter_rgb(path))
    assert ok and first.shape == bgr.shape
    assert np.abs(first.astype(int) - bgr[..., ::-1]).max() <= 1
    info = video_info(path)
    assert (info.height, info.width) == bgr.shape[:2] and info.rotation == rotation % 360


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mp4", "libx264", "yuv444p"),
        ("a.mkv", "ffv1", "gray"),
        ("a.mkv", "ffv1", "bgr0"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
    ],
)
def test_luma_of_many_formats_shows_the_disc(make_video, name, codec, pixel_format):
    path = make_video(name, codec=codec, pixel_format=pixel_format)
    with VideoReader(path) as reader:
        frames = list(reader.luma_frames())
        depth = reader.info.bit_depth
    assert len(frames) == 6
    disc, corner = frames[2].luma[24, 27], frames[2].luma[46, 62]
    assert frames[0].luma.shape == (48, 64)
    assert 60 << (depth - 8) < disc < 120 << (depth - 8) < corner


def test_a_playlist_is_refused(tmp_path, make_video):
    make_video("clip.ts", codec="mpeg2video")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.2,\nclip.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match="not a video"):
        VideoReader(playlist)
    concat = tmp_path / "list.ffconcat"
    concat.write_text("ffconcat version 1.0\nfile clip.ts\n")
    with pytest.raises(InputError, match="not a video"):
        VideoReader(concat)


def test_a_url_is_no_file():
    with pytest.raises(FileNotFoundError):
        VideoReader("http://127.0.0.1:9/a.mp4")
