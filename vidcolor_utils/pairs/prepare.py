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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import as_predicted
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.colorizers.stills import colorize_frames
from vidcolor_utils.pairs.defaults import BASELINES
from vidcolor_utils.pairs.manifest import MANIFEST, ClipFacts, Manifest, Origin, Settings, SkippedClip
from vidcolor_utils.pairs.sources import Clip
from vidcolor_utils.pairs.store import (
    CLIPS_FOLDER,
    LEAST_CLIPS,
    SUFFIX,
    ClipFrames,
    clip_path,
    read_clip,
    write_clip,
)
from vidcolor_utils.pictures.color import gray_clip
from vidcolor_utils.pictures.sizes import fit_frame, middle_square
from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.files import alone, file_sha256, write_json, writing
from vidcolor_utils.system.options import OneOf, Within, check_option
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.spread import HERE, Spread

WORKING_SIZE = (256, 256)
CROP = 128
MIN_FRAMES = 2  # a clip needs a frame with a predecessor
DEV_SHARE = TEST_SHARE = 0.1
PLAN = "plan.json"
LOCK = ".lock"  # there while a preparation is at work
REPORT_FRAME_BYTES = 3 * 256 * 256 * 3  # the authors stored previous, current and true at 256x256, uint8

log = logging.getLogger(__name__)

Baseline = Callable[[np.ndarray], np.ndarray]


class Plan(TypedDict):
    """All that decides the output; `plan.json`."""

    settings: Settings
    sources: dict[str, Origin]  # by the names of clips


NETWORKS = {"light": ("frame", "fast"), "frame": ("frame", "fine"), "zhang": ("zhang",)}  # for `load_colorizer`


def baseline_colorizer(name: str) -> Baseline:
    """Make the baseline: each frame by itself, its chroma as the network predicts it.

    Args:
        name: "light", the light one of the networks that ship, which sees detail and does not know things, so that
            it leaves something to learn; "frame", with the one that does; "zhang", the report's.

    Returns:
        A function from gray (T, H, W) uint8 to RGB (T, H, W, 3) uint8. It can be sent to other processes; each
        loads the network when it first needs it.

    Raises:
        OptionError: if there is no such baseline.
    """
    check_option("baseline", name, OneOf(BASELINES))
    return partial(_colorize_with, NETWORKS[name])


def _colorize_with(network: tuple[str, ...], gray: np.ndarray) -> np.ndarray:
    return colorize_frames(gray, as_predicted(shared_colorizer(*network)))


def prepare_clips(
    clips: Sequence[Clip],
    out_dir: str | Path,
    *,
    baseline: Baseline,
    baseline_name: str,
    crop: int | None = CROP,
    seed: int = 0,
    spread: Spread = HERE,
    progress: Progress = silent,
) -> Manifest:
    """Prepare clips for training, or go on with an interrupted preparation.

    A clip that cannot be read is skipped, and named in the manifest with the reason.

    Args:
        clips: from the functions of `sources`, of one or of several.
        out_dir: folder to write; made if missing.
        baseline: from gray (T, H, W) uint8 to RGB (T, H, W, 3) uint8.
        baseline_name: what `baseline` is, for the manifest.
        crop: side of the centre crop, at most 256. None shrinks the whole frame to `CROP` instead, black bars
            included: what the authors first did, and what made their models predict black.
        seed: decides the split; 0 or more.
        spread: calls a function with each clip, as `map`, or in several processes, see `spread.spread_over`.
            The manifest is the same.
        progress: called after every clip.

    Returns:
        The manifest, as written to `manifest.json`.

    Raises:
        OptionError: if `crop` or `seed` is not allowed.
        InputError: if the folder holds a preparation with other settings, or no clip can be read.
        BusyError: if another preparation is at work there.
        OutputError: if it cannot be written to.
    """
    out_dir, seed = Path(out_dir), check_option("seed", seed, Within(0, whole=True))
    if crop is not None:
        crop = check_option("crop", crop, Within(1, min(WORKING_SIZE), whole=True))
    _check_names(clips)
    with writing(out_dir):
        (out_dir / CLIPS_FOLDER).mkdir(parents=True, exist_ok=True)
    plan = _plan(clips, baseline_name, crop, seed)
    prepare = partial(_prepare_clip, out_dir=out_dir.absolute(), baseline=baseline, crop=crop)
    with alone(out_dir / LOCK, shown=out_dir):
        _start_or_resume(out_dir, plan)
        manifest = _manifest(plan, *_outcomes(spread(prepare, clips), plan, progress))
        _remove_leftovers(out_dir)
        write_json(out_dir / MANIFEST, manifest, indent=1, sort_keys=True)
    return manifest


