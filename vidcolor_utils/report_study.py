"""The report's networks, trained several times at reduced scale and once in full, and what came of it on record.

The claims of the report (sections 4.1, 5 and 6) are comparisons, and one run each proves none of them: how much
two runs differ by their seeds alone has to stand beside.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from vidcolor_utils.clip_store import ClipStore
from vidcolor_utils.errors import InputError
from vidcolor_utils.output import finished_file, write_json
from vidcolor_utils.report_clips import colorize_clip
from vidcolor_utils.report_measures import (
    MeasuredClip,
    frame_errors,
    frame_speeds,
    load_clips,
    measure_network,
    measure_references,
)
from vidcolor_utils.report_training import (
    RECORD,
    WEIGHTS,
    ReportTrainConfig,
    build_model,
    train_report_model,
)
from vidcolor_utils.video_writer import VideoWriter

SEEDS = 3
FULL = "full.json"
FRAMES = 60  # of a clip; as long are outputs fed back
SHOWN_RATE = Fraction(15)  # frames a second of the clips that are kept to be shown

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

Say = Callable[[str], None]


def run_study(
    data_dir: str | Path,
    runs_dir: str | Path,
    output: str | Path,
    *,
    variants: dict[str, dict[str, Any]] = VARIANTS,
    scale: ReportTrainConfig = REDUCED,
    seeds: int = SEEDS,
    frames: int = FRAMES,
    say: Say = lambda line: None,
) -> dict:
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

    Returns:
        `settings`; `references` and `speed` of the clips, see `report_measures`; `runs`: variant to a list over
        seeds of `history` and the measures "open" and, for AlexNet and mixed chroma, "closed".

    Raises:
        InputError: if `output` holds another study, or no dev clip is long enough.
    """
    store, output = ClipStore(data_dir), Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "scale": dataclasses.asdict(scale),
        "frames": frames,
        "train_clips": len(store.names("train")),
        "dev_clips": store.names("dev"),
    }
    record = _earlier(output, settings)
    clips = _long_clips(store, store.names("dev"), frames)
    if "references" not in record:
        record |= {"references": measure_references(clips), "speed": _speed_and_error(store, frames)}
    for name, changes in variants.items():
        measured = record["runs"].setdefault(name, [])
        for seed in range(len(measured), seeds):
            say(f"{name}, seed {seed}")
            config = dataclasses.replace(scale, seed=seed, **changes)
            measured.append(_trained_and_measured(data_dir, Path(runs_dir) / f"{name}, {seed}", config, clips))
            write_json(output, record, indent=None)
    return record


def _earlier(output: Path, settings: dict) -> dict:
    if not output.exists():
        return {"settings": settings, "runs": {}}
    record = json.loads(output.read_text())
    if record.get("settings") != settings:
        raise InputError(f"{output}: holds another study: name another file, or remove it")
    return record


def _long_clips(store: ClipStore, names: Sequence[str], frames: int) -> list[MeasuredClip]:
    clips = load_clips(store, names, frames)
    if not clips:
        raise InputError(f"{store.folder}: none of {len(names)} clips has {frames} frames: prepare longer ones")
    return clips


def _trained_and_measured(
    data_dir: str | Path, folder: Path, config: ReportTrainConfig, clips: Sequence[MeasuredClip]
) -> dict:
    record = train_report_model(data_dir, folder, config, scored=(), verbose=0)
    model = _load_model(folder, config)
    # Claims on feeding back are tested on the network that is quick to run.
    closed = config.model == "alexnet" or config.output == "chroma"
    return {"history": record["history"], **measure_network(clips, colorizer_of(model, config), closed=closed)}


def _load_model(folder: Path, config: ReportTrainConfig) -> keras.Model:
    model = build_model(dataclasses.replace(config, encoder_weights=None))  # the file has the encoder's, too
    model.load_weights(folder / WEIGHTS)
    return model


def colorizer_of(model: keras.Model, config: ReportTrainConfig) -> Callable[..., np.ndarray]:
    """Make what colorizes a baseline clip with a trained network; it takes `feed_back`."""
    return partial(colorize_clip, model, value_range=config.value_range, **config.inputs)


def _speed_and_error(store: ClipStore, frames: int) -> dict[str, dict[str, list[float]]]:
    """How fast each frame of every clip moves, and how wrong the baseline is on it."""
    names = [name for split in ("train", "dev", "test") for name in store.names(split)]
    return {
        clip.name: {
            "speed": frame_speeds(clip.motions).round(3).tolist(),
            "error": frame_errors(clip.true, clip.baseline)[1:].astype(float).round(2).tolist(),
        }
        for clip in load_clips(store, names, frames)
    }


