"""The report's networks, trained several times at reduced scale and what came of it on record.

The claims of the report (sections 4.1, 5 and 6) are comparisons, and one run each proves none of them: how much
two runs differ by their seeds alone has to stand beside.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from records.resuming import resumed
from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.measures import (
    MeasuredClip,
    MeasuredRow,
    frame_errors,
    frame_speeds,
    load_clips,
    measure_network,
    measure_references,
)
from vidcolor_utils.course.runs import load_model
from vidcolor_utils.course.training import colorizer_of, train_report_model
from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256, write_json
from vidcolor_utils.system.progress import Say, unsaid

SEEDS = 3
FRAMES = 60  # of a clip; as long are outputs fed back

MIXED_CHROMA = {"model": "vgg16", "output": "chroma", "learning_rate": 5e-4}
# Changes of the reduced scale, by name. Those from "no current" to "average" are about the input, so the smaller
# network serves.
VARIANTS: dict[str, dict[str, Any]] = {
    "AlexNet, beta 0.8": {},
    "AlexNet, beta 1": {"beta": 1.0},
    "VGG16, beta 0.8": {"model": "vgg16"},
    "VGG16, beta 1": {"model": "vgg16", "beta": 1.0},
    "VGG16 random, beta 0.8": {"model": "vgg16", "encoder_weights": None},
    "no current colorization": {"gray_current": True},
    "window 2": {"window": 2},
    "window 4": {"window": 4},
    "running average": {"window": 8, "average": True},
    "mixed chroma": MIXED_CHROMA | {"flicker": 4.0},
    "mixed chroma, trained without flicker": MIXED_CHROMA,
}
REDUCED = ReportTrainConfig(
    model="alexnet",
    beta=0.8,
    epochs=10,
    epoch_runs=64,
    run_length=2,
    batch_clips=4,
    width=0.25,
    mixed_precision=True,
    sample_every=0,
)


class ClipSpeed(TypedDict):
    """How fast each frame of a clip moves, and how wrong the baseline is on it."""

    speed: list[float]  # pixels a frame
    error: list[float]  # squared 8-bit units


class StudyRun(TypedDict):
    """One training."""

    encoder: NotRequired[str | None]  # where the VGG16's weights are from; not in the committed record
    history: list[dict[str, float]]
    open: MeasuredRow
    closed: NotRequired[MeasuredRow]  # for AlexNet and mixed chroma


class StudyRecord(TypedDict):
    """What `run_study` found."""

    settings: dict[str, Any]
    manifest: NotRequired[str]  # sha256 of that of the clips
    runs: dict[str, list[StudyRun]]  # variant to its runs, one a seed
    references: NotRequired[dict[str, MeasuredRow]]  # what the networks are compared with
    speed: NotRequired[dict[str, ClipSpeed]]  # of every clip


def run_study(
    data_dir: str | Path,
    runs_dir: str | Path,
    output: str | Path,
    *,
    variants: dict[str, dict[str, Any]] = VARIANTS,
    scale: ReportTrainConfig = REDUCED,
    seeds: int = SEEDS,
    frames: int = FRAMES,
    say: Say = unsaid,
) -> StudyRecord:
    """Train every variant with every seed, measure each on the dev clips, and record it.

    Called again, runs that are finished and measured are passed over, and one that was stopped goes on.

    Args:
        data_dir: folder of prepared clips.
        runs_dir: a folder for each run goes here.
        output: JSON file to write; complete after every run.
        variants: names and what each changes of `scale`.
        scale: the configuration that all share.
        seeds: runs of each variant.
        frames: of each clip, to measure; shorter clips are left out.
        say: called with a line on each step.

    Raises:
        InputError: if `output` holds another study, or one of other clips, or no dev clip is long enough.
    """
    store, output = ClipStore(data_dir), Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "scale": dataclasses.asdict(scale),
        "frames": frames,
        "train_clips": len(store.names("train")),
        "dev_clips": store.names("dev"),
    }
    later = {"manifest": file_sha256(store.folder / MANIFEST)}  # the committed record is older than this
    record: StudyRecord = resumed(output, {"settings": settings}, {"runs": {}}, later=later)
    clips = long_clips(store, store.names("dev"), frames)
    if "references" not in record:
        record["references"], record["speed"] = measure_references(clips), _speed_and_error(store, frames)
    for name, changes in variants.items():
        measured = record["runs"].setdefault(name, [])
        for seed in range(len(measured), seeds):
            say(f"{name}, seed {seed}")
            config = dataclasses.replace(scale, seed=seed, **changes)
            measured.append(_trained_and_measured(data_dir, Path(runs_dir) / f"{name}, {seed}", config, clips))
            write_json(output, record, indent=None)
    return record


def long_clips(store: ClipStore, names: Sequence[str], frames: int) -> list[MeasuredClip]:
    """Load the clips that have so many frames; `InputError` if there is none."""
    clips = load_clips(store, names, frames)
    if not clips:
        raise InputError(f"{store.folder}: none of {len(names)} clips has {frames} frames: prepare longer ones")
    return clips


def _trained_and_measured(
    data_dir: str | Path, folder: Path, config: ReportTrainConfig, clips: Sequence[MeasuredClip]
) -> StudyRun:
    record = train_report_model(data_dir, folder, config, scored=(), verbose=0)
    model = load_model(folder, config)
    # Claims on feeding back are tested on the network that is quick to run.
    closed = config.model == "alexnet" or config.output == "chroma"
    measures = measure_network(clips, colorizer_of(model, config), closed=closed)
    run: StudyRun = {"encoder": record["encoder"], "history": record["history"], "open": measures["open"]}
    return {**run, "closed": measures["closed"]} if closed else run


def _speed_and_error(store: ClipStore, frames: int) -> dict[str, ClipSpeed]:
    """How fast each frame of every clip moves, and how wrong the baseline is on it."""
    names = [name for split in ("train", "dev", "test") for name in store.names(split)]
    return {
        clip.name: {
            "speed": frame_speeds(clip.motions).round(3).tolist(),
            "error": frame_errors(clip.true, clip.baseline)[1:].astype(float).round(2).tolist(),
        }
        for clip in load_clips(store, names, frames)
    }
