"""The default training of the 03 notebooks with three seeds: what a reader may expect, and `train=False` shows."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from records.quality.full_runs import KEPT
from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.training import SAMPLES_FOLDER, train_report_model
from vidcolor_utils.system.files import write_json
from vidcolor_utils.system.progress import Say, unsaid

SEEDS = 3
RUNS = "runs.json"
SCORED = (*KEPT, "scores")  # of `RunRecord`
# What 03_train_alexnet and 03_train_vgg16 are to default to.
DEFAULT = ReportTrainConfig(
    beta=0.8,
    epochs=12,
    epoch_runs=64,
    run_length=2,
    batch_clips=4,
    output="cbcr",
    width=0.25,
    learning_rate=1e-3,
    sample_every=4,
)
NETWORKS = {
    "alexnet": DEFAULT,
    # A step of VGG16 takes four times as long as one of AlexNet.
    "vgg16": dataclasses.replace(DEFAULT, model="vgg16", epochs=8, sample_every=1, encoder_weights="hed"),
}


def record_first_runs(
    data_dir: str | Path,
    runs_dir: str | Path,
    output: str | Path,
    *,
    networks: dict[str, ReportTrainConfig] = NETWORKS,
    seeds: int = SEEDS,
    say: Say = unsaid,
) -> dict[str, list[dict[str, Any]]]:
    """Train the default runs; the same call goes on where it was stopped.

    Args:
        data_dir: the default clips, as 00_data_prep prepares them.
        runs_dir: folder of run folders.
        output: folder to write: for each network `runs.json` and the pictures of its first seed.
        networks: name to configuration.
        seeds: runs of each.
        say: called with a line on each run.

    Returns:
        Name to the records of its runs.
    """
    found = {}
    for name, config in networks.items():
        folders = [Path(runs_dir) / f"{name}-{seed}" for seed in range(seeds)]
        records = [
            train_report_model(data_dir, folder, dataclasses.replace(config, seed=seed), verbose=0)
            for seed, folder in enumerate(folders)
        ]
        found[name] = [{key: value for key, value in record.items() if key in SCORED} for record in records]
        for record in records:
            rows = record["scores"]["dev"]
            say(f"{name}: dev " + ", ".join(f"{row} {scores['mse']:.1f}" for row, scores in rows.items()))
        kept = Path(output) / name
        kept.mkdir(parents=True, exist_ok=True)
        write_json(kept / RUNS, {"runs": found[name]}, indent=None)
        for picture in sorted((folders[0] / SAMPLES_FOLDER).glob("epoch-*.png")):
            shutil.copy(picture, kept)
    return found
