"""Train the network that cleans key frames' colours: on photographs and frames of films, one command."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.stills.photos import Photo, find_photos
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import check_target, finished_file, write_sidecar
from vidcolor_utils.system.machine import machine
from vidcolor_utils.training.config import KeyTrainConfig
from vidcolor_utils.training.fit import move_averages
from vidcolor_utils.training.keys.damage import Damaged, batch_of, views_of
from vidcolor_utils.training.keys.network import Cleaner, to_onnx
from vidcolor_utils.training.torch_twin import multiplies_in_16_bits
from vidcolor_utils.video.files import iter_rgb

FRAMES, APART = 30, 12  # of a film at most, and from one to the next
PHOTO_SCALE = (0.66, 1.0)  # photographs are coded, too: made smaller, their chroma is as sharp as their luma
FILM_LINES = (140, 320)  # short side of frames, around that at which colours are carried
FROM_FILMS = 0.5  # share of views
WAITING = 480  # pictures among whose views a batch is drawn: those cut out of one picture come together
WARM_UP, LONGEST = 100, 1.0  # steps; length of a gradient
SMALL = 4e-2  # mean square of ab below which an error counts no further
SAID = 200  # steps from one report to the next


def train_cleaner(
    images: Sequence[Path],
    films: Sequence[Path],
    output: Path,
    config: KeyTrainConfig,
    say: Callable[[int, float], None] = lambda step, gain: None,
) -> dict:
    """Train the network and write it as ONNX, its sha256 beside it.

    Args:
        images: folders or tars of photographs.
        films: video files.
        output: the file to write.
        config: parameters.
        say: called now and then with the number of steps done and by how many dB the last ones brought damaged
            colours nearer to the truth.

    Returns:
        A record: parameters, what it learned from, the machine, seconds, sha256, and the last of those gains.

    Raises:
        FileNotFoundError: if a file is not there.
        InputError: if one is no film, holds no photograph, or if all pictures are smaller than a view.
    """
    check_target(output, None)  # before the hours, not after them
    photos, frames = find_photos(*images), [frame for film in films for frame in _frames_of(film)]
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network, began = Cleaner(), time.monotonic()
    fast: dict[str, Any] = {"memory_format": torch.channels_last}  # which PyTorch's own hints do not know of
    network.to(**fast)
    averages, gain = _fit(network, _views(photos, frames, rng), config, say)
    network.load_state_dict(averages)
    with finished_file(output) as part:
        onnx.save(to_onnx(network), str(part))
    return {
        "config": dataclasses.asdict(config),
        "photos": len(photos),
        "frames": len(frames),
        "parameters": sum(each.numel() for each in network.parameters()),
        "machine": str(machine()),
        "seconds": round(time.monotonic() - began),
        "gain_db": round(gain, 3),
        "sha256": write_sidecar(output),
    }


def _frames_of(film: Path) -> list[np.ndarray]:
    """Frames of a film, none larger than the largest that is asked for."""
    return [shrunk(rgb, FILM_LINES[1]) for rgb in islice(iter_rgb(film), 0, FRAMES * APART, APART)]


def _views(photos: Sequence[Photo], frames: Sequence[np.ndarray], rng: np.random.Generator) -> Iterator[Damaged]:
    """Yield views without end, those of a picture apart from each other.

    Raises:
        InputError: if no picture is large enough.
    """
    waiting: list[Damaged] = []
    for _ in range(WAITING):
        waiting += views_of(_picture(photos, frames, rng), rng)
    if not waiting:
        raise InputError("all pictures are too small to train on")
    while True:
        for view in views_of(_picture(photos, frames, rng), rng):
            place = int(rng.integers(len(waiting)))
            waiting[place], old = view, waiting[place]
            yield old


def _picture(photos: Sequence[Photo], frames: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    if frames and rng.random() < FROM_FILMS:
        return shrunk(frames[int(rng.integers(len(frames)))], rng.uniform(*FILM_LINES))
    rgb = photos[int(rng.integers(len(photos)))].decoded()
    return shrunk(rgb, rng.uniform(*PHOTO_SCALE) * min(rgb.shape[:2]))


def _fit(
    network: Cleaner,
    views: Iterator[Damaged],
    config: KeyTrainConfig,
    say: Callable[[int, float], None],
) -> tuple[dict[str, torch.Tensor], float]:
    """Learn; returns the averaged weights and the last gain in dB."""
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-4, fused=True)
    averages = {name: value.clone() for name, value in network.state_dict().items()}
    gains: list[float] = []
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _schedule(step / config.steps, step)
        planes, true = (_channels_first(each) for each in batch_of(list(islice(views, config.batch))))
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_in_16_bits()):
            made = network(planes)
        loss, gain = _cost(made, planes[:, 2:], true)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LONGEST)
        optimizer.step()
        move_averages(averages, network, step, config.ema)
        gains.append(gain)
        if (step + 1) % SAID == 0:
            say(step + 1, float(np.mean(gains[-SAID:])))
    return averages, float(np.mean(gains[-SAID:]))


def _schedule(share: float, step: int) -> float:
    """The factor on the learning rate: it rises for some steps, and falls along a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * share))


def _cost(made: torch.Tensor, given: torch.Tensor, true: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The mean logarithm of the mean square error, which is the mean PSNR but for its sign; and the gain in dB."""
    after, before = ((each - true).square().mean((1, 2, 3)) for each in (made, given))
    cost = torch.log(after + SMALL)
    gain = torch.log(before + SMALL) - cost.detach()
    return cost.mean(), float(gain.mean()) * 10 / math.log(10)


def _channels_first(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows.transpose(0, 3, 1, 2)))
