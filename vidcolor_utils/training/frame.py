"""Train the frame colorizer on photographs: resumable, logged, one command.

In three stages, each going on with the last one's weights: the meaning alone, on tokens that were kept, which
takes a tenth of the time a view; the decoder, on an encoder that stays as ImageNet left it; and all of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
import torch

from vidcolor_utils.models.efficientnet_lite import LITE2, load_encoder_weights
from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
from vidcolor_utils.models.meaning import build_meaning
from vidcolor_utils.models.stored_weights import load_weights, save_weights
from vidcolor_utils.models.vit import load_vit
from vidcolor_utils.stills.photos import Photo, find_photos
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, write_json, write_sidecar
from vidcolor_utils.system.machine import machine
from vidcolor_utils.training.config import FrameTrainConfig
from vidcolor_utils.training.fit import CHECKPOINT, fit, load_averages
from vidcolor_utils.training.run_folder import RECORD, claim_run
from vidcolor_utils.training.torch_twin import TorchTwin
from vidcolor_utils.training.trainee import Trainee
from vidcolor_utils.training.views import Tokens, View, central_view, keep_views, random_view, torch_tokens
from vidcolor_utils.weights.shipped import VIT_WEIGHTS, shipped_weights_path

VIEWS = "views"


def train_frame_colorizer(
    images: Sequence[str | Path], val_images: Sequence[str | Path], out_dir: str | Path, config: FrameTrainConfig
) -> dict:
    """Train the frame colorizer, going on from the last checkpoint in `out_dir` if there is one.

    Args:
        images: folders or tars of colour photographs to train on; the first folder of a name is its kind.
        val_images: the same, to score on.
        out_dir: where the run lives: kept views, checkpoints (every few minutes), `history.csv`, `run.json`.
        config: the run's parameters.

    Returns:
        The run record, as written to `run.json`.

    Raises:
        FileNotFoundError: if a folder or tar is not there.
        InputError: if it holds no photograph, or `out_dir` holds a run with other parameters.
    """
    out_dir = Path(out_dir)
    photos, val_photos = find_photos(*images), find_photos(*val_images)
    counts = {"photos": len(photos), "val_photos": len(val_photos)}
    claim_run(out_dir, dataclasses.asdict(config) | counts)
    torch.manual_seed(config.seed)
    tokens = frozen_tokens()
    kept = out_dir / VIEWS
    val_views = keep_views(val_photos, kept / "val", lambda photo, _: central_view(photo), tokens)
    views = [
        keep_views(photos, kept / str(number), partial(_looked_at, config, number), tokens)
        for number in range(config.views)
    ]
    found = fit(new_trainee(config.start_from), config, views, val_views, out_dir)
    record = {"config": dataclasses.asdict(config), **counts, "machine": machine(), **found}
    write_json(out_dir / RECORD, record)
    return record


def _looked_at(config: FrameTrainConfig, number: int, photo: Photo, index: int) -> View:
    rng = np.random.default_rng((config.seed, number, index))
    return random_view(photo, rng, min_crop=config.min_crop, wear=config.wear)


def frozen_tokens() -> Tokens:
    """Open the frozen transformer that ships."""
    return torch_tokens(TorchTwin(load_vit(shipped_weights_path(VIT_WEIGHTS))).eval())


def new_trainee(start_from: str | Path | None = None) -> Trainee:
    """Make the two networks as twins in PyTorch: the encoder as ImageNet left it, or both as stored.

    Args:
        start_from: weights of the frame colorizer (.safetensors), with those of its meaning beside them.
    """
    meaning, frame = build_meaning(), build_frame_colorizer()
    if start_from is None:
        load_encoder_weights(frame, LITE2)
    else:
        for model, path in ((frame, Path(start_from)), (meaning, meaning_path(Path(start_from)))):
            load_weights(model, path)
    return Trainee(TorchTwin(meaning), TorchTwin(frame))


def export_weights(run_dir: str | Path, output: str | Path) -> dict[Path, str]:
    """Turn the checkpoint of a training run into weights for `FrameColorizer`.

    Writes four files, for Keras and for ONNX Runtime the frame colorizer and its meaning, and the sha256 of each
    beside it.

    Args:
        run_dir: the `out_dir` of `train_frame_colorizer`.
        output: the `.safetensors` file to write; the others are named after it.

    Returns:
        The sha256 of all files as hex, by their paths.

    Raises:
        InputError: if the folder holds no checkpoint, or `output` has another suffix.
    """
    run_dir, output = Path(run_dir), Path(output)
    if output.suffix != ".safetensors":
        raise InputError(f"{output}: name a file ending in .safetensors; the others are written beside it")
    if not (run_dir / CHECKPOINT).is_file():
        raise InputError(f"{run_dir}: no {CHECKPOINT}: not the folder of a training run")
    trainee = Trainee(*(TorchTwin(build()) for build in (build_meaning, build_frame_colorizer)))
    load_averages(trainee, run_dir)
    named = {"meaning": meaning_path(output), "frame": output}
    digests: dict[Path, str] = {}
    for name, path in named.items():
        twin = getattr(trainee, name)
        twin.give_back()
        digests |= store_network(twin.model, path, name)
    return digests


def meaning_path(path: Path) -> Path:
    """Where the meaning's weights lie beside the frame colorizer's."""
    return path.with_stem(f"{path.stem}_meaning")


def store_network(model: keras.Model, path: Path, name: str) -> dict[Path, str]:
    """Write a network's weights to `path`, and the same rounded numbers as ONNX beside it."""
    from vidcolor_utils.models.onnx_export import save_onnx  # needs onnx, which training does not

    with finished_file(path) as part:
        save_weights(model, part, {"network": name})
    digests = {path: write_sidecar(path)}
    load_weights(model, path)  # as rounded for storing
    network = path.with_suffix(".onnx")
    with finished_file(network) as part:
        save_onnx(model, part)
    return digests | {network: write_sidecar(network)}
