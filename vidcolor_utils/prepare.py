"""From clips to examples for the report's networks (its section 3).

Each clip: constant frame rate, 256x256 with black bars where the shape differs, gray, colorized frame by frame,
centre crop of 128x128, stored once. Clips are then shuffled and split 80/10/10, by clip.

Preparation can be interrupted at any moment and goes on where it was: clips are written one by one, each file
appears complete or not at all, and the manifest, written last, depends on nothing but the clips and settings.
So it may also be spread over any number of processes and machines, which may fail.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.checksum import file_sha256
from vidcolor_utils.clip_sources import Clip, Origin
from vidcolor_utils.clip_store import (
    CLIPS_FOLDER,
    MANIFEST,
    SUFFIX,
    ClipFrames,
    clip_path,
    read_clip,
    write_clip,
)
from vidcolor_utils.cluster import Spread
from vidcolor_utils.colorizer import colorize_frames, kept_colorizer
from vidcolor_utils.errors import InputError, VidcolorError
from vidcolor_utils.output import write_json

WORKING_SIZE = (256, 256)
CROP = 128
MIN_FRAMES = 2  # a clip needs a frame with a predecessor
DEV_SHARE = TEST_SHARE = 0.1
PLAN = "plan.json"
REPORT_FRAME_BYTES = 3 * 256 * 256 * 3  # the authors stored previous, current and true at 256x256, uint8

log = logging.getLogger(__name__)

Colorize = Callable[[np.ndarray], np.ndarray]


def baseline_colorizer(method: str) -> Colorize:
    """Make the baseline: each frame by itself.

    Args:
        method: name of a colorizer, see `colorizer.load_colorizer`.

    Returns:
        A function from gray (T, H, W) uint8 to RGB (T, H, W, 3) uint8. It can be sent to other processes; each
        loads the network when it first needs it.
    """
    return partial(_colorize_with, method)


def _colorize_with(method: str, gray: np.ndarray) -> np.ndarray:
    return colorize_frames(gray, kept_colorizer(method))


def prepare_clips(
    clips: Sequence[Clip],
    out_dir: str | Path,
    *,
    colorize_frames: Colorize,
    baseline_name: str,
    crop: int | None = CROP,
    seed: int = 0,
    spread: Spread = map,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict:
    """Prepare clips for training, or go on with an interrupted preparation.

    A clip that cannot be read is skipped, and named in the manifest with the reason.

    Args:
        clips: from the functions of `clip_sources`, of one or of several.
        out_dir: folder to write; made if missing.
        colorize_frames: the baseline, from gray (T, H, W) uint8 to RGB (T, H, W, 3) uint8.
        baseline_name: what `colorize_frames` is, for the manifest.
        crop: side of the centre crop. None shrinks the whole frame to `CROP` instead, black bars included:
            what the authors first did, and what made their models predict black.
        seed: decides the split.
        spread: calls a function with each clip, as `map`, or in several processes, see `cluster.spread_over`.
            The manifest is the same.
        progress: called when a clip's turn comes, with its number from 0, the count of clips, and its name.

    Returns:
        The manifest, as written to `manifest.json`.

    Raises:
        InputError: if the folder holds a preparation with other settings, or no clip can be read.
    """
    out_dir = Path(out_dir)
    _check_names(clips)
    plan = _plan(clips, baseline_name, crop, seed)
    _start_or_resume(out_dir, plan)
    prepare = partial(_prepare_clip, out_dir=out_dir.absolute(), colorize_frames=colorize_frames, crop=crop)
    kept, skipped = {}, {}
    for name, outcome in spread(prepare, _announced(clips, progress)):
        if isinstance(outcome, str):
            log.warning("skipped %s: %s", name, outcome)
            skipped[name] = {"name": name, "origin": plan["sources"][name], "reason": outcome}
        else:
            kept[name] = outcome
    if not kept:
        first = skipped[clips[0].name]["reason"]
        raise InputError(f"none of the {len(clips)} clips can be used; the first: {first}")
    _remove_leftovers(out_dir)
    manifest = _manifest(plan, kept, skipped, seed)
    write_json(out_dir / MANIFEST, manifest, indent=1, sort_keys=True)
    return manifest


def _announced(clips: Sequence[Clip], progress: Callable[[int, int, str], None] | None) -> Iterator[Clip]:
    for number, clip in enumerate(clips):
        if progress is not None:
            progress(number, len(clips), clip.name)
        yield clip


def _check_names(clips: Sequence[Clip]) -> None:
    names = [clip.name for clip in clips]
    if not names:
        raise InputError("no clips to prepare")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two clips are named {twice}: rename one of the files")


def _plan(clips: Sequence[Clip], baseline_name: str, crop: int | None, seed: int) -> dict:
    """All that decides the output."""
    return {
        "settings": {"baseline": baseline_name, "size": list(WORKING_SIZE), "crop": crop, "seed": seed},
        "sources": {clip.name: clip.origin for clip in clips},
    }


def _start_or_resume(out_dir: Path, plan: dict) -> None:
    (out_dir / CLIPS_FOLDER).mkdir(parents=True, exist_ok=True)
    path = out_dir / PLAN
    if path.exists() and json.loads(path.read_text()) != plan:
        raise InputError(f"{out_dir}: holds clips prepared from other sources or settings: name another folder")
    write_json(path, plan, indent=1, sort_keys=True)
    _remove_leftovers(out_dir)


def _remove_leftovers(out_dir: Path) -> None:
    """Remove what killed processes were writing; nobody must be writing now."""
    for leftover in (out_dir / CLIPS_FOLDER).glob(f".*.part-*{SUFFIX}"):
        leftover.unlink()


def _prepare_clip(
    clip: Clip, out_dir: Path, colorize_frames: Colorize, crop: int | None
) -> tuple[str, dict | str]:
    """Write a clip's file unless it is there.

    Returns:
        The clip's name; and what the manifest says of it, or why it cannot be made.
    """
    path = clip_path(out_dir, clip.name)
    reason = None if path.exists() else _write_clip(clip, path, colorize_frames, crop)
    return clip.name, reason or _clip_facts(path, clip.origin)


def _write_clip(clip: Clip, path: Path, colorize_frames: Colorize, crop: int | None) -> str | None:
    """Write a clip's file; returns why not, if it cannot be made."""
    try:
        true = np.stack([fit_frame(frame, WORKING_SIZE) for frame in clip.frames()] or [np.empty(0)])
    except (VidcolorError, OSError) as error:
        return _without_path(error)
    if len(true) < MIN_FRAMES:
        return f"fewer than {MIN_FRAMES} frames"
    baseline = colorize_frames(gray_clip(true))
    if baseline.shape != true.shape or baseline.dtype != np.uint8:
        raise ValueError(
            f"`colorize_frames` must return uint8 of shape {true.shape}. "
            f"Received: {baseline.dtype} of shape {baseline.shape}"
        )
    write_clip(path, ClipFrames(_cropped(true, crop), _cropped(baseline, crop)))
    return None


