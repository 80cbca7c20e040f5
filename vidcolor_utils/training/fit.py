"""The training loop of the frame colorizer, in plain PyTorch: stages, averaged weights, checkpoints, history."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file
from vidcolor_utils.training.batches import Source
from vidcolor_utils.training.config import FrameTrainConfig, Stage
from vidcolor_utils.training.run_folder import CHECKPOINT, HISTORY, write_history
from vidcolor_utils.training.trainee import Trainee, part_of, score_views
from vidcolor_utils.training.views import Views

MINUTES = 4  # between two checkpoints: the most that an interruption costs
WARM_UP = 150  # steps in which a stage's rate grows to its peak
DECAY = 0.4  # share of a stage, its last, in which the rate falls to nothing
SCORES = 12  # a stage, in the history
LONGEST = 20.0  # step of all gradients together


def fit(
    trainee: Trainee,
    config: FrameTrainConfig,
    source: Source,
    val_views: Views,
    out_dir: Path,
) -> dict:
    """Train through all stages, from the last checkpoint in `out_dir` if there is one.

    Args:
        trainee: the networks; they have the averaged weights afterwards.
        config: its stages come one after the other, each going on with the averages of the one before.
        source: of what is learned from.
        val_views: what the averages are scored on now and then.
        out_dir: gets `CHECKPOINT` and `HISTORY`.

    Returns:
        "seconds" trained and the last "scores", for the run's record.
    """
    torch.set_flush_denormal(True)  # numbers near zero take a processor a hundred times as long
    run = _Run(trainee, config, out_dir)
    for number, stage in enumerate(config.stages()):
        if stage.epochs and number >= run.number:
            run.enter(number, stage, source)
            _train(run, source, val_views)
    run.use_averages()
    return {"seconds": round(run.seconds), "scores": run.scores}


def _train(run: _Run, source: Source, val_views: Views) -> None:
    every = max(1, run.steps // SCORES)
    rng = np.random.default_rng((run.config.seed, run.number, run.step))
    with source.batches(run.stage.sides, lambda: run.step / run.steps, rng) as batches:
        while run.step < run.steps:
            started = time.monotonic()
            run.learn(run.trainee.loss(next(batches), run.stage.rates))
            run.seconds += time.monotonic() - started
            if run.step % every == 0 or run.step == run.steps:
                run.score(val_views)
                run.save()
            elif time.monotonic() - run.saved > 60 * MINUTES:
                run.save()


class _Run:
    """Where a run is: weights, their averages, optimizer, stage and step; what a checkpoint holds."""

    def __init__(self, trainee: Trainee, config: FrameTrainConfig, out_dir: Path):
        self.trainee, self.config, self._out_dir = trainee, config, out_dir
        self.number, self.step, self.steps, self.seconds = 0, 0, 1, 0.0
        self.stage = Stage("", 0, {}, ())
        self.scores: dict[str, Any] = {}
        self.saved = time.monotonic()
        self._averages = {name: value.clone() for name, value in trainee.state_dict().items()}
        self._optimizer: torch.optim.Optimizer = torch.optim.AdamW([torch.zeros(1)])
        path = out_dir / CHECKPOINT
        self._restored = torch.load(path, map_location=trainee.device, weights_only=True) if path.is_file() else {}
        self.number = self._restored.get("number", 0)

    def enter(self, number: int, stage: Stage, source: Source) -> None:
        """Begin a stage, or go on with the one that was interrupted."""
        sides = stage.sides or (None,)
        views = np.mean([source.views_a_step(side) for side in sides])
        self.number, self.stage, self.step = number, stage, 0
        self.steps = max(1, round(stage.epochs * len(source.kinds) / views))
        self._learn_only(stage.rates)
        rate = self.config.learning_rate
        self._optimizer = torch.optim.AdamW(self._groups(stage.rates), lr=rate, fused=True)
        if self._restored:
            self._restore(self._restored)
            self._restored = {}
        else:
            self.trainee.load_state_dict(self._averages)

    def _learn_only(self, rates: Mapping[str, float]) -> None:
        """Keep the parts that do not learn as they are, with their batch statistics; all of these if asked to."""
        self.trainee.train()
        for name, module in self.trainee.named_modules():
            if not isinstance(module, nn.BatchNorm2d):
                continue
            if self.config.keep_statistics or part_of(f"{name}.weight") not in rates:
                module.eval()
        for name, parameter in self.trainee.named_parameters():
            parameter.requires_grad_(part_of(name) in rates)

    def _groups(self, rates: Mapping[str, float]) -> list[dict]:
        groups: dict[tuple[str, bool], list] = {}
        for name, parameter in self.trainee.named_parameters():
            if part_of(name) in rates:
                groups.setdefault((part_of(name), parameter.ndim > 1), []).append(parameter)
        decay = self.config.weight_decay
        return [
            {"params": parameters, "rate": rates[part], "weight_decay": decay if is_kernel else 0.0}
            for (part, is_kernel), parameters in groups.items()
        ]

    def learn(self, loss: torch.Tensor) -> None:
        """Take one step down the loss, and let the averages follow: quickly at first."""
        rate = self.config.learning_rate * self._schedule()
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["rate"]
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([p for p in self.trainee.parameters() if p.requires_grad], LONGEST)
        self._optimizer.step()
        self.step += 1
        move_averages(self._averages, self.trainee, self.step, self.config.ema)

    def _schedule(self) -> float:
        to_come = (self.steps - self.step) / max(1.0, DECAY * self.steps)
        return min(1.0, (self.step + 1) / WARM_UP, to_come)

    def score(self, val_views: Views) -> None:
        """Score the averages, and write a row of the history."""
        weights = {name: value.clone() for name, value in self.trainee.state_dict().items()}
        self.use_averages()
        self.scores = score_views(self.trainee, val_views)
        self.trainee.load_state_dict(weights)
        self._learn_only(self.stage.rates)
        place = {"stage": self.stage.name, "step": self.step}
        write_history(self._out_dir / HISTORY, place, {"seconds": round(self.seconds), **self.scores["all"]})

    def use_averages(self) -> None:
        """Give the networks the averaged weights."""
        self.trainee.load_state_dict(self._averages)
        self.trainee.eval()

    def save(self) -> None:
        """Write a checkpoint: complete, or the last one stays."""
        self.saved = time.monotonic()
        kept = {
            "weights": self.trainee.state_dict(),
            "averages": self._averages,
            "optimizer": self._optimizer.state_dict(),
            "number": self.number,
            "step": self.step,
            "seconds": self.seconds,
            "scores": self.scores,
        }
        with finished_file(self._out_dir / CHECKPOINT) as part:
            torch.save(kept, part)

    def _restore(self, kept: dict) -> None:
        if kept["weights"].keys() != self.trainee.state_dict().keys():  # the transformer learns on a GPU alone
            raise InputError(f"{self._out_dir}: its run was begun on another kind of device: go on with it there")
        self.trainee.load_state_dict(kept["weights"])
        self._averages = kept["averages"]
        self._optimizer.load_state_dict(kept["optimizer"])
        self.step, self.seconds, self.scores = kept["step"], kept["seconds"], kept["scores"]


def move_averages(averages: dict[str, torch.Tensor], network: nn.Module, step: int, ema: float) -> None:
    """Let averaged weights follow a network's by a share of 1 - `ema`, in the first steps by more, in place."""
    follow = max(1 - ema, 1 / (step + 10))
    weights = {name: value for name, value in network.state_dict().items() if value.is_floating_point()}
    with torch.no_grad():
        torch._foreach_lerp_([averages[name] for name in weights], list(weights.values()), follow)


def load_averages(out_dir: Path) -> dict[str, torch.Tensor]:
    """Read the averaged weights of the run in `out_dir`, by the names of a trainee's parameters."""
    averages: dict[str, torch.Tensor] = torch.load(out_dir / CHECKPOINT, map_location="cpu", weights_only=True)[
        "averages"
    ]
    return averages
