"""`colorize`, `stabilize` and `info` in processes of their own, on wrong input above all."""

import os
import re
import resource
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import fails_in_one_line, run_vidcolor, start_vidcolor
from tests.helpers.films import moving_disc
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.writer import VideoWriter


def leftovers(folder, *known):
    return sorted(set(os.listdir(folder)) - set(known))


def test_missing_file(tmp_path):
    result = run_vidcolor("colorize", tmp_path / "none.mp4", "-o", tmp_path / "out.mp4")
    assert fails_in_one_line(result, 2) and "no such file" in result.stderr
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"just text, renamed\n" * 50], ids=["empty", "text"])
@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_files_that_are_no_video_or_image(tmp_path, content, suffix):
    source = tmp_path / f"bad{suffix}"
    source.write_bytes(content)
    result = run_vidcolor("colorize", source, "-o", tmp_path / f"out{suffix}")
    assert fails_in_one_line(result, 2) and str(source) in result.stderr
    assert leftovers(tmp_path, source.name) == []


def test_a_folder_is_no_video(tmp_path):
    assert fails_in_one_line(run_vidcolor("colorize", tmp_path, "-o", tmp_path / "out.mp4"), 2)


def test_sound_without_video(tmp_path):
    import av

    with av.open(str(tmp_path / "voice.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    result = run_vidcolor("colorize", tmp_path / "voice.mp4", "-o", tmp_path / "out.mp4")
    assert fails_in_one_line(result, 2) and "no video" in result.stderr


def test_a_video_without_frames(make_video, tmp_path):
    source = make_video(frames=30, options={"g": "1"})
    content = bytearray(source.read_bytes())
    start = content.index(b"mdat") + 4
    end = content.index(b"moov") if content.index(b"moov") > start else len(content)
    content[start:end] = bytes(end - start)
    source.write_bytes(content)
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4")
    assert fails_in_one_line(result, 2) and "no frame" in result.stderr
    assert leftovers(tmp_path, source.name) == []


def test_a_dot_of_a_video(make_video, tmp_path):
    source = make_video("dot.mkv", codec="ffv1", pixel_format="gray", size=(1, 1))
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4")
    assert fails_in_one_line(result, 2) and "too small" in result.stderr


def limit_memory():
    limit = 640 << 20  # bytes: networks that load side by side take up to 480 MB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


@pytest.mark.parametrize("side", [12_000, 60_000])
@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "number", "order"),
    [
        ("wide.avi", "ffv1", "gray", 4, "little"),
        ("wide.mov", "png", "rgb24", 4, "big"),
        ("wide.gif", "gif", "rgb8", 2, "little"),
    ],
)
def test_huge_declared_frames_are_refused(make_video, tmp_path, name, codec, pixel_format, number, order, side):
    source = make_video(name, codec=codec, pixel_format=pixel_format)
    content = source.read_bytes()
    small = (64).to_bytes(number, order) + (48).to_bytes(number, order)
    assert small in content
    source.write_bytes(content.replace(small, side.to_bytes(number, order) * 2))
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4", before=limit_memory)
    assert fails_in_one_line(result, 2) and "too large" in result.stderr
    assert leftovers(tmp_path, source.name) == []


