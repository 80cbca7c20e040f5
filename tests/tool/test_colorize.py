import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from itertools import count

import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import REPOSITORY
from tests.helpers.films import frame_times, packets_of
from vidcolor_utils.colorizers import steady
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.stills import colorize_frames
from vidcolor_utils.film import painting
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError, OptionError, OutputError, VidcolorError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter


def luma_difference(first, second):
    """Mean absolute difference of the luma planes, in stored units."""
    with VideoReader(first) as a, VideoReader(second) as b:
        pairs = zip(a.luma_frames(), b.luma_frames(), strict=True)
        return np.mean([np.abs(x.luma.astype(float) - y.luma).mean() for x, y in pairs])


def test_a_video_keeps_luma_size_times_and_sound(make_video, colorizer, tmp_path):
    times = [0, 4, 6, 14, 15, 30]
    source = make_video(sound="aac", times=times, size=(48, 66))
    report = colorize_file(source, tmp_path / "out.mp4", colorizer)
    before, after = video_info(source), video_info(tmp_path / "out.mp4")
    assert report.frames == 6 and report.warnings == ()
    assert (after.width, after.height, after.frames) == (before.width, before.height, before.frames)
    assert packets_of(tmp_path / "out.mp4", "audio") == packets_of(source, "audio")
    np.testing.assert_allclose(frame_times(tmp_path / "out.mp4"), np.array(times) / 100, atol=1e-6)
    assert luma_difference(source, tmp_path / "out.mp4") < 1.5


def test_the_output_has_colour(make_video, tmp_path):
    source = make_video(size=(64, 96))
    colorize_file(source, tmp_path / "out.mp4")
    rgb = np.stack(list(iter_rgb(tmp_path / "out.mp4"))).astype(int)
    assert np.ptp(rgb, axis=-1).mean() > 2


@pytest.mark.parametrize(
    ("pixel_format", "codec", "size", "color_range", "colorspace"),
    [
        ("yuv444p", "libx264", (48, 64), 2, 1),  # full range
        ("yuv420p10le", "libx264", (48, 64), 1, 1),  # 10 bits
        ("gray", "ffv1", (48, 64), None, None),  # one channel
        ("yuva420p", "libvpx-vp9", (48, 64), None, None),  # alpha
        ("yuv444p", "libx264", (49, 65), None, None),  # odd sides
    ],
)
def test_unusual_videos(make_video, colorizer, tmp_path, pixel_format, codec, size, color_range, colorspace):
    source = make_video(
        "in.mkv", codec=codec, pixel_format=pixel_format, size=size, color_range=color_range, colorspace=colorspace
    )
    report = colorize_file(source, tmp_path / "out.mkv", colorizer)
    before, after = video_info(source), video_info(tmp_path / "out.mkv")
    assert (after.width, after.height, report.frames) == (size[1], size[0], 6)
    assert (after.matrix, after.full_range) == (before.matrix, before.full_range)
    assert after.bit_depth == before.bit_depth
    assert luma_difference(source, tmp_path / "out.mkv") < 1.5 * 4 ** (before.bit_depth > 8)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_kept_and_seen_upright(make_video, tmp_path, rotation):
    source, colorizer = make_video(rotation=rotation, size=(48, 96)), FrameColorizer(quality="fast")
    # Comparable with single frames: nothing is carried, neither colours nor what the transformer has read.
    colorize_file(source, tmp_path / "out.mp4", colorizer, strength=0)
    assert video_info(tmp_path / "out.mp4").rotation == rotation
    shown = np.stack(list(iter_rgb(source)))
    lying = np.rot90(colorize_frames(np.rot90(shown, axes=(1, 2)), colorizer), -1, axes=(1, 2))
    rgb = np.stack(list(iter_rgb(tmp_path / "out.mp4"))).astype(int)
    upright, seen_lying = (
        np.abs(rgb - expected).mean() for expected in (colorize_frames(shown, colorizer), lying)
    )
    assert upright < 4 and upright < 0.5 * seen_lying


