import numpy as np
import pytest

from vidcolor_utils.course.lesson import live
from vidcolor_utils.course.lesson.live import LiveLoss


@pytest.fixture
def lines(monkeypatch):
    """What the line showed, one after the other."""
    shown = []

    class Handle:
        def update(self, markdown):
            shown.append(markdown.data)

    monkeypatch.setattr(live, "display", lambda *what, **options: Handle())
    return shown


def test_the_line_tells_epoch_step_and_both_losses(lines):
    loss = LiveLoss()
    loss.set_params({"steps": 6, "epochs": 2})
    loss.on_train_begin()
    loss.on_epoch_begin(0)
    for step in range(6):
        loss.on_train_batch_end(step, {"loss": np.float32(1200 - step)})
    loss.on_epoch_end(0, {"loss": 1195.0, "val_loss": 1300.4})
    loss.on_epoch_begin(1)
    loss.on_train_batch_end(0, {"loss": 900.0})
    assert lines == [
        "**Epoch 1 of 2**, step 1 of 6: training loss 1,200",
        "**Epoch 1 of 2**, step 5 of 6: training loss 1,196",
        "**Epoch 1 of 2**, training loss 1,195, dev loss 1,300",
        "**Epoch 2 of 2**, step 1 of 6: training loss 900, dev loss 1,300",
    ]
