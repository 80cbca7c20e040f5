"""For trainings in Keras: callbacks to survive a kill (backup, history, whole files of weights), one tracing."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np

from vidcolor_utils.system.files import finished_file
from vidcolor_utils.training.run_folder import read_rows, write_rows


def make_variables(model: keras.Model, targets: np.ndarray | None = None) -> None:
    """Make those of a model's optimizer, losses and metrics: TensorFlow traces a step anew that has made some.

    Args:
        model: compiled, with its weights made.
        targets: a batch of them; default: blank ones, shaped as the outputs.
    """
    model.optimizer.build(model.trainable_variables)
    count = 1 if targets is None else len(targets)
    blank = [keras.ops.zeros((count, *output.shape[1:])) for output in model.outputs]
    predicted = blank if len(blank) > 1 else blank[0]
    wanted = predicted if targets is None else targets
    model.compute_loss(y=wanted, y_pred=predicted)
    model.compute_metrics(None, wanted, predicted)
    model.reset_metrics()


class FollowEpoch(keras.callbacks.Callback):
    """Tells the batches which epoch it is, also after a resumed start."""

    def __init__(self, batches: keras.utils.PyDataset):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Pass on the epoch; Keras asks for its batches only afterwards."""
        self.batches.epoch = epoch


class AtomicBackup(keras.callbacks.BackupAndRestore):
    """`BackupAndRestore` whose backup is one file that appears complete or not at all.

    Keras overwrites the weights in place and then notes the epoch in a second file: a kill between the two
    repeats an epoch on weights that have already seen it, a kill within the first leaves nothing to go on from.

    Args:
        folder: where to keep the backup. It stays when training ends: what follows can be killed, too.
    """

    def __init__(self, folder: str | Path):
        super().__init__(str(folder), delete_checkpoint=False)
        self.folder = Path(folder)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Load the newest backup, weights, optimizer and epoch, if there is one."""
        backups = self._backups()
        if not backups:
            return
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.model.load_weights(backups[-1])
        self.model._initial_epoch = _epochs_in(backups[-1])  # what `BackupAndRestore` itself sets

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write a backup, then remove the older ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        older = self._backups()
        save_checkpoint(self.model, self.folder / f"epoch-{epoch + 1:05d}.weights.h5")
        for path in older:
            path.unlink()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Do nothing: backups are of whole epochs."""

    def _backups(self) -> list[Path]:
        return sorted(self.folder.glob("epoch-*.weights.h5"))


def _epochs_in(backup: Path) -> int:
    return int(backup.name.split(".")[0].removeprefix("epoch-"))


def save_checkpoint(model: keras.Model, path: Path) -> None:
    """Save weights, with the optimizer's if there is one; the file appears complete or not at all."""
    with finished_file(path) as part:
        named = part.with_name(f"{part.name}.weights.h5")  # Keras insists on the ending
        try:
            model.save_weights(named)
            os.replace(named, part)
        finally:
            named.unlink(missing_ok=True)


def inference_twin(model: keras.Model) -> keras.Model:
    """The same network on the same weights, without the optimizer, which would triple the size of its files."""
    return keras.Model(model.inputs, model.outputs, name=model.name)


class EpochHistory(keras.callbacks.Callback):
    """Keeps one row of numbers an epoch in a CSV file, also across restarts; a repeated epoch replaces its row.

    Args:
        path: the file; rewritten as a whole after each epoch.
    """

    def __init__(self, path: str | Path):
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict[str, float]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Read the rows of an earlier start."""
        self.rows = [_numbers(row) for row in read_rows(self.path)]

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Forget what an interrupted start noted of this epoch or later ones."""
        self.rows = [row for row in self.rows if row["epoch"] <= epoch]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Note this epoch, counted from 1."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        numbers = {key: float(value) for key, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1, "learning_rate": rate, **numbers})
        write_rows(self.path, self.rows)


def _numbers(row: dict[str, str]) -> dict[str, float]:
    return {key: int(value) if key == "epoch" else float(value) for key, value in row.items()}


class BestWeights(keras.callbacks.Callback):
    """Saves the weights whenever the dev loss (without dev clips: the loss) is the lowest of the whole run.

    Keras' `ModelCheckpoint` forgets the best value when a run is resumed.
    """

    def __init__(self, path: str | Path, history: EpochHistory):
        super().__init__()
        self.path, self.history = Path(path), history

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Compare with all rows; the history comes first in the list of callbacks."""
        key = "val_loss" if "val_loss" in self.history.rows[-1] else "loss"
        if self.history.rows[-1][key] <= min(row[key] for row in self.history.rows):
            save_checkpoint(inference_twin(self.model), self.path)
