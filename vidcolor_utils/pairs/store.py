"""Prepared clips on disk: one file a clip with its true and its baseline frames, and a manifest over all.

A clip's file is in safetensors format with two uint8 tensors, `true` and `baseline`, each (T, H, W, 3). The
previous colorized frame of an example is an index into `baseline`, not a copy. Equal clips are equal bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vidcolor_utils.pairs.manifest import MANIFEST, Manifest
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256, finished_file

CLIPS_FOLDER = "clips"
SUFFIX = ".safetensors"
SPLITS = ("train", "dev", "test")
LEAST_CLIPS = 3  # of which each split has one


class ClipFrames(NamedTuple):
    """Frames of one clip, each (T, H, W, 3) uint8 RGB."""

    true: np.ndarray
    baseline: np.ndarray


class ClipStore:
    """A folder written by `prepare.prepare_clips`.

    Args:
        folder: the folder with `manifest.json`, which `manifest` holds.

    Raises:
        InputError: if the folder has no manifest, or an unfinished one.

    Example:
        >>> store = ClipStore("data/clips")
        >>> store.read(store.names("dev")[0], 0, 10).true.shape
        (10, 128, 128, 3)
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        try:
            self.manifest: Manifest = json.loads((self.folder / MANIFEST).read_text())
        except FileNotFoundError:
            raise InputError(f"{self.folder}: no {MANIFEST}: prepare the clips first (00_data_prep)") from None
        except ValueError:
            raise InputError(f"{self.folder / MANIFEST}: not a manifest of prepared clips") from None

    def names(self, split: str) -> list[str]:
        """Names of the clips of a split, "train", "dev" or "test", sorted; raises `ValueError` at another."""
        if split not in SPLITS:
            raise ValueError(f"`split` must be one of {SPLITS}. Received: {split!r}")
        return list(self.manifest["split"][split])

    def require(self, *splits: str) -> None:
        """Check that splits hold clips, as all do from `LEAST_CLIPS` up.

        Raises:
            InputError: if one is empty; says what to do.
        """
        empty = [split for split in splits if not self.names(split)]
        if empty:
            few = f"too few clips ({len(self.manifest['clips'])}) to leave any for {' and '.join(empty)}"
            raise InputError(
                f"{self.folder}: {few}: prepare at least {LEAST_CLIPS} in another folder (00_data_prep)"
            )

    def num_frames(self, name: str) -> int:
        """Length of a clip."""
        return self.manifest["clips"][name]["frames"]

    def read(self, name: str, start: int = 0, stop: int | None = None) -> ClipFrames:
        """Read frames `start` to `stop` (excluded) of a clip; only those are read from disk."""
        return read_clip(clip_path(self.folder, name), start, stop)

    def verify(self) -> None:
        """Compare every clip's file with the checksum in the manifest.

        Raises:
            InputError: naming the first file that is missing or differs.
        """
        for name, facts in self.manifest["clips"].items():
            path = clip_path(self.folder, name)
            if not path.exists() or file_sha256(path) != facts["sha256"]:
                raise InputError(
                    f"{path}: missing or changed: delete it and {MANIFEST}, and prepare the clips again"
                )


def clip_path(folder: Path, name: str) -> Path:
    """File of a clip."""
    return folder / CLIPS_FOLDER / f"{name}{SUFFIX}"


def write_clip(path: Path, clip: ClipFrames) -> None:
    """Write a clip's file; it appears complete or not at all.

    Raises:
        ValueError: if the two stacks of frames differ in shape or are not uint8 RGB.
    """
    if clip.true.shape != clip.baseline.shape or clip.true.ndim != 4 or clip.true.shape[-1] != 3:
        raise ValueError(
            "`true` and `baseline` must have one shape (T, H, W, 3). "
            f"Received: {clip.true.shape} and {clip.baseline.shape}"
        )
    if clip.true.dtype != np.uint8 or clip.baseline.dtype != np.uint8:
        raise ValueError(f"frames must be uint8. Received: {clip.true.dtype} and {clip.baseline.dtype}")
    tensors = {key: np.ascontiguousarray(frames) for key, frames in clip._asdict().items()}
    with finished_file(path) as part:
        save_file(tensors, part)


def read_clip(path: Path, start: int = 0, stop: int | None = None) -> ClipFrames:
    """Read frames `start` to `stop` (excluded) of a clip's file.

    Raises:
        InputError: if the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return ClipFrames(*(file.get_slice(key)[start:stop] for key in ClipFrames._fields))
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: not a prepared clip ({error})") from None
