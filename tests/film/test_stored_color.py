import av
import numpy as np
import pytest

from tests.helpers.films import moving_disc
from vidcolor_utils.film import stored_color
from vidcolor_utils.film.stored_color import ColorDetector, mark_colored
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.formats import chroma_planes
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter


class Plain:
    """One colour, whatever the frame."""

    def predict_ab(self, lumas):
        return np.full((len(lumas), 12, 16, 2), 20, np.float32)


def gray_disc(frames, height, width):
    return np.repeat(255 - moving_disc(frames, height, width)[..., 1:2], 3, axis=-1)


def sepia(rgb, noise=0):
    luma = rgb.mean(axis=-1, keepdims=True) / 255
    toned = np.concatenate([luma**0.8, luma, luma**1.25], axis=-1)
    return np.uint8(np.clip(255 * toned + np.random.default_rng(0).normal(0, noise, toned.shape), 0, 255))


def write(path, clip, pixel_format="yuv420p", codec="ffv1", **options):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:3], pixel_format
        for rgb in clip:
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def chroma_of(path, pixel_format):
    with VideoReader(path) as reader:
        return [np.stack(chroma_planes(frame.decoded, pixel_format)) for frame in reader.luma_frames()]


def is_colored(rgb, pixel_format="yuv420p"):
    return ColorDetector()(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format))


@pytest.fixture
def planes_written(monkeypatch):
    """U and V of each frame as they are given to the encoder."""
    found, original = [], VideoWriter.write_planes

    def write_planes(self, luma, u, v, pts):
        found.append(np.stack([u, v]))
        original(self, luma, u, v, pts)

    monkeypatch.setattr(VideoWriter, "write_planes", write_planes)
    return found


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le", "yuvj420p", "gray", "rgb24"])
def test_colour_is_told_from_gray_and_from_a_tint(pixel_format):
    color, gray = moving_disc(1, 288, 384)[0], gray_disc(1, 288, 384)[0]
    noise = np.random.default_rng(0).normal(0, 10, gray.shape)
    assert is_colored(color, pixel_format) == (pixel_format != "gray")
    for picture in (gray, sepia(gray), sepia(gray, noise=10), np.uint8(np.clip(gray + noise, 0, 255))):
        assert not is_colored(picture, pixel_format)


def test_a_real_clip_has_colour_and_its_sepia_print_none(shared_data):
    with VideoReader(shared_data / "hiking" / "color_1.mp4") as reader:
        rgb = next(reader.rgb_frames())
    assert is_colored(rgb) and not is_colored(sepia(rgb, noise=6))


def test_parts_with_colour_keep_their_chroma_bit_for_bit(tmp_path, planes_written):
    """Gray, colour, sepia: 20 frames each, cut hard."""
    shots = [gray_disc(20, 48, 64), moving_disc(20, 48, 64), sepia(gray_disc(20, 48, 64)[:, ::-1])]
    source = write(tmp_path / "in.mkv", np.concatenate(shots))
    report = colorize_file(source, tmp_path / "out.mkv", Plain(), skip_colored=True)
    own = chroma_of(source, "yuv420p")
    same = [np.array_equal(*pair) for pair in zip(planes_written, own, strict=True)]
    assert report.frames == 60 and same == [False] * 20 + [True] * 20 + [False] * 20
    planes_written.clear()
    colorize_file(source, tmp_path / "out.mkv", Plain())
    assert not any(np.array_equal(*pair) for pair in zip(planes_written, own, strict=True))


@pytest.mark.parametrize(
    ("pixel_format", "size"), [("yuv422p", (48, 64)), ("yuv420p", (49, 65)), ("rgb24", (48, 64))]
)
def test_chroma_stored_in_another_way_is_converted(tmp_path, planes_written, pixel_format, size):
    codec = "libx264rgb" if pixel_format == "rgb24" else "ffv1"
    source = write(tmp_path / "in.mkv", moving_disc(14, *size), pixel_format, codec)
    colorize_file(source, tmp_path / "out.mkv", Plain(), skip_colored=True)
    with VideoReader(source) as before, VideoReader(tmp_path / "out.mkv") as after:
        for true, found in zip(before.rgb_frames(), after.rgb_frames(), strict=True):
            assert np.abs(true.astype(int) - found).mean() < 6


def marks(colored, cuts=()):
    found = mark_colored(range(len(colored)), lambda index: colored[index], lambda index: index in cuts)
    return [mark for _, mark in found]


def test_a_shot_is_of_one_kind_whatever_a_few_frames_say():
    shot = [True] * 20 + [False] * 5 + [True] * 20
    assert marks(shot) == [True] * 45
    assert marks([False, False, *shot]) == [True] * 47


def test_short_shots_are_decided_each_for_itself():
    assert marks([True] * 3 + [False] * 4 + [True] * 2, cuts=(3, 7)) == [True] * 3 + [False] * 4 + [True] * 2


def test_colour_that_comes_without_a_cut_counts_from_its_first_frame():
    assert marks([False] * 30 + [True] * 30) == [False] * 30 + [True] * 30


def test_few_frames_are_read_ahead():
    taken = []
    for given, _ in mark_colored(range(100), lambda index: taken.append(index) or index % 2, lambda index: False):
        assert len(taken) - given <= stored_color.LOOKAHEAD