@pytest.mark.parametrize(
    ("size", "seen"), [((96, 128), (96, 128)), ((382, 388), (382, 388)), ((384, 386), (192, 193))]
)
def test_small_frames_are_seen_at_their_full_size(make_video, tmp_path, size, seen):
    class Watcher(GrayColorizer):
        def predict_ab(self, lumas):
            assert {luma.shape for luma in lumas} == {seen}
            return super().predict_ab(lumas)

    source, output = make_video(size=size), tmp_path / "out.mp4"
    colorize_file(source, output, Watcher())
    with VideoReader(output) as reader:
        assert reader.info.stored_size == size and sum(1 for _ in reader.luma_frames()) == 6


def test_too_small_frames_are_refused(make_video, colorizer, tmp_path):
    source = make_video("dot.mkv", codec="ffv1", pixel_format="gray", size=(1, 1))
    with pytest.raises(InputError, match="1x1 are too small"):
        colorize_file(source, tmp_path / "out.mp4", colorizer)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "I;16", "1"])
def test_stills_of_every_kind_keep_luma_and_alpha(colorizer, tmp_path, mode):
    ramp = np.add.outer(np.arange(41) * 3, np.arange(63)).astype(np.uint8)
    if mode == "I;16":
        Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "in.png")
    else:
        Image.fromarray(ramp).convert("RGBA" if mode == "P" else "L").convert(mode).save(tmp_path / "in.png")
    colorize_file(tmp_path / "in.png", tmp_path / "out.png", colorizer)
    before, after = read_image(tmp_path / "in.png"), read_image(tmp_path / "out.png")
    assert after.rgb.shape == (41, 63, 3)
    assert (after.alpha is None) == (before.alpha is None)
    assert np.abs(luma_from_rgb(after.rgb) - before.luma).max() < 0.6 / 255


def test_a_picture_of_any_name_is_read_as_what_it_holds(colorizer, tmp_path):
    picture = Image.new("L", (32, 24), 128)
    picture.save(tmp_path / "scan", "JPEG")
    (tmp_path / "drawing.svg").write_text("<svg/>")
    assert colorize_file(tmp_path / "scan", tmp_path / "out.png", colorizer).frames == 1
    with pytest.raises(InputError, match=r"drawing\.svg: not an image that can be read"):
        colorize_file(tmp_path / "drawing.svg", tmp_path / "out2.png", colorizer)
    with pytest.raises(InputError, match="the input is a video"):
        (tmp_path / "film.mp4").touch()
        colorize_file(tmp_path / "film.mp4", tmp_path / "out2.png", colorizer)


@pytest.mark.parametrize(
    "option", [{"strength": 0.5}, {"every": 1}, {"offline": True}, {"skip_colored": True}, {"segment_s": 9.0}]
)
def test_what_is_for_films_alone_is_refused_of_a_photograph(colorizer, tmp_path, option):
    Image.new("RGB", (32, 24), "teal").save(tmp_path / "in.png")
    with pytest.raises(OptionError, match=f"for videos alone: {next(iter(option))}$"):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", colorizer, **option)
    assert not (tmp_path / "out.png").exists()


def test_a_dot_of_a_still_is_colorized(colorizer, tmp_path):
    Image.new("L", (1, 1), 99).save(tmp_path / "dot.png")
    colorize_file(tmp_path / "dot.png", tmp_path / "out.png", colorizer)
    assert read_image(tmp_path / "out.png").rgb.shape == (1, 1, 3)