def _without_path(error: Exception) -> str:
    """The message without the file it begins with, so that manifests are equal on every machine."""
    return str(error).rpartition(": ")[2] or type(error).__name__


def fit_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a frame (H, W, 3) into `size` = (height, width), centred, black where its shape leaves room."""
    height, width = size
    scale = min(height / frame.shape[0], width / frame.shape[1])
    inner_height, inner_width = (max(1, round(side * scale)) for side in frame.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inner = cv2.resize(frame, (inner_width, inner_height), interpolation=interpolation)
    fitted = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    fitted[top : top + inner_height, left : left + inner_width] = inner
    return fitted


def gray_clip(clip: np.ndarray) -> np.ndarray:
    """Take the colour out of a clip (T, H, W, 3) uint8; returns (T, H, W) uint8."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip])


def _cropped(clip: np.ndarray, crop: int | None) -> np.ndarray:
    if crop is None:
        return np.stack([cv2.resize(frame, (CROP, CROP), interpolation=cv2.INTER_AREA) for frame in clip])
    top, left = (clip.shape[1] - crop) // 2, (clip.shape[2] - crop) // 2
    return clip[:, top : top + crop, left : left + crop]


def split_names(names: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Shuffle clips and split them 80/10/10 into train, dev and test.

    From three clips up, dev and test have at least one each.
    """
    shuffled = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    least = 1 if len(names) >= 3 else 0
    dev, test = (max(least, round(len(names) * share)) for share in (DEV_SHARE, TEST_SHARE))
    train = len(names) - dev - test
    parts = {"train": shuffled[:train], "dev": shuffled[train : train + dev], "test": shuffled[train + dev :]}
    return {split: sorted(part) for split, part in parts.items()}


def _manifest(plan: dict, clips: dict[str, dict], skipped: dict[str, dict], seed: int) -> dict:
    split = split_names(sorted(clips), seed)
    frames = sum(facts["frames"] for facts in clips.values())
    counts = {"clips": len(clips), "frames": frames, "skipped": len(skipped)}
    return {
        "settings": plan["settings"],
        "counts": counts | {name: len(part) for name, part in split.items()},
        "bytes": sum(facts["bytes"] for facts in clips.values()),
        "report_bytes": frames * REPORT_FRAME_BYTES,
        "split": split,
        "clips": clips,
        "skipped": [skipped[name] for name in sorted(skipped)],
    }


def _clip_facts(path: Path, origin: Origin) -> dict:
    return {
        "origin": origin,
        "frames": len(read_clip(path).true),
        "bytes": path.stat().st_size,
        "sha256": file_sha256(path),
    }
