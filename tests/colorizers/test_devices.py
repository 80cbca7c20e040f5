"""Accelerators by the lists that builds of ONNX Runtime give; none was run on one."""

import logging
import tomllib

import pytest

from tests.helpers.command import REPOSITORY
from vidcolor_utils.colorizers import devices
from vidcolor_utils.colorizers.defaults import DEVICES
from vidcolor_utils.colorizers.devices import CPU, PROVIDERS, device_of, providers_for, replace_device
from vidcolor_utils.film.record import RUNTIMES

CUDA, DIRECTML, COREML = (PROVIDERS[name] for name in ("cuda", "directml", "coreml"))


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process in which no device was replaced yet."""
    monkeypatch.setattr(devices, "_replaced", set())


def test_every_device_can_be_named():
    assert set(DEVICES) == {"auto", "cpu", *PROVIDERS}
    assert [device_of(provider) for provider in PROVIDERS.values()] == list(PROVIDERS)


@pytest.mark.parametrize(
    ("device", "available", "chosen"),
    [
        ("auto", [CPU], [CPU]),
        ("auto", ["TensorrtExecutionProvider", CUDA, CPU], [CUDA, CPU]),
        ("auto", [DIRECTML, CPU], [DIRECTML, CPU]),
        ("auto", [COREML, CPU], [CPU]),
        ("coreml", [COREML, CPU], [COREML, CPU]),
        ("cpu", [CUDA, CPU], [CPU]),
    ],
)
def test_the_accelerator_comes_first_and_the_processor_last(device, available, chosen):
    assert providers_for(device, available) == chosen


def test_one_that_is_not_there_is_replaced_and_said_in_one_line_once(caplog):
    for _ in range(3):  # a colorizer has three networks
        assert providers_for("cuda", [CPU]) == [CPU]
    (record,) = caplog.records
    assert record.getMessage().startswith("cuda: this build") and "\n" not in record.getMessage()


def test_one_that_did_not_start_is_not_tried_again(caplog):
    replace_device("cuda", "no")
    assert providers_for("auto", [CUDA, CPU]) == providers_for("cuda", [CUDA, CPU]) == [CPU]
    assert providers_for("auto", [CUDA, DIRECTML, CPU]) == [DIRECTML, CPU]
    assert len(caplog.records) == 1


def test_a_worker_says_only_what_failed(caplog, monkeypatch):
    monkeypatch.setattr(devices, "in_worker", lambda: True)
    replace_device("cuda", "no")
    replace_device("directml", "it failed", logging.ERROR)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["directml"]


def test_builds_for_devices_are_extras_that_do_not_come_by_themselves():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert extras["cuda"][0].startswith("onnxruntime-gpu[") and "==" in extras["cuda"][0]
    assert extras["directml"][0].startswith("onnxruntime-directml==")
    assert [name.split("==")[0] for name in project["dependencies"] if "onnxruntime" in name] == [RUNTIMES[0]]
