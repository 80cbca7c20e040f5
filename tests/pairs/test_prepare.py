from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.clips import contents, prepare, sepia
from tests.helpers.command import REPOSITORY
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.stills import colorize_frames
from vidcolor_utils.pairs.prepare import LOCK, baseline_colorizer, gray_clip, prepare_clips, split_names
from vidcolor_utils.pairs.sources import Clip, rendered_clips, video_clips
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError, OptionError, OutputError
from vidcolor_utils.system.files import hold


def numbered_clip(name: str, count: int, size: tuple[int, int] = (256, 256)) -> Clip:
    """Frames of one gray value each, 10 times their number."""
    frames = [np.full((*size, 3), 10 * number, np.uint8) for number in range(count)]
    return Clip(name, {"kind": "test"}, lambda: iter(frames))


def test_stores_true_and_baseline_once(tmp_path: Path):
    manifest = prepare([numbered_clip("a", 4)], tmp_path)
    clip = ClipStore(tmp_path).read("a")
    assert clip.true.shape == clip.baseline.shape == (4, 128, 128, 3)
    np.testing.assert_array_equal(clip.true[:, 0, 0, 0], [0, 10, 20, 30])
    np.testing.assert_array_equal(clip.baseline[3, 5, 5], [30, 27, 21])
    assert manifest["counts"] == {"clips": 1, "frames": 4, "skipped": 0, "train": 1, "dev": 0, "test": 0}
    stored = sum(path.stat().st_size for path in tmp_path.rglob("*"))
    report_arrays = 4 * 3 * 256 * 256 * 3  # previous, current, true; what the authors' np.save wrote
    assert stored <= 0.4 * report_arrays and manifest["bytes"] <= 0.4 * manifest["report_bytes"]


def test_baseline_gets_gray_and_the_crop_is_the_centre(tmp_path: Path):
    frame = np.zeros((256, 256, 3), np.uint8)
    frame[64:192, 64:192] = (200, 100, 50)
    seen = []

    def colorize(gray: np.ndarray) -> np.ndarray:
        seen.append(gray)
        return np.repeat(gray[..., None], 3, axis=-1)

    clip = Clip("a", {}, lambda: iter([frame] * 2))
    prepare_clips([clip], tmp_path, baseline=colorize, baseline_name="gray")
    assert seen[0].shape == (2, 256, 256) and seen[0].dtype == np.uint8
    stored = ClipStore(tmp_path).read("a")
    assert (stored.true == (200, 100, 50)).all()
    assert (stored.baseline == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all()


def test_the_baseline_that_ships_is_as_its_networks_predict():
    gray = gray_clip(next(iter(rendered_clips(1, frames=2))).frames())
    plain = colorize_frames(gray, FrameColorizer().as_predicted())
    np.testing.assert_array_equal(baseline_colorizer("frame")(gray), plain)
    assert (plain != colorize_frames(gray, FrameColorizer())).any()


def test_without_crop_the_bars_stay(tmp_path: Path):
    wide = numbered_clip("wide", 3, size=(90, 180))
    prepare([wide], tmp_path, crop=None)
    true = ClipStore(tmp_path).read("wide").true
    assert true.shape == (3, 128, 128, 3)
    assert not true[2, :31].any() and not true[2, 97:].any() and (true[2, 33:95] == 20).all()


@pytest.mark.parametrize(
    ("name", "value"), [("crop", 257), ("crop", 0), ("crop", -3), ("crop", 9.5), ("seed", -1)]
)
def test_a_crop_or_seed_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, value: float
):
    with pytest.raises(OptionError, match=f"`{name}` must be"):
        prepare([numbered_clip("a", 3)], tmp_path / "clips", **{name: value})
    assert not (tmp_path / "clips").exists()


def test_the_largest_crop_is_the_whole_frame(tmp_path: Path):
    prepare([numbered_clip("a", 3)], tmp_path, crop=256)
    assert ClipStore(tmp_path).read("a").true.shape == (3, 256, 256, 3)


