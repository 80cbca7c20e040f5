"""Training on several devices is training on one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import REPOSITORY
from test_prepare import prepare

from vidcolor_utils.clip_sources import rendered_clips
from vidcolor_utils.devices import on_devices
from vidcolor_utils.errors import InputError

STEPS = 20
TRAIN = f"""
import sys
from vidcolor_utils.devices import on_devices
from vidcolor_utils.report_training import ReportTrainConfig, train_report_model

clips, out_dir, devices = sys.argv[1:]
config = ReportTrainConfig(epochs={STEPS}, run_length=4, batch_clips=2, width=1 / 64, sample_every=0)
with on_devices(int(devices)):
    record = train_report_model(clips, out_dir, config, verbose=0)
assert record["scale"]["steps_an_epoch"] == 1
"""


def test_one_device_needs_nothing_and_several_need_jax():
    with on_devices(1):
        assert keras.distribution.distribution() is None
    with pytest.raises(InputError, match="KERAS_BACKEND=jax"), on_devices(2):
        pass


def train(clips: Path, out_dir: Path, devices: int) -> list[float]:
    """The loss of each step, with as many virtual devices of the processor."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": str(REPOSITORY),
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
    }
    command = [sys.executable, "-c", TRAIN, str(clips), str(out_dir), str(devices)]
    subprocess.run(command, env=environment, check=True, timeout=600)
    record = json.loads((out_dir / "run.json").read_text())
    return [row[key] for row in record["history"] for key in ("loss", "val_loss")]


@pytest.mark.backends
def test_two_devices_have_the_losses_of_one(tmp_path):
    prepare(rendered_clips(4, frames=5), tmp_path / "clips")  # 5 frames: batches of scoring cannot be divided
    one, two = (train(tmp_path / "clips", tmp_path / str(devices), devices) for devices in (1, 2))
    assert len(one) == 2 * STEPS and one[-2] < one[0]
    np.testing.assert_allclose(two, one, rtol=1e-3)
