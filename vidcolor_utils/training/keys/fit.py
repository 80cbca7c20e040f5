"""Train the network that cleans key frames' colours: on photographs and frames of films, one command."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.stills.photos import Photo, find_photos, photos_sha256
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import alone, check_target, finished_file, hidden_beside, write_sidecar
from vidcolor_utils.system.machine import machine
from vidcolor_utils.training.config import KeyTrainConfig
from vidcolor_utils.training.fit import move_averages
from vidcolor_utils.training.keys.damage import Damaged, batch_of, views_of
from vidcolor_utils.training.keys.network import Cleaner, to_onnx
from vidcolor_utils.training.keys.progress import LAST, Progress
from vidcolor_utils.training.torch_twin import multiplies_in_16_bits
from vidcolor_utils.video.files import iter_rgb

FRAMES, APART = 30, 12  # of a film at most, and from one to the next
PHOTO_SCALE = (0.66, 1.0)  # photographs are coded, too: made smaller, their chroma is as sharp as their luma
FILM_LINES = (140, 320)  # short side of frames, around that at which colours are carried
FROM_FILMS = 0.5  # share of views
WAITING = 480  # pictures among whose views a batch is drawn: those cut out of one picture come together
WARM_UP, LONGEST = 100, 1.0  # steps; length of a gradient
SMALL = 4e-2  # mean square of ab below which an error counts no further
SAID = LAST  # steps from one report to the next


def train_cleaner(
    images: Sequence[Path],
    films: Sequence[Path],
    output: Path,
    config: KeyTrainConfig,
    say: Callable[[int, float], None] = lambda step, gain: None,
) -> dict:
    """Train the network and write it as ONNX, its sha256 beside it; goes on with an interrupted training.

    Args:
        images: folders or tars of photographs.
        films: video files.
        output: the file to write. Beside it lies a checkpoint until it is there, see `progress`.
        config: parameters.
        say: called now and then with the number of steps done and by how many dB the last ones brought damaged
            colours nearer to the truth.

    Returns:
        A record: parameters, what it learned from, the machine, seconds, sha256, and the last of those gains.

    Raises:
        FileNotFoundError: if a file is not there.
        InputError: if one is no film, holds no photograph, or if all pictures are smaller than a view; or if the
            checkpoint is of another training.
        BusyError: if another one is at work for this output.
    """
    check_target(output, None)  # before the hours, not after them
    with alone(hidden_beside(output, output.name, ".lock"), shown=output):
        return _train_alone(images, films, output, config, say)


def _train_alone(
    images: Sequence[Path],
    films: Sequence[Path],
    output: Path,
    config: KeyTrainConfig,
    say: Callable[[int, float], None],
) -> dict:
    photos, frames = find_photos(*images), [frame for film in films for frame in _frames_of(film)]
    torch.manual_seed(config.seed)
    network = Cleaner()
    fast: dict[str, Any] = {"memory_format": torch.channels_last}  # which PyTorch's own hints do not know of
    network.to(**fast)
    learned_from = {"photos_sha256": photos_sha256(photos), "frames_sha256": _frames_sha256(frames)}
    progress = Progress(network, config, output, dataclasses.asdict(config) | learned_from)
    rng = np.random.default_rng((config.seed, progress.step) if progress.step else config.seed)
    _fit(progress, _views(photos, frames, rng), config, say)
    network.load_state_dict(progress.averages)
    with finished_file(output) as part:
        onnx.save(to_onnx(network), str(part))
    record = {
        "config": dataclasses.asdict(config),
        "photos": len(photos),
        "frames": len(frames),
        "parameters": sum(each.numel() for each in network.parameters()),
        "machine": str(machine()),
        "seconds": round(progress.seconds),
        "gain_db": round(float(np.mean(progress.gains)), 3),
        "sha256": write_sidecar(output),
    }
    progress.remove()
    return record


def _frames_of(film: Path) -> list[np.ndarray]:
    """Frames of a film, none larger than the largest that is asked for."""
    return [shrunk(rgb, FILM_LINES[1]) for rgb in islice(iter_rgb(film), 0, FRAMES * APART, APART)]


def _frames_sha256(frames: Sequence[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for rgb in frames:
        digest.update(repr(rgb.shape).encode() + rgb.tobytes())
    return digest.hexdigest()


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
    progress: Progress,
    views: Iterator[Damaged],
    config: KeyTrainConfig,
    say: Callable[[int, float], None],
) -> None:
    """Learn, from where it is to the last step."""
    network, optimizer = progress.network, progress.optimizer
    for step in range(progress.step, config.steps):
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
        move_averages(progress.averages, network, step, config.ema)
        progress.stepped(gain)
        if progress.step % SAID == 0:
            say(progress.step, float(np.mean(progress.gains)))


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