def _outcomes(
    outcomes: Iterable[tuple[str, ClipFacts | str]], plan: Plan, progress: Progress
) -> tuple[dict[str, ClipFacts], dict[str, SkippedClip]]:
    """Sort what became of the clips into those that were kept and those that were skipped."""
    total = len(plan["sources"])
    kept: dict[str, ClipFacts] = {}
    skipped: dict[str, SkippedClip] = {}
    for done, (name, outcome) in enumerate(outcomes, start=1):
        if isinstance(outcome, str):
            log.warning("skipped %s: %s", name, outcome)
            skipped[name] = {"name": name, "origin": plan["sources"][name], "reason": outcome}
        else:
            kept[name] = outcome
        progress(done, total)
    if not kept:
        first = skipped[next(iter(plan["sources"]))]["reason"]
        raise InputError(f"none of the {total} clips can be used; the first: {first}")
    return kept, skipped


def _check_names(clips: Sequence[Clip]) -> None:
    names = [clip.name for clip in clips]
    if not names:
        raise InputError("no clips to prepare")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two clips are named {twice}: rename one of the files")


def _plan(clips: Sequence[Clip], baseline_name: str, crop: int | None, seed: int) -> Plan:
    return {
        "settings": {"baseline": baseline_name, "size": list(WORKING_SIZE), "crop": crop, "seed": seed},
        "sources": {clip.name: clip.origin for clip in clips},
    }


def _start_or_resume(out_dir: Path, plan: Plan) -> None:
    path = out_dir / PLAN
    if path.exists() and json.loads(path.read_text()) != plan:
        raise InputError(f"{out_dir}: holds clips prepared from other sources or settings: name another folder")
    write_json(path, plan, indent=1, sort_keys=True)
    _remove_leftovers(out_dir)


def _remove_leftovers(out_dir: Path) -> None:
    """Remove what killed processes were writing; nobody must be writing now."""
    for leftover in (out_dir / CLIPS_FOLDER).glob(f".*.part-*{SUFFIX}"):
        leftover.unlink()


def _prepare_clip(clip: Clip, out_dir: Path, baseline: Baseline, crop: int | None) -> tuple[str, ClipFacts | str]:
    """Write a clip's file unless it is there; one that cannot be read is made anew.

    Returns:
        The clip's name; and what the manifest says of it, or why it cannot be made.
    """
    path = clip_path(out_dir, clip.name)
    if path.exists():
        with suppress(InputError):
            return clip.name, _clip_facts(path, clip.origin)
    reason = _write_clip(clip, path, baseline, crop)
    return clip.name, reason or _clip_facts(path, clip.origin)


def _write_clip(clip: Clip, path: Path, baseline: Baseline, crop: int | None) -> str | None:
    """Write a clip's file; returns why not, if it cannot be made."""
    try:
        true = np.stack([fit_frame(frame, WORKING_SIZE) for frame in clip.frames()] or [np.empty(0)])
    except (VidcolorError, OSError) as error:
        return _without_path(error)
    if len(true) < MIN_FRAMES:
        return f"fewer than {MIN_FRAMES} frames"
    colored = baseline(gray_clip(true))
    if colored.shape != true.shape or colored.dtype != np.uint8:
        raise ValueError(
            f"`baseline` must return uint8 of shape {true.shape}. "
            f"Received: {colored.dtype} of shape {colored.shape}"
        )
    write_clip(path, ClipFrames(_cropped(true, crop), _cropped(colored, crop)))
    return None


def _without_path(error: Exception) -> str:
    """The message without the file it begins with, so that manifests are equal on every machine."""
    text = error.strerror if isinstance(error, OSError) else str(error).partition(": ")[2]
    return text or str(error) or type(error).__name__


def _cropped(clip: np.ndarray, crop: int | None) -> np.ndarray:
    if crop is None:
        return np.stack([cv2.resize(frame, (CROP, CROP), interpolation=cv2.INTER_AREA) for frame in clip])
    return clip[:, *middle_square(clip.shape[1:], crop)]


def split_names(names: Sequence[str], seed: int) -> dict[str, list[str]]:
    """Shuffle clips and split them 80/10/10 into train, dev and test.

    From `LEAST_CLIPS` up, dev and test have at least one each.
    """
    shuffled = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    least = 1 if len(names) >= LEAST_CLIPS else 0
    dev, test = (max(least, round(len(names) * share)) for share in (DEV_SHARE, TEST_SHARE))
    train = len(names) - dev - test
    parts = {"train": shuffled[:train], "dev": shuffled[train : train + dev], "test": shuffled[train + dev :]}
    return {split: sorted(part) for split, part in parts.items()}


def _manifest(plan: Plan, clips: dict[str, ClipFacts], skipped: dict[str, SkippedClip]) -> Manifest:
    split = split_names(sorted(clips), plan["settings"]["seed"])
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


def _clip_facts(path: Path, origin: Origin) -> ClipFacts:
    return {
        "origin": origin,
        "frames": len(read_clip(path).true),
        "bytes": path.stat().st_size,
        "sha256": file_sha256(path),
    }
