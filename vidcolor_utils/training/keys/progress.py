"""How far a training of the network that cleans key frames' colours has come; kept beside what it will write."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file
from vidcolor_utils.training.config import KeyTrainConfig
from vidcolor_utils.training.fit import MINUTES
from vidcolor_utils.training.keys.network import Cleaner

ENDING = ".checkpoint.pt"  # of the output's name, while its training lasts
LAST = 200  # steps whose gains are kept


class Progress:
    """The network, its averages, the optimizer, the steps and seconds behind it, and the last gains.

    Args:
        network: new; it gets what a checkpoint holds.
        config: parameters.
        output: the file that will be written.
        identity: all that the training depends on, in plain values.

    Raises:
        InputError: if there is a checkpoint of another training, or one that cannot be read.
    """

    def __init__(self, network: Cleaner, config: KeyTrainConfig, output: Path, identity: Mapping[str, Any]):
        self.network, self.identity = network, dict(identity)
        self.path = output.with_name(output.name + ENDING)
        self.averages = {name: value.clone() for name, value in network.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            network.parameters(), config.learning_rate, weight_decay=1e-4, fused=True
        )
        self.step, self.gains, self._before = 0, list[float](), 0.0
        self._began = self._saved = time.monotonic()
        if self.path.exists():
            self._restore(_loaded(self.path))

    @property
    def seconds(self) -> float:
        """What all starts took together."""
        return self._before + time.monotonic() - self._began

    def stepped(self, gain: float) -> None:
        """Count a step, and keep where it is every few minutes."""
        self.step, self.gains = self.step + 1, [*self.gains, gain][-LAST:]
        if time.monotonic() - self._saved > 60 * MINUTES:
            self.save()

    def save(self) -> None:
        """Write the checkpoint: complete, or the last one stays."""
        self._saved = time.monotonic()
        kept = {
            "identity": self.identity,
            "weights": self.network.state_dict(),
            "averages": self.averages,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "gains": self.gains,
            "seconds": self.seconds,
        }
        with finished_file(self.path) as part:
            torch.save(kept, part)

    def _restore(self, kept: dict) -> None:
        if kept.get("identity") != self.identity:
            raise InputError(f"{self.path}: of a training with other parameters or data: remove it to begin anew")
        self.network.load_state_dict(kept["weights"])
        self.averages, self.step, self.gains = kept["averages"], kept["step"], kept["gains"]
        self.optimizer.load_state_dict(kept["optimizer"])
        self._before = kept["seconds"]

    def remove(self) -> None:
        """Remove the checkpoint: the training is over."""
        self.path.unlink(missing_ok=True)


def _loaded(path: Path) -> dict:
    try:
        kept = torch.load(path, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError):
        kept = None
    if not isinstance(kept, dict):
        raise InputError(f"{path}: not the checkpoint of a training: remove it to begin anew")
    return kept
