from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.clips import prepare
from vidcolor_utils.pairs.sources import rendered_clips
from vidcolor_utils.pairs.store import ClipFrames, ClipStore, clip_path, read_clip, write_clip
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256


def random_clip(seed: int, frames: int = 6) -> ClipFrames:
    rng = np.random.default_rng(seed)
    return ClipFrames(*rng.integers(0, 256, (2, frames, 8, 8, 3), dtype=np.uint8))


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    (tmp_path / "clips").mkdir()
    write_clip(clip_path(tmp_path, "a"), random_clip(0))
    facts = {"frames": 6, "sha256": file_sha256(clip_path(tmp_path, "a"))}
    manifest = {"split": {"train": ["a"], "dev": [], "test": []}, "clips": {"a": facts}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_round_trip_of_a_part(store_folder: Path):
    store = ClipStore(store_folder)
    part = store.read("a", 2, 5)
    np.testing.assert_array_equal(part.true, random_clip(0).true[2:5])
    np.testing.assert_array_equal(part.baseline, random_clip(0).baseline[2:5])
    assert store.names("train") == ["a"] and store.num_frames("a") == 6


def test_equal_clips_are_equal_bytes_and_hold_little_else(tmp_path: Path):
    paths = [tmp_path / name for name in ("x.safetensors", "y.safetensors")]
    for path in paths:
        write_clip(path, random_clip(1))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 2 * 6 * 8 * 8 * 3 + 300


def test_verify_names_a_changed_file(store_folder: Path):
    store = ClipStore(store_folder)
    store.verify()
    path = clip_path(store_folder, "a")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.safetensors"):
        store.verify()


def test_missing_manifest_and_damaged_files_are_named(tmp_path: Path, store_folder: Path):
    with pytest.raises(InputError, match=r"manifest\.json"):
        ClipStore(tmp_path / "nowhere")
    clip_path(store_folder, "a").write_bytes(b"not a clip")
    with pytest.raises(InputError, match=r"a\.safetensors"):
        ClipStore(store_folder).read("a")
    (store_folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="not a manifest"):
        ClipStore(store_folder)
    with pytest.raises(InputError):
        read_clip(tmp_path / "none.safetensors")


def test_unequal_or_float_frames_are_refused(tmp_path: Path):
    clip = random_clip(0)
    with pytest.raises(ValueError, match="shape"):
        write_clip(tmp_path / "a.safetensors", ClipFrames(clip.true, clip.baseline[:3]))
    with pytest.raises(ValueError, match="uint8"):
        write_clip(tmp_path / "a.safetensors", ClipFrames(clip.true / 255.0, clip.baseline / 255.0))
    assert not list(tmp_path.iterdir())


def test_unknown_split_is_refused(store_folder: Path):
    with pytest.raises(ValueError, match="validation"):
        ClipStore(store_folder).names("validation")


def test_too_few_clips_for_a_split_are_told_with_what_to_do(tmp_path):
    prepare(rendered_clips(2, frames=2), tmp_path / "two")
    two = ClipStore(tmp_path / "two")
    two.require("train")
    with pytest.raises(InputError, match=r"too few clips \(2\) to leave any for dev and test: prepare at least 3"):
        two.require("train", "dev", "test")
    prepare(rendered_clips(3, frames=2), tmp_path / "three")
    ClipStore(tmp_path / "three").require("train", "dev", "test")
