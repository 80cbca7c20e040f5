"""What a killed training goes on from, with a network of one weight."""

import csv

import keras
import numpy as np
import pytest

from vidcolor_utils.training.callbacks import AtomicBackup, BestWeights, EpochHistory, save_checkpoint


def line():
    """y = w x, trained with plain gradient descent."""
    x = keras.Input((1,))
    model = keras.Model(x, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(x))
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    return model


def fit(model, epochs, *callbacks):
    x = np.ones((4, 1), np.float32)
    model.fit(x, 3 * x, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks))
    return float(model.get_weights()[0][0, 0])


class Killed(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise InterruptedError


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path):
    whole = fit(line(), 4)
    with pytest.raises(InterruptedError):
        fit(line(), 4, EpochHistory(tmp_path / "h.csv"), AtomicBackup(tmp_path / "backup"), Killed())
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["epoch-00002.weights.h5"]
    history = EpochHistory(tmp_path / "h.csv")
    assert fit(line(), 4, history, AtomicBackup(tmp_path / "backup")) == pytest.approx(whole)
    # The gradient of (w - 3)^2 is 2 (w - 3): each step leaves 0.8 of the distance, which begins as 2.
    assert whole == pytest.approx(3 - 2 * 0.8**4)
    assert [row["epoch"] for row in history.rows] == [1, 2, 3, 4]
    with (tmp_path / "h.csv").open(newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == pytest.approx(
            [(2 * 0.8**epoch) ** 2 for epoch in range(4)]
        )


def test_an_epoch_that_is_repeated_replaces_its_row(tmp_path):
    (tmp_path / "h.csv").write_text("epoch,learning_rate,loss\n1,0.1,9.0\n2,0.1,8.0\n")
    history = EpochHistory(tmp_path / "h.csv")
    fit(line(), 2, history)
    assert [row["loss"] for row in history.rows] == pytest.approx([4.0, 2.56])


def test_the_best_weights_stay_when_the_loss_rises_again(tmp_path):
    model, history = line(), EpochHistory(tmp_path / "h.csv")
    best = BestWeights(tmp_path / "best.weights.h5", history)
    best.set_model(model)
    for weight, loss in ((1.0, 4.0), (2.0, 1.0), (5.0, 4.0)):
        model.set_weights([np.full((1, 1), weight)])
        history.rows.append({"loss": loss})
        best.on_epoch_end(0)
    model.load_weights(tmp_path / "best.weights.h5")
    assert model.get_weights()[0][0, 0] == 2.0


def test_files_are_complete_or_not_there(tmp_path, monkeypatch):
    model = line()
    save_checkpoint(model, tmp_path / "last.weights.h5")
    before = (tmp_path / "last.weights.h5").read_bytes()

    def half(path):
        path.write_bytes(b"half")
        raise OSError("no space")

    monkeypatch.setattr(model, "save_weights", half)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(model, tmp_path / "last.weights.h5")
    assert (tmp_path / "last.weights.h5").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["last.weights.h5"]