def record_full_runs(
    data_dir: str | Path,
    runs_dir: str | Path,
    out_dir: str | Path,
    *,
    frames: int = FRAMES,
    shown: Sequence[str] = (),
    say: Say = lambda line: None,
) -> dict:
    """Measure the finished runs of a folder on dev and test clips, and keep what a page shows of them.

    Writes to `out_dir`: `full.json`, and for each clip in `shown` a video of the truth, of the baseline, and of
    each network. Called again, runs that it holds already are passed over.

    Args:
        data_dir: folder of prepared clips.
        runs_dir: folder of run folders, as the 03 notebooks leave them.
        out_dir: made if missing.
        frames: of each clip; shorter clips are left out.
        shown: names of clips to keep.
        say: called with a line on each step.

    Returns:
        `references` and `runs` by split, and each run's own record.

    Raises:
        InputError: if there is no finished run, or a clip is not there.
    """
    store, out_dir = ClipStore(data_dir), Path(out_dir)
    records, networks = finished_runs(runs_dir), load_networks(runs_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    splits = {split: _long_clips(store, store.names(split), frames) for split in ("dev", "test")}
    for name in shown:
        true, baseline = store.read(name, 0, frames)
        _keep_clip(out_dir, name, "true", true)
        _keep_clip(out_dir, name, "baseline", baseline)
    content: dict = {
        "frames": frames,
        "shown": list(shown),
        "references": {split: measure_references(clips) for split, clips in splits.items()},
    }
    earlier, runs = _measured_before(out_dir / FULL, content), {}
    for name, colorize in networks.items():
        say(name)
        record = json.loads((records[name] / RECORD).read_text())
        run = {key: record[key] for key in ("config", "encoder", "parameters", "scale", "history", "machine")}
        measured = earlier.get(name, {})
        if run.items() <= measured.items():
            runs[name] = measured
            continue
        measures = {split: measure_network(clips, colorize) for split, clips in splits.items()}
        runs[name] = run | measures
        for clip in shown:
            _keep_clip(out_dir, clip, name, colorize(store.read(clip, 0, frames).baseline))
        write_json(out_dir / FULL, content | {"runs": earlier | runs}, indent=None)
    write_json(out_dir / FULL, content | {"runs": runs}, indent=None)
    return content | {"runs": runs}


def _measured_before(path: Path, content: dict) -> dict[str, dict]:
    """Runs in an earlier record of the same clips."""
    earlier = json.loads(path.read_text()) if path.exists() else {}
    return earlier.get("runs", {}) if content.items() <= earlier.items() else {}


def finished_runs(runs_dir: str | Path) -> dict[str, Path]:
    """List the finished full runs of a folder: name to folder, see `full_name`.

    Raises:
        InputError: if there is none.
    """
    found = sorted(path.parent for path in Path(runs_dir).glob(f"*/{RECORD}"))
    if not found:
        raise InputError(f"{runs_dir}: no finished run: run `make train-full` first")
    return {full_name(_config_of(folder)): folder for folder in found}


def load_networks(runs_dir: str | Path) -> dict[str, Callable[..., np.ndarray]]:
    """Load the networks of the finished full runs, each as what colorizes a baseline clip; see `colorizer_of`."""
    networks = {}
    for name, folder in finished_runs(runs_dir).items():
        config = _config_of(folder)
        networks[name] = colorizer_of(_load_model(folder, config), config)
    return networks


def _config_of(folder: Path) -> ReportTrainConfig:
    return ReportTrainConfig(**json.loads((folder / RECORD).read_text())["config"])


def full_name(config: ReportTrainConfig) -> str:
    """Name a full run as the report's figures do."""
    network = "AlexNet" if config.model == "alexnet" else "VGG16"
    random = " random" if config.model == "vgg16" and config.encoder_weights is None else ""
    chroma = " chroma" if config.output == "chroma" else ""
    return f"{network}{random}{chroma}, beta {config.beta:g}"


def _keep_clip(folder: Path, clip: str, row: str, frames: np.ndarray) -> None:
    with (
        finished_file(kept_clip(folder, clip, row)) as part,
        VideoWriter(part, frames.shape[1:3], rate=SHOWN_RATE) as writer,
    ):
        for number, frame in enumerate(frames):
            writer.write_rgb(frame, number)


def kept_clip(folder: str | Path, clip: str, row: str) -> Path:
    """Path of the video that `record_full_runs` keeps of a clip and a row ("true", "baseline", or a run)."""
    return Path(folder) / f"{clip}, {row}.mp4"
