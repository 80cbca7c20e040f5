"""Training on several devices is training on one."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.clips import prepare
from tests.helpers.command import REPOSITORY
from vidcolor_utils.models import devices
from vidcolor_utils.models.devices import on_devices
from vidcolor_utils.pairs.sources import rendered_clips
from vidcolor_utils.system.errors import InputError

STEPS = 20
# Virtual devices share the processor's threads, and each waits for the other: with NPROC there are threads enough
# for both, and on a busy machine they may wait longer than XLA's usual 40 seconds.
VIRTUAL = "--xla_force_host_platform_device_count={} --xla_cpu_collective_call_terminate_timeout_seconds=600"
TRAIN = f"""
import json, sys
import keras
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.models import devices
from vidcolor_utils.models.devices import on_devices
from vidcolor_utils.course.config import ReportTrainConfig, build_model, compile_model, make_pairs

keras.utils.set_random_seed(0)
# Adam makes steps of one length of gradients of any: at its usual rate 20 of them enlarge rounding a thousandfold.
config = ReportTrainConfig(run_length=4, batch_clips=2, width=1 / 64, learning_rate=2e-4)
pairs = make_pairs(config, ClipStore(sys.argv[1]), "train")
losses = []
with on_devices(int(sys.argv[2])):
    model = build_model(config, steps={STEPS})
    compile_model(model, config, steps={STEPS})
    for pairs.epoch in range({STEPS}):
        losses.append(float(model.train_on_batch(*pairs[0])[0]))
    (previous, current), _ = pairs[0]
    odd = model.predict_on_batch((previous[:3], current[:3]))
print(json.dumps({{"losses": losses, "odd": odd.shape[0], "rows": len(current)}}))
"""


def test_one_device_needs_nothing_and_several_need_jax():
    with on_devices(1):
        assert keras.distribution.distribution() is None
    with pytest.raises(InputError, match="KERAS_BACKEND=jax"), on_devices(2):
        pass


def train(clips: Path, devices: int) -> dict:
    """Train with as many virtual devices of the processor; the loss of each step and two sizes of batches."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": str(REPOSITORY),
        "XLA_FLAGS": VIRTUAL.format(devices),
        "JAX_CPU_ENABLE_ASYNC_DISPATCH": "false",
        "NPROC": "8",
    }
    command = [sys.executable, "-c", TRAIN, str(clips), str(devices)]
    result = subprocess.run(command, env=environment, check=True, timeout=900, stdout=subprocess.PIPE)
    return json.loads(result.stdout)


@pytest.mark.devices
def test_two_devices_have_the_losses_of_one(tmp_path):
    prepare(rendered_clips(4, frames=4), tmp_path)
    one, two = (train(tmp_path, devices) for devices in (1, 2))
    assert one["rows"] == 8 and one["odd"] == two["odd"] == 3  # of 8 frames each device has 4; 3 do not divide
    assert len(one["losses"]) == STEPS and one["losses"][-1] < one["losses"][0]
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=1e-3)


@pytest.mark.parametrize(("found", "named"), [(["Chip 9", "Chip 9"], "Chip 9, Chip 9."), ([], "the processor, ")])
def test_a_reader_sees_what_computes(monkeypatch, found, named):
    monkeypatch.setattr(devices, "accelerators", lambda: found)
    assert devices.computing_on().startswith(
        f"Keras {keras.__version__} on {keras.backend.backend()} computes on {named}"
    )


def test_peak_memory_without_what_tells_that_of_the_process(monkeypatch):
    monkeypatch.setattr(devices, "_device_peak_bytes", lambda: 3_000_000)
    assert devices.peak_memory().keys() == {"host_peak_mb", "device_peak_mb"}
    monkeypatch.setitem(sys.modules, "resource", None)  # Windows has none
    assert devices.peak_memory() == {"device_peak_mb": 3.0}


def test_training_is_imported_where_nothing_tells_the_memory_of_a_process(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    for name in [name for name in sys.modules if name.split(".")[0] == "vidcolor_utils"]:
        monkeypatch.delitem(sys.modules, name)  # all that is ours is imported anew
    assert importlib.import_module("vidcolor_utils.models.devices") is not devices
