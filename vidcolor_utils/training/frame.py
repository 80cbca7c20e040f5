"""Train the frame colorizer on photographs: resumable, logged, one command.

In three stages, each going on with the last one's weights: the meaning alone, on tokens that were kept, which
takes a tenth of the time a view; the decoder, on an encoder that stays as ImageNet left it; and all of it.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
import torch

from vidcolor_utils.models.efficientnet_lite import LITE2, load_encoder_weights
from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
from vidcolor_utils.models.meaning import build_meaning
from vidcolor_utils.models.stored_weights import load_weights, save_weights
from vidcolor_utils.models.vit import load_vit, store_vit
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.stills.photos import Photo, find_photos, photos_sha256
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, read_checked, write_json, write_sidecar
from vidcolor_utils.system.machine import machine
from vidcolor_utils.training.batches import KeptViews, Source
from vidcolor_utils.training.config import FrameTrainConfig
from vidcolor_utils.training.fit import fit, load_averages
from vidcolor_utils.training.live import LivePhotos
from vidcolor_utils.training.run_folder import CONFIG, RECORD, check_export, claimed_run
from vidcolor_utils.training.torch_twin import TorchTwin
from vidcolor_utils.training.trainee import Trainee, part_of, score_views
from vidcolor_utils.training.views import (
    Square,
    Tokens,
    Views,
    central_view,
    keep_views,
    random_view,
    torch_tokens,
)
from vidcolor_utils.weights.shipped import meaning_beside, shipped_weights_path, vit_beside

VIEWS, VIT = "views", "vit.onnx"  # in the folder of a run: views that are kept, the transformer it began with


def train_frame_colorizer(
    images: Sequence[str | Path],
    val_images: Sequence[str | Path],
    out_dir: str | Path,
    config: FrameTrainConfig,
    device: str = "auto",
) -> dict:
    """Train the frame colorizer, going on from the last checkpoint in `out_dir` if there is one.

    Args:
        images: folders or tars of colour photographs to train on; the first folder of a name is its kind.
        val_images: the same, to score on.
        out_dir: where the run lives: kept views, checkpoints (every few minutes), `history.csv`, `run.json`.
        config: the run's parameters.
        device: "cpu", where views and their tokens are kept on disk; "cuda", where views are made anew for every
            step and the transformer reads them then, and may learn; or "auto".

    Returns:
        The run record, as written to `run.json`: "scores" on `val_images`, and "train_scores" on as
        many of `images` of each kind, see `score_views`: by what these are better the networks only remember.

    Raises:
        FileNotFoundError: if a folder or tar is not there.
        InputError: if it holds no photograph, `out_dir` holds a run with other parameters, or there is no such
            device.
        OutputError: if another start is at work in `out_dir`.
    """
    out_dir, on = Path(out_dir), _device(device, config)
    photos, val_photos = find_photos(*images), find_photos(*val_images)
    counts = {"photos": len(photos), "val_photos": len(val_photos)}
    identity = dataclasses.asdict(config) | counts | {"photos_sha256": photos_sha256(photos, val_photos)}
    with claimed_run(out_dir, identity, inner=(f"{VIEWS}/*",)):
        found = _train(photos, val_photos, out_dir, config, on)
        made = {"config": dataclasses.asdict(config), **counts, "machine": str(machine()), "device": _name(on)}
        record = made | found
        write_json(out_dir / RECORD, record)
    return record


def _train(
    photos: Sequence[Photo], val_photos: Sequence[Photo], out_dir: Path, config: FrameTrainConfig, on: torch.device
) -> dict:
    """Train in a folder that is this run's; returns what `fit` does, and "train_scores"."""
    torch.manual_seed(config.seed)
    _keep_transformer(config, out_dir)
    tokens, kept = open_tokens(out_dir / VIT, on), out_dir / VIEWS
    val_views = _central_views(val_photos, kept / "val", tokens)
    trainee = new_trainee(config.start_from)
    if reads_at_once(on):
        source: Source = LivePhotos(photos, config, on)
        trainee.vit = TorchTwin(load_vit(out_dir / VIT))
    else:
        source = KeptViews(_kept_views(photos, kept, config, tokens), config.batch, config.known)
    found = fit(trainee.to(on), config, source, val_views, out_dir)
    seen_views = _central_views(_alike(photos, val_photos), kept / "seen", tokens)
    return {**found, "train_scores": score_views(trainee, seen_views)}


def _device(name: str, config: FrameTrainConfig) -> torch.device:
    """Find where to train.

    Raises:
        InputError: if it is not there, or cannot do what is asked for.
    """
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise InputError("device 'cuda': PyTorch finds no such GPU here")
    device = torch.device("cuda" if has_gpu and name != "cpu" else "cpu")
    if config.vit_rate and not reads_at_once(device):
        raise InputError("vit_rate: the transformer learns on a GPU only; on a processor its tokens are kept")
    return device