def test_output_beside_missing_folder(make_video, tmp_path):
    result = run_vidcolor("colorize", make_video(), "-o", tmp_path / "none" / "out.mp4")
    assert fails_in_one_line(result, 1) and "no such folder" in result.stderr


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
def test_output_folder_that_takes_no_files(make_video):
    result = run_vidcolor("colorize", make_video(), "-o", "/proc/self/out.mp4")
    assert fails_in_one_line(result, 1) and "/proc/self" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_folder_not_writable(make_video, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    result = run_vidcolor("colorize", make_video(), "-o", locked / "out.mp4")
    assert fails_in_one_line(result, 1) and "no permission" in result.stderr


def test_output_equal_to_input(make_video, tmp_path):
    source = make_video()
    before = source.read_bytes()
    result = run_vidcolor("colorize", source, "-o", tmp_path / "." / source.name)
    assert fails_in_one_line(result, 2) and "same file" in result.stderr
    assert source.read_bytes() == before


def test_output_of_another_kind(make_video, tmp_path):
    source = make_video()
    for name in ("out.png", "out.xyz", "out"):
        assert fails_in_one_line(run_vidcolor("colorize", source, "-o", tmp_path / name), 2)
    assert leftovers(tmp_path, source.name) == []


def test_truncated_video_yields_what_can_be_read(make_video, tmp_path):
    cut = tmp_path / "cut.mkv"
    source = make_video("whole.mkv", frames=60, options={"g": "5", "bf": "0"}, size=(96, 128))
    content = source.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    result = run_vidcolor("colorize", cut, "-o", tmp_path / "out.mp4")
    assert result.returncode == 0
    frames = len(list(iter_rgb(tmp_path / "out.mp4")))
    assert 5 < frames < 60
    assert f"{frames} of 60 frames could be read" in result.stderr and "warning" in result.stderr


def test_truncated_before_the_index_is_an_error(make_video, tmp_path):
    source = make_video(frames=60)
    source.write_bytes(source.read_bytes()[:2000])
    assert fails_in_one_line(run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4"), 2)


def test_spaces_and_other_alphabets_in_paths(make_video, tmp_path):
    folder = tmp_path / "mes vidéos 映画"
    folder.mkdir()
    source = make_video().rename(folder / "été 1950: #1%.mp4")
    output = folder / "couleur ö.mp4"
    assert run_vidcolor("colorize", source, "-o", output).returncode == 0
    assert len(list(iter_rgb(output))) == 6


def limit_file_size(room):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))


@pytest.mark.parametrize("room", [1_000, 10_000])
def test_full_disk(make_video, tmp_path, room):
    source = make_video(frames=100, size=(240, 320))
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4", before=partial(limit_file_size, room))
    assert fails_in_one_line(result, 1) and "cannot be written" in result.stderr
    assert leftovers(tmp_path, source.name) == []