def test_progress_counts_to_the_end(make_video, colorizer, tmp_path):
    seen = []
    colorize_file(
        make_video(frames=11),
        tmp_path / "out.mp4",
        colorizer,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (11, 11) and seen == sorted(seen)


def test_memory_is_flat_frames_are_streamed(make_video, colorizer, tmp_path, monkeypatch):
    """No more frames than one batch at once, whatever the length: of a still film few."""
    largest = []
    original = colorizer.predict_ab
    monkeypatch.setattr(
        colorizer, "predict_ab", lambda lumas, *told: largest.append(len(lumas)) or original(lumas, *told)
    )
    colorize_file(make_video(frames=40), tmp_path / "out.mp4", colorizer)
    assert sum(largest) == 6 and max(largest) <= steady.BATCH  # half of them in a mirror, the first in both


class Plain:
    """One colour, whatever the frame."""

    def predict_ab(self, lumas):
        return np.full((len(lumas), 12, 16, 2), 20, np.float32)


@pytest.mark.parametrize("options", [{"offline": True}, {"every": 3}, {"offline": True, "every": 2}])
def test_frames_that_wait_for_their_colours_keep_order_times_and_sound(make_video, tmp_path, options):
    frames = 60  # more than are looked at together
    times = list(np.cumsum([1 + t % 3 for t in range(frames)]) - 1)
    source = make_video(frames=frames, times=[int(time) for time in times], sound="aac")
    report = colorize_file(source, tmp_path / "out.mp4", Plain(), **options)
    assert report.frames == frames and report.warnings == ()
    np.testing.assert_allclose(frame_times(tmp_path / "out.mp4"), np.array(times) / 100, atol=1e-6)
    assert packets_of(tmp_path / "out.mp4", "audio") == packets_of(source, "audio")
    assert luma_difference(source, tmp_path / "out.mp4") < 1.5


def test_overlap_changes_nothing(make_video, colorizer, tmp_path, monkeypatch):
    source = make_video(frames=40, sound="aac")
    colorize_file(source, tmp_path / "overlapped.mp4", colorizer)
    monkeypatch.setattr(painting, "running_ahead", lambda items, _: nullcontext(items))
    colorize_file(source, tmp_path / "in_turns.mp4", colorizer)
    for kind in ("video", "audio"):
        found = packets_of(tmp_path / "overlapped.mp4", kind)
        assert found == packets_of(tmp_path / "in_turns.mp4", kind) and len(found) >= 40


def fails_late(function, error):
    """Let a function through five times, then raise."""
    calls = count()

    def call(*args, **options):
        if next(calls) >= 5:
            raise error
        return function(*args, **options)

    return call


@pytest.mark.parametrize(
    ("place", "name", "error"),
    [
        (VideoInfo, "luma01", InputError("cannot be read")),  # in the thread that reads
        (Plain, "predict_ab", InputError("cannot be coloured")),
        (VideoWriter, "write_planes", OutputError("cannot be written")),
        (painting, "uv_planes", KeyboardInterrupt()),  # Ctrl-C arrives in the main thread, wherever it is
    ],
)
def test_a_step_that_fails_ends_all_and_leaves_nothing(make_video, tmp_path, monkeypatch, place, name, error):
    source = make_video(frames=120, sound="aac")
    monkeypatch.setattr(steady, "BATCH", 1)
    monkeypatch.setattr(place, name, fails_late(getattr(place, name), error))
    with pytest.raises(type(error)) as raised:
        colorize_file(source, tmp_path / "out.mp4", Plain())
    assert raised.value is error
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("running ahead")]


@pytest.mark.parametrize(
    "name",
    [
        "x" * 251,
        "ř" * 125,  # two bytes each
        "a\nb",
        " 'quoted' \"twice\" ",
        "-o",
        "50%d",
        "a:b;c|d&e",
        "[1] {2} *?",
        "file:a",
        "\udce9t\udce9",  # not UTF-8, as on old disks
    ],
)
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".jpg"])
def test_any_name_that_the_file_system_takes(make_video, tmp_path, name, suffix):
    (tmp_path / "to").mkdir()
    source, output = tmp_path / f"{name}{suffix}", tmp_path / "to" / f"{name}{suffix}"
    if suffix == ".jpg":
        Image.new("L", (32, 32), 90).save(tmp_path / "in.jpg")
    else:
        make_video(f"in{suffix}", frames=3)
    (tmp_path / f"in{suffix}").rename(source)
    report = colorize_file(source, output, GrayColorizer())
    assert os.listdir(tmp_path / "to") == [output.name] and report.warnings == ()


def test_of_a_file_with_a_wrong_name_it_is_said_what_it_holds(make_video, tmp_path):
    make_video("film.mp4").rename(tmp_path / "wrong.jpg")
    Image.new("L", (40, 30), 99).save(tmp_path / "wrong.mp4", "JPEG")
    for output in ("out.mp4", "out.png"):
        with pytest.raises(InputError, match=r"wrong\.jpg: holds a video: rename it, \.jpg is of pictures"):
            colorize_file(tmp_path / "wrong.jpg", tmp_path / output, GrayColorizer())
        with pytest.raises(InputError, match=r"wrong\.mp4: holds a JPEG picture: rename it, \.mp4 is of videos"):
            colorize_file(tmp_path / "wrong.mp4", tmp_path / output, GrayColorizer())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wrong.jpg", "wrong.mp4"]


