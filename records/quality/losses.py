"""The small trainings behind 02_loss_design, three seeds each: beta, the two slips, the cures against black."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from PIL import Image

from records.resuming import resumed
from vidcolor_utils.course.apply import colorize_clip, frame_scores
from vidcolor_utils.course.config import ReportTrainConfig, build_model, compile_model, make_pairs
from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.prepare import CROP, prepare_clips
from vidcolor_utils.pairs.sources import Clip
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.pictures.color import rgb_from_gray
from vidcolor_utils.pictures.show import side_by_side
from vidcolor_utils.system.files import file_sha256, write_json
from vidcolor_utils.system.progress import Say, unsaid

SEEDS = 3
RECORD = "losses.json"
BASE = ReportTrainConfig(beta=0.8, epochs=4, clips=2, width=0.1, run_length=4, batch_clips=2, learning_rate=3e-3)
FRAMES, BARS = 12, 0.6  # of a letterboxed clip; share of its height that the bars cover
Changes = dict[str, Any]
PLAIN: dict[str, Changes] = {
    "beta 1": {"beta": 1.0},
    "beta 0.8": {},
    "beta 0.5": {"beta": 0.5},
    "beta 0.2": {"beta": 0.2},
    "beta 0": {"beta": 0.0},
    "second crop": {"second_crop": True},
    "shuffle": {"shuffle_frames": True},
    "both slips": {"second_crop": True, "shuffle_frames": True},
    "along the motion": {"motion_compensated": True},
}
BOXED: dict[str, Changes] = {
    "as published": {"as_published": True},
    "bounded output": {},
    "centre crop": {},  # its clips are cropped
    "masked loss": {"masked": True},
    "chroma": {"output": "chroma"},
}
PICTURES = {
    "beta": ("beta 1", "beta 0.8", "beta 0.5", "beta 0.2", "beta 0"),
    "slips": ("beta 0.8", "second crop", "shuffle", "both slips"),
    "cures": tuple(BOXED),
}


def record_losses(
    data_dir: str | Path,
    work_dir: str | Path,
    output: str | Path,
    *,
    base: ReportTrainConfig = BASE,
    seeds: int = SEEDS,
    say: Say = unsaid,
) -> dict[str, Any]:
    """Train every variant with every seed, score it; the same call goes on where it was stopped.

    Args:
        data_dir: the default clips, as 00_data_prep prepares them.
        work_dir: folder for letterboxed clips and frames.
        output: folder to write: `losses.json`, and pictures of the first seed.
        base: what every training has, unless its variant changes it.
        seeds: runs of each variant.
        say: called with a line on each training.

    Returns:
        The record; its `runs` are variant to the scores of each seed, errors in squared 8-bit units.

    Raises:
        InputError: if `output` holds trainings with another `base`, or on other clips.
    """
    work, path = Path(work_dir), Path(output) / RECORD
    work.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    store = ClipStore(data_dir)
    settings = {
        "config": dataclasses.asdict(base),
        "frames": FRAMES,
        "bars": BARS,
        "clips": {split: store.names(split) for split in ("train", "dev")},
    }
    later = {"manifest": file_sha256(store.folder / MANIFEST)}  # the committed record is older than this
    record: dict[str, Any] = resumed(path, settings, {"runs": {}}, later=later)
    boxed = boxed_stores(work)
    record["true_change"] = _mean([frame_scores(clip, clip) for clip in _true_clips(store)])["change"]
    for seed in range(seeds):
        for name, changes in (PLAIN | BOXED).items():
            runs = record["runs"].setdefault(name, [])
            if len(runs) > seed:
                continue
            kind = "cropped" if name == "centre crop" else "whole"
            chosen = boxed[kind] if name in BOXED else store
            colored = _train(chosen, dataclasses.replace(base, seed=seed, **changes))
            runs.append(_boxed_scores(boxed[kind], kind, colored) if name in BOXED else _scores(store, colored))
            if seed == 0:
                np.save(work / f"{name}.npy", colored[0][len(colored[0]) // 2])
            write_json(path, record)
            say(f"seed {seed}, {name}: " + ", ".join(f"{key} {value:.1f}" for key, value in runs[-1].items()))
    _write_pictures(store, boxed["whole"], work, path.parent)
    return record


def boxed_stores(work: Path) -> dict[str, ClipStore]:
    """Letterboxed clips, "whole" with their bars or "cropped" to the centre; their baseline is gray."""
    clips = [
        Clip(
            f"boxed-{scene}",
            {"scene": scene, "frames": FRAMES, "bars": BARS},
            partial(render_clip, scene, frames=FRAMES, bars=BARS),
        )
        for scene in range((BASE.clips or 0) + 2)
    ]
    for kind, crop in (("whole", None), ("cropped", CROP)):
        prepare_clips(clips, work / kind, baseline=rgb_from_gray, baseline_name="gray", crop=crop)
    return {kind: ClipStore(work / kind) for kind in ("whole", "cropped")}


def _true_clips(store: ClipStore) -> list[np.ndarray]:
    return [store.read(name).true for name in store.names("dev")]


def _train(store: ClipStore, config: ReportTrainConfig) -> list[np.ndarray]:
    """Train, and colorize the dev clips (T, H, W, 3) uint8."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    batches = make_pairs(config, store, "train")
    steps = config.epochs * len(batches)
    model = build_model(config, steps=steps)
    compile_model(model, config, steps=steps)
    model.fit(batches, epochs=config.epochs, shuffle=False, verbose=0)
    return [
        colorize_clip(model, store.read(name).baseline, value_range=config.value_range)
        for name in store.names("dev")
    ]


