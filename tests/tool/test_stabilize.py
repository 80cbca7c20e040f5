from itertools import count

import av
import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import run_vidcolor
from tests.helpers.films import moving_disc
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.demo import write_gray
from vidcolor_utils.tool.stabilize import stabilize_file
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader


class Flashing:
    """Colours of the frames' own size that flash from frame to frame around one colour."""

    def __init__(self):
        self.index = count()

    def predict_ab(self, lumas):
        colors = [(30 + 12 * (-1) ** next(self.index), 20.0) for _ in lumas]
        return np.stack(
            [np.full((*luma.shape, 2), color, np.float32) for luma, color in zip(lumas, colors, strict=True)]
        )


@pytest.fixture
def flashing(make_video, tmp_path):
    """A gray video with sound, and a version of it whose colours flash."""
    gray = make_video("gray.mp4", frames=30, size=(96, 128), sound="aac")
    write_gray(make_video("silent.mp4", frames=30, size=(96, 128)), tmp_path / "silent_gray.mp4")
    colorize_file(tmp_path / "silent_gray.mp4", tmp_path / "color.mp4", Flashing(), strength=0)
    return gray, tmp_path / "color.mp4"


def sound_of(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def lumas_of(path):
    with VideoReader(path) as reader:
        return np.stack([frame.luma.astype(float) for frame in reader.luma_frames()])


def flashes(path):
    """Mean change of a from frame to frame, and mean a; the first frames, which settle, are left out."""
    a = np.array([lab_from_rgb(rgb)[..., 1].mean() for rgb in iter_rgb(path)])[10:]
    return np.abs(np.diff(a)).mean(), a.mean()


def test_its_options_are_checked_and_may_be_numbers_of_any_kind(flashing, tmp_path):
    assert stabilize_file(*flashing, tmp_path / "out.mp4", strength=np.float32(0.5)).frames == 30
    for wrong in ({"strength": 1}, {"strength": True}, {"offline": "yes"}):
        with pytest.raises(OptionError, match=f"`{next(iter(wrong))}` must be"):
            stabilize_file(*flashing, tmp_path / "out.mp4", **wrong)


@pytest.mark.parametrize("offline", [False, True])
def test_colours_are_calmed_on_the_gray_video(flashing, tmp_path, offline):
    gray, color = flashing
    report = stabilize_file(gray, color, tmp_path / "out.mp4", offline=offline)
    assert report.frames == 30 and report.warnings == ()
    (before, mean_before), (after, mean_after) = flashes(color), flashes(tmp_path / "out.mp4")
    assert before > 8 and after < 0.25 * before
    assert mean_after == pytest.approx(mean_before, abs=1.5)
    assert sound_of(tmp_path / "out.mp4") == sound_of(gray)
    assert np.abs(lumas_of(tmp_path / "out.mp4") - lumas_of(gray)).mean() < 1.5


def test_strength_0_gives_the_colours_back(flashing, tmp_path):
    gray, color = flashing
    stabilize_file(gray, color, tmp_path / "out.mp4", strength=0)
    pairs = zip(iter_rgb(color), iter_rgb(tmp_path / "out.mp4"), strict=True)
    assert np.mean([metrics.mae_ab(lab_from_rgb(a)[..., 1:], lab_from_rgb(b)[..., 1:]) for a, b in pairs]) < 1.5


def test_colours_of_another_size_fit(make_video, flashing, tmp_path):
    gray, _ = flashing
    small = make_video("small.mp4", frames=30, size=(48, 64))
    assert stabilize_file(gray, small, tmp_path / "out.mp4").frames == 30
    assert video_info(tmp_path / "out.mp4").width == 128


def refused(error, tmp_path, *paths):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=error):
        stabilize_file(*paths)
    assert sorted(tmp_path.iterdir()) == before


def test_videos_that_do_not_match_are_refused(make_video, tmp_path):
    gray = make_video("gray.mp4", frames=12)
    output = tmp_path / "out.mp4"
    refused("has only 11 frames", tmp_path, gray, make_video("short.mp4", frames=11), output)
    refused("more frames than the gray video's 12", tmp_path, gray, make_video("long.mp4", frames=13), output)
    refused("64x64 have another shape", tmp_path, gray, make_video("square.mp4", frames=12, size=(64, 64)), output)


def test_animations_are_films_here_too(tmp_path):
    frames = [Image.fromarray(rgb) for rgb in moving_disc(6, 48, 64)]
    for name, pictures in (("gray.webp", [each.convert("L") for each in frames]), ("color.webp", frames)):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=40, lossless=True)
    report = stabilize_file(tmp_path / "gray.webp", tmp_path / "color.webp", tmp_path / "out.mp4")
    assert report.frames == 6 and not [text for text in report.warnings if "apng" in text]
    assert max(metrics.colorfulness(rgb) for rgb in iter_rgb(tmp_path / "out.mp4")) > 5
    frames[0].save(tmp_path / "short.webp", save_all=True, append_images=frames[1:3], duration=40, lossless=True)
    refused(
        r"short\.webp: has only 3", tmp_path, tmp_path / "gray.webp", tmp_path / "short.webp", tmp_path / "o.mp4"
    )


def test_no_input_is_overwritten(make_video, tmp_path):
    gray, color = make_video("gray.mp4"), make_video("color.mp4")
    refused("same file", tmp_path, gray, color, color)
    refused("same file", tmp_path, gray, color, gray)


def test_command_line(make_video, tmp_path):
    gray, color = make_video("gray.mp4"), make_video("color.mp4")
    done = run_vidcolor("stabilize", gray, color, "-o", tmp_path / "out.mp4", "--offline")
    assert done.returncode == 0 and "6 frames" in done.stdout and video_info(tmp_path / "out.mp4").frames == 6
    failed = run_vidcolor("stabilize", gray, tmp_path / "none.mp4", "-o", tmp_path / "out.mp4")
    assert failed.returncode == 2 and len(failed.stderr.splitlines()) == 1 and "no such file" in failed.stderr