def reads_at_once(device: torch.device) -> bool:
    """Whether it reads tokens sooner than a disk would give them."""
    return device.type != "cpu"


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _keep_transformer(config: FrameTrainConfig, out_dir: Path) -> None:
    """Copy the transformer that a run begins with into its folder: it belongs to what is trained on its tokens.

    A run that goes on keeps the one it began with, whatever ships by then.
    """
    if (out_dir / VIT).exists():
        return
    begun = vit_beside(Path(config.start_from) if config.start_from else shipped_weights_path())
    with finished_file(out_dir / VIT) as part:
        part.write_bytes(read_checked(config.vit or begun))


def _alike(photos: Sequence[Photo], val_photos: Sequence[Photo]) -> list[Photo]:
    """Choose as many photographs of each kind as are validated on; of all kinds, if they share none."""
    counts = Counter(photo.kind for photo in val_photos)
    kinds = {kind: [photo for photo in photos if photo.kind == kind] for kind in counts}
    chosen = [of_kind[index] for kind, of_kind in kinds.items() for index in evenly(len(of_kind), counts[kind])]
    return chosen or [photos[index] for index in evenly(len(photos), len(val_photos))]


def _central_views(photos: Sequence[Photo], folder: Path, tokens: Tokens) -> Views:
    return keep_views(photos, folder, lambda photo, _: central_view(photo), tokens)


def _kept_views(photos: Sequence[Photo], folder: Path, config: FrameTrainConfig, tokens: Tokens) -> list[Views]:
    return [
        keep_views(photos, folder / str(number), partial(_looked_at, config, number), tokens)
        for number in range(config.views)
    ]


def _looked_at(config: FrameTrainConfig, number: int, photo: Photo, index: int) -> Square:
    rng = np.random.default_rng((config.seed, number, index))
    return random_view(photo, rng, min_crop=config.min_crop, wear=config.wear)


def open_tokens(vit: Path, device: torch.device) -> Tokens:
    """Open a transformer, to ask it for tokens."""
    return torch_tokens(TorchTwin(load_vit(vit)).to(device).eval())


def new_trainee(start_from: str | Path | None = None) -> Trainee:
    """Make the two networks as twins in PyTorch: the encoder as ImageNet left it, or both as stored.

    Args:
        start_from: weights of the frame colorizer (.safetensors), with those of its meaning beside them.
    """
    meaning, frame = build_meaning(), build_frame_colorizer()
    if start_from is None:
        load_encoder_weights(frame, LITE2)
    else:
        for model, path in ((frame, Path(start_from)), (meaning, meaning_beside(Path(start_from)))):
            load_weights(model, path)
    return Trainee(TorchTwin(meaning), TorchTwin(frame))


def export_weights(run_dir: str | Path, output: str | Path) -> dict[Path, str]:
    """Turn the checkpoint of a training run into weights for `FrameColorizer`.

    Writes five files, for Keras and for ONNX Runtime the frame colorizer and its meaning, and for ONNX Runtime the
    transformer they were trained with, and the sha256 of each beside it.

    Args:
        run_dir: the `out_dir` of `train_frame_colorizer`.
        output: the `.safetensors` file to write; the others are named after it.

    Returns:
        The sha256 of all files as hex, by their paths.

    Raises:
        InputError: if the folder holds no checkpoint, or `output` has another suffix.
    """
    run_dir, output = Path(run_dir), Path(output)
    check_export(run_dir, output)
    learned = load_averages(run_dir)
    trainee = Trainee(*(TorchTwin(build()) for build in (build_meaning, build_frame_colorizer)))
    trainee.load_state_dict({name: value for name, value in learned.items() if part_of(name) != "vit"})
    named = {"meaning": meaning_beside(output), "frame": output}
    digests = _store_transformer(run_dir, learned, vit_beside(output))
    for name, path in named.items():
        twin = getattr(trainee, name)
        twin.give_back()
        digests |= store_network(twin.model, path, name)
    return digests


def _store_transformer(run_dir: Path, learned: Mapping[str, torch.Tensor], output: Path) -> dict[Path, str]:
    if not json.loads((run_dir / CONFIG).read_text())["vit_rate"]:  # it stayed as it was
        with finished_file(output) as part:
            part.write_bytes((run_dir / VIT).read_bytes())
        return {output: write_sidecar(output)}
    twin = TorchTwin(load_vit(run_dir / VIT))
    weights = {name: value for name, value in learned.items() if part_of(name) == "vit"}
    twin.load_state_dict({name.removeprefix("vit."): value for name, value in weights.items()})
    twin.give_back()
    return {output: store_vit(twin.model, output)}


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