def _scores(store: ClipStore, colored: list[np.ndarray]) -> dict[str, float]:
    rows = []
    for true, clip in zip(_true_clips(store), colored, strict=True):
        quadrant = (clip[:, 64:, 64:].astype(np.float32) - true[:, 64:, 64:]) ** 2
        scores = frame_scores(true, clip)
        rows.append({"mse": scores["mse"], "change": scores["change"], "mse_quadrant": float(quadrant.mean())})
    return _mean(rows)


def _boxed_scores(store: ClipStore, kind: str, colored: list[np.ndarray]) -> dict[str, float]:
    """Brightness over the truth's, and errors, inside the picture and on the same pixels for all."""
    rows = []
    for true, clip in zip(_true_clips(store), colored, strict=True):
        real, made = _same_pixels(kind, true), _same_pixels(kind, clip)
        lit = np.flatnonzero(real.mean(axis=(0, 2, 3)) > 10)
        inside = (slice(None), slice(lit[0], lit[-1] + 1))
        rows.append(
            {
                "brightness": float(made[inside].mean() / real[inside].mean()),
                "mse": float(((made[inside] - real[inside]) ** 2).mean()),
                "mse_of_black": float((real[inside] ** 2).mean()),
            }
        )
    return _mean(rows)


def _same_pixels(kind: str, clip: np.ndarray) -> np.ndarray:
    """The middle of the frame at one scale, (T, 64, 64, 3): the crop has it twice as large."""
    if kind == "whole":
        return clip[:, 32:96, 32:96].astype(np.float32)
    return np.stack([cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA) for frame in clip]).astype(
        np.float32
    )


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def _write_pictures(store: ClipStore, boxed: ClipStore, work: Path, folder: Path) -> None:
    """For each lesson the middle frame of the first dev clip: true, and what the first seed made of it.

    A picture stays as it is where `work` lacks a frame of it: the trainings were done in another folder.
    """
    for picture, names in PICTURES.items():
        if not all((work / f"{name}.npy").exists() for name in names):
            continue
        true = _true_clips(boxed if picture == "cures" else store)[0]
        frames = {"true": true[len(true) // 2]} | {name: np.load(work / f"{name}.npy") for name in names}
        Image.fromarray(side_by_side(frames)).save(folder / f"{picture}.png")