def test_a_film_for_a_link_goes_where_the_link_leads(make_video, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out.mp4").symlink_to(tmp_path / "disk" / "real.mp4")
    report = colorize_file(make_video(), tmp_path / "out.mp4", GrayColorizer())
    assert (tmp_path / "out.mp4").is_symlink() and report.output == tmp_path / "disk" / "real.mp4"
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["real.mp4"]
    with pytest.raises(InputError, match="same file"):
        colorize_file(tmp_path / "disk" / "real.mp4", tmp_path / "out.mp4", GrayColorizer())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("folder", "is a folder; name a file in it"),
        ("out.pdf", r"an image is written to a file that ends in \.png"),
        ("out", r"an image is written to a file that ends in \.png"),
        ("out.mp4", "the input is an image, but this name is that of a video"),
    ],
)
def test_what_a_photograph_cannot_be_written_to_is_said_truly(tmp_path, name, problem):
    Image.new("L", (40, 30), 99).save(tmp_path / "photo.png")
    (tmp_path / "folder").mkdir()
    with pytest.raises(VidcolorError, match=problem):
        colorize_file(tmp_path / "photo.png", tmp_path / name, GrayColorizer())


# Not `ru_maxrss`: a process begins with that of the one that started it, and these tests may hold gigabytes.
PEAK = """
import re, sys
from pathlib import Path
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.tool.colorize import colorize_file
colorize_file(sys.argv[1], sys.argv[2], GrayColorizer())
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by /proc")
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_photograph_takes_as_much_memory_as_the_manual_says(tmp_path, suffix):
    """At most 25 bytes a pixel, by what 12 megapixels take beyond 4; next to none would be this test's fault."""
    peaks = []
    for height in (1000, 3000):
        ramp = np.linspace(0, 255, 4000).astype(np.uint8)
        source = tmp_path / f"{height}{suffix}"
        Image.fromarray(np.tile(ramp, (height, 1))).save(source)
        command = [sys.executable, "-c", PEAK, source, tmp_path / f"out{suffix}"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]) * 1024)
    assert 5 < (peaks[1] - peaks[0]) / 8e6 < 27


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by /proc")
def test_a_tiff_takes_as_much_memory_as_one_page(tmp_path):
    """Less than a byte a pixel of the four pages that one has more; all together would take three or more."""
    peaks = []
    for pages in (2, 6):
        source = tmp_path / f"{pages}.tif"
        page = Image.fromarray(np.tile(np.linspace(0, 255, 2000).astype(np.uint8), (2000, 1)))
        page.save(source, save_all=True, append_images=[page] * (pages - 1))
        command = [sys.executable, "-c", PEAK, source, tmp_path / "out.tif"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]) * 1024)
    assert (peaks[1] - peaks[0]) / 16e6 < 1


def test_a_tiff_whose_second_page_cannot_be_coloured_leaves_nothing_half_written(tmp_path):
    class Failing(GrayColorizer):
        asked = 0

        def predict_ab(self, lumas):
            self.asked += 1
            if self.asked == 2:
                raise RuntimeError("out of memory")
            return super().predict_ab(lumas)

    page = Image.new("L", (40, 30), 99)
    page.save(tmp_path / "in.tif", save_all=True, append_images=[page])
    with pytest.raises(RuntimeError, match="out of memory"):
        colorize_file(tmp_path / "in.tif", tmp_path / "out.tif", Failing())
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


def test_of_pages_one_is_coloured_where_one_is_written(tmp_path):
    pages = [Image.new("L", (40, 30), 50 * number) for number in (1, 2, 3)]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    told = []
    report = colorize_file(
        tmp_path / "in.tif", tmp_path / "out.png", GrayColorizer(), progress=lambda *done: told.append(done)
    )
    assert report.frames == 1 and "the first of 3 pages" in report.warnings[0] and told == [(1, 3)]
