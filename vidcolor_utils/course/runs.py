"""The finished runs of the report's networks: finding, naming and loading them, and the clips kept of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from vidcolor_utils.course.config import ReportTrainConfig, build_model
from vidcolor_utils.course.training import WEIGHTS, RunRecord, colorizer_of
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.training.run_folder import RECORD


def load_model(folder: Path, config: ReportTrainConfig) -> keras.Model:
    """Build the network of a run and load its final weights."""
    model = build_model(dataclasses.replace(config, encoder_weights=None))  # the file has the encoder's, too
    model.load_weights(folder / WEIGHTS)
    return model


def finished_runs(runs_dir: str | Path) -> dict[str, Path]:
    """List the finished full runs of a folder: name to folder, see `full_name`.

    Raises:
        InputError: if there is none, or two have one name.
    """
    found = sorted(path.parent for path in Path(runs_dir).glob(f"*/{RECORD}"))
    if not found:
        raise InputError(f"{runs_dir}: no finished run: run `make train-full` first")
    named: dict[str, Path] = {}
    for folder in found:
        name = full_name(_config_of(folder))
        if name in named:
            raise InputError(f"{folder}: is called {name}, as {named[name].name} is: move one of them away")
        named[name] = folder
    return named


def load_networks(runs_dir: str | Path) -> dict[str, Callable[..., np.ndarray]]:
    """Load the networks of the finished full runs, each as what colorizes a baseline clip; see `colorizer_of`."""
    networks = {}
    for name, folder in finished_runs(runs_dir).items():
        config = _config_of(folder)
        networks[name] = colorizer_of(load_model(folder, config), config)
    return networks


def run_record(folder: Path) -> RunRecord:
    """Read the record of a finished run."""
    return json.loads((folder / RECORD).read_text())


def _config_of(folder: Path) -> ReportTrainConfig:
    return ReportTrainConfig(**run_record(folder)["config"])


def full_name(config: ReportTrainConfig) -> str:
    """Name a full run as the report's figures do."""
    network = "AlexNet" if config.model == "alexnet" else "VGG16"
    random = " random" if config.model == "vgg16" and config.encoder_weights is None else ""
    output = f" {config.output}" if config.output != "rgb" else ""
    return f"{network}{random}{output}, beta {config.beta:g}"


def kept_clip(folder: str | Path, clip: str, row: str) -> Path:
    """Path of the video that `record_full_runs` keeps of a clip and a row ("true", "baseline", or a run)."""
    return Path(folder) / f"{clip}, {row}.mp4"