def hear_interrupts_and_be_slow():
    """A shell starts its background jobs, such as a whole test run, deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    write = VideoWriter.write_planes
    VideoWriter.write_planes = lambda *given, **named: (time.sleep(0.1), write(*given, **named))[1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_in_the_middle(make_video, tmp_path, number, code):
    source = make_video(frames=200, size=(96, 128))
    said = tmp_path / "said"
    command = ["colorize", source, "-o", tmp_path / "out.mp4"]
    process = start_vidcolor(*command, said=(Path(os.devnull), said), before=hear_interrupts_and_be_slow)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out.mp4.vidcolor/.000000.part-*")):
        assert process.exitcode is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, number)
    process.join(60)
    stderr = said.read_text()
    assert process.exitcode == code, stderr
    assert stderr.splitlines()[-1] == (
        "vidcolor: interrupted; nothing was left half-written, and the same command goes on"
    )
    assert leftovers(tmp_path, source.name, said.name) == []


def test_info_of_video_and_image(make_video, tmp_path):
    text = run_vidcolor("info", make_video(sound="aac")).stdout
    assert "h264" in text and "aac" in text
    Image.new("RGBA", (5, 4)).save(tmp_path / "a.png")
    assert "alpha" in run_vidcolor("info", tmp_path / "a.png").stdout
    (tmp_path / "a.png").rename(tmp_path / "a.scan")  # `colorize` takes it by what it holds, too
    assert "alpha" in run_vidcolor("info", tmp_path / "a.scan").stdout
    pages = [Image.new("L", (32, 24), 90) for _ in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert re.search(r"pages\W+3\b", run_vidcolor("info", tmp_path / "a.tif").stdout)
    frames = [Image.fromarray(rgb) for rgb in moving_disc(5, 48, 64)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=100)
    assert (
        "a.webp" in (text := run_vidcolor("info", tmp_path / "a.webp").stdout)
        and "10.000 frames per second" in text
    )


def test_a_film_for_editing_programs(make_video, tmp_path):
    source, output = make_video("in.mp4", sound="aac"), tmp_path / "out.mov"
    result = run_vidcolor("colorize", source, "-o", output, "--codec", "prores")
    assert (result.returncode, result.stderr) == (0, "") and "6 frames in colour" in result.stdout
    info = video_info(output)
    assert (info.codec, info.pixel_format, info.frames, info.sound) == ("prores", "yuv422p10le", 6, ("aac",))
    result = run_vidcolor("colorize", source, "-o", tmp_path / "out.mp4", "--codec", "prores")
    assert fails_in_one_line(result, 2) and ".mov" in result.stderr


def test_only_makes_one_span_of_an_earlier_result_anew(make_video, tmp_path):
    source, output = make_video(frames=30), tmp_path / "out.mkv"
    intra = ("--codec", "ffv1")
    assert run_vidcolor("colorize", source, "-o", output, *intra).returncode == 0
    before = list(iter_rgb(output))
    result = run_vidcolor("colorize", source, "-o", output, *intra, "--only", "0.4-0:00.8", "--saturation", "0")
    assert result.returncode == 0, result.stderr
    changed = [not np.array_equal(*pair) for pair in zip(before, iter_rgb(output), strict=True)]
    assert [number for number, is_new in enumerate(changed) if is_new] == list(range(10, 20))


def test_a_part_of_a_film_has_no_start_beside_it(make_video, tmp_path):
    result = run_vidcolor("colorize", make_video(), "-o", tmp_path / "a.mp4", "--only", "0-1", "--start", "0:01")
    assert fails_in_one_line(result, 2) and result.stderr.endswith("leave start and end out\n")


@pytest.mark.parametrize("options", [("--only", "5"), ("--only", "5-4"), ("--only", "1-2", "--preview", "3")])
def test_what_only_cannot_be(make_video, tmp_path, options):
    assert fails_in_one_line(run_vidcolor("colorize", make_video(), "-o", tmp_path / "out.mp4", *options), 2)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--preview", "3", "--codec", "h265", "--workers", "2"), "a preview has no use for --codec, --workers"),
        (("--preview", "3", "--hint", "0.1 5,5 #ff0000"), "a preview has no use for --hint"),
        (("--dry-run", "--rate", "5"), "a plan has no use for --rate"),
        (("--format", "mp4"), "a single file has no use for --format"),
    ],
)
def test_no_option_is_dropped_without_a_word(make_video, tmp_path, options, told):
    result = run_vidcolor("colorize", make_video(), "-o", tmp_path / "out.png", *options)
    assert fails_in_one_line(result, 2) and told in result.stderr


def test_what_takes_no_numbered_pictures_says_who_does(tmp_path):
    Image.new("L", (64, 48)).save(tmp_path / "1.png")
    for words in (("info", tmp_path / "%d.png"), ("colorize", tmp_path / "%d.png", "-o", "a.mp4", "--dry-run")):
        result = run_vidcolor(*words)
        assert fails_in_one_line(result, 2)
        assert "numbered pictures are for `vidcolor score` and `colorize`" in result.stderr


def test_neither_pipes_nor_folders_drop_options(make_video, tmp_path):
    make_video()
    for source, task in ((tmp_path, "a folder"), ("-", "a pipe")):
        result = run_vidcolor("colorize", source, "-o", tmp_path / "out", "--rate", "12")
        assert fails_in_one_line(result, 2) and f"{task} has no use for --rate" in result.stderr
    result = run_vidcolor("colorize", tmp_path, "-o", tmp_path / "strip.png", "--preview", "3")
    assert fails_in_one_line(result, 2) and "a preview is of one video" in result.stderr
    for words in (("-", "-o", "strip.png", "--preview", "3"), ("a.mp4", "-o", "-", "--dry-run")):
        result = run_vidcolor("colorize", *words, cwd=tmp_path)
        assert fails_in_one_line(result, 2) and "is of a file, not of a pipe" in result.stderr


def test_a_point_gives_its_colour_to_what_it_is_on(make_video, tmp_path):
    source, output = make_video(frames=5, size=(64, 96)), tmp_path / "out.mp4"
    result = run_vidcolor("colorize", source, "-o", output, "--saturation", "0", "--hint", "0.08 48,32 #d02020")
    assert result.returncode == 0, result.stderr
    middle = np.stack(list(iter_rgb(output)))[2, 28:36, 44:52].astype(int)
    assert (middle[..., 0] - middle[..., 2]).mean() > 60