def test_a_clip_that_cannot_be_read_is_skipped_and_named(tmp_path: Path, make_video: Callable[..., Path]):
    videos = tmp_path / "videos" / "hiking"
    videos.mkdir(parents=True)
    for name in ("a.mp4", "b.mp4"):
        make_video(f"videos/hiking/{name}", frames=8)
    (videos / "broken.mp4").write_bytes(b"\x00" * 5000)
    whole = (videos / "b.mp4").read_bytes()
    (videos / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    manifest = prepare(video_clips(tmp_path / "videos", frames=5), tmp_path / "out")
    assert [entry["origin"]["file"] for entry in manifest["skipped"]] == ["hiking/broken.mp4", "hiking/cut.mp4"]
    assert all(entry["reason"] for entry in manifest["skipped"])
    assert manifest["counts"]["clips"] == 2 and manifest["counts"]["skipped"] == 2
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()
    ClipStore(tmp_path / "out").verify()


def test_a_damaged_clip_is_made_anew_as_the_message_says(tmp_path: Path):
    for damage in (lambda content: content[: len(content) // 2], lambda content: content[:-9] + bytes(9)):
        prepare([numbered_clip("a", 3)], tmp_path / "out")
        (path,) = (tmp_path / "out" / "clips").glob("a.*")
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        with pytest.raises(InputError, match=r"delete it and manifest\.json"):
            ClipStore(tmp_path / "out").verify()
        if len(path.read_bytes()) == len(whole):
            path.unlink()
        (tmp_path / "out" / "manifest.json").unlink()
        prepare([numbered_clip("a", 3)], tmp_path / "out")
        assert path.read_bytes() == whole
        ClipStore(tmp_path / "out").verify()


def test_reasons_are_reasons_not_paths(tmp_path: Path):
    def locked():
        raise PermissionError(13, "Permission denied", str(tmp_path / "film.mp4"))
        yield

    clips = [numbered_clip("a", 3), numbered_clip("b", 3)._replace(frames=locked)]
    assert [entry["reason"] for entry in prepare(clips, tmp_path / "out")["skipped"]] == ["Permission denied"]


def test_a_clip_of_one_frame_is_skipped_and_nothing_at_all_is_an_error(tmp_path: Path):
    manifest = prepare([numbered_clip("long", 3), numbered_clip("short", 1)], tmp_path / "a")
    assert [entry["name"] for entry in manifest["skipped"]] == ["short"]
    with pytest.raises(InputError, match="none of the 1 clips"):
        prepare([numbered_clip("short", 1)], tmp_path / "b")
    with pytest.raises(InputError, match="no clips"):
        prepare([], tmp_path / "c")


def test_other_settings_in_the_same_folder_are_refused(tmp_path: Path):
    prepare([numbered_clip("a", 3)], tmp_path)
    with pytest.raises(InputError, match="another folder"):
        prepare([numbered_clip("a", 3)], tmp_path, seed=1)
    with pytest.raises(InputError, match="named a"):
        prepare([numbered_clip("a", 3)] * 2, tmp_path / "other")


def test_a_baseline_of_the_wrong_kind_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="uint8"):
        prepare_clips(
            [numbered_clip("a", 3)],
            tmp_path,
            baseline=lambda gray: np.repeat(gray[..., None], 3, axis=-1) / 255,
            baseline_name="float",
        )


def test_same_seed_same_bytes_and_progress_is_told(tmp_path: Path):
    told = []
    for name in ("one", "two"):
        prepare(rendered_clips(3, frames=2, seed=4), tmp_path / name, progress=lambda *args: told.append(args))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert told[:3] == [(1, 3), (2, 3), (3, 3)]


KILLED = """
import os, signal, sys
from pathlib import Path
import vidcolor_utils.pairs.store as clip_store
from tests.helpers.clips import prepare
from vidcolor_utils.pairs.sources import rendered_clips

save, calls = clip_store.save_file, []

def save_and_die(tensors, path):
    calls.append(path)
    if len(calls) < 3:
        return save(tensors, path)
    path.write_bytes(b"half a clip")
    os.kill(os.getpid(), signal.SIGKILL)

clip_store.save_file = save_and_die
prepare(rendered_clips(4, frames=3), Path(sys.argv[1]))
"""


def test_killed_and_started_again_leaves_identical_files(tmp_path: Path):
    prepare(rendered_clips(4, frames=3), tmp_path / "whole")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed")], env=environment, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    left = contents(tmp_path / "killed")
    assert "manifest.json" not in left and sum(name.endswith(".safetensors") for name in left) == 3
    calls = []
    prepare_clips(
        rendered_clips(4, frames=3),
        tmp_path / "killed",
        baseline=lambda gray: calls.append(1) or sepia(gray),
        baseline_name="sepia",
    )
    assert len(calls) == 2  # the two finished clips were not made again
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_split_is_by_clip_and_seeded():
    names = [f"clip{number:03d}" for number in range(50)]
    split = split_names(names, seed=1)
    assert {part: len(members) for part, members in split.items()} == {"train": 40, "dev": 5, "test": 5}
    assert sorted(split["train"] + split["dev"] + split["test"]) == names
    assert split == split_names(names, seed=1) != split_names(names, seed=2)


@pytest.mark.parametrize(
    ("count", "parts"), [(1, [1, 0, 0]), (3, [1, 1, 1]), (8, [6, 1, 1]), (400, [320, 40, 40])]
)
def test_split_of_few_clips_leaves_some_for_each(count: int, parts: list[int]):
    split = split_names([str(number) for number in range(count)], seed=0)
    assert [len(part) for part in split.values()] == parts


def test_interrupted_clip_leaves_no_file(tmp_path: Path):
    def broken() -> Iterator[np.ndarray]:
        yield np.zeros((16, 16, 3), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([Clip("a", {}, broken)], tmp_path)
    assert not list((tmp_path / "clips").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="no such locks")
def test_two_preparations_keep_out_of_each_others_way(tmp_path: Path):
    prepare([numbered_clip("a", 3)], tmp_path)
    (tmp_path / "clips" / ".a.part-1.safetensors").write_bytes(b"half a clip")  # that the other one is writing
    before = contents(tmp_path)
    with hold(tmp_path / LOCK), pytest.raises(OutputError, match="another run is at work there"):
        prepare([numbered_clip("a", 3)], tmp_path)
    (tmp_path / LOCK).unlink()
    assert contents(tmp_path) == before
    prepare([numbered_clip("a", 3)], tmp_path)
    assert sorted(contents(tmp_path)) == ["clips/a.safetensors", "manifest.json", "plan.json"]
