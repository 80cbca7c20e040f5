"""A line that is alive while a network trains: epoch, step, loss; in a notebook it is rewritten in place."""

from __future__ import annotations

import keras
from IPython.display import Markdown, display

EVERY = 4  # steps between two updates


class LiveLoss(keras.callbacks.Callback):
    """Shows the training loss step by step, and the dev loss after each epoch, in one line."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Begin the line."""
        self._epoch, self._dev = 0, ""
        self._handle = display(Markdown("The first step compiles the network ..."), display_id=True)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Show the loss now and then."""
        if batch % EVERY == 0:
            self._show(f"step {batch + 1} of {self.params['steps']}: training loss {(logs or {})['loss']:,.0f}")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Show both losses."""
        logs = logs or {}
        self._dev = f", dev loss {logs['val_loss']:,.0f}" if "val_loss" in logs else ""
        self._show(f"training loss {logs['loss']:,.0f}")

    def _show(self, text: str) -> None:
        line = f"**Epoch {self._epoch} of {self.params['epochs']}**, {text}{self._dev}"
        if self._handle is not None:  # None where no notebook listens
            self._handle.update(Markdown(line))
