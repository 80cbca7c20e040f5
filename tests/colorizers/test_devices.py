"""Accelerators by the lists that builds of ONNX Runtime give; none was run on one."""

import pytest

from vidcolor_utils.colorizers.defaults import DEVICES
from vidcolor_utils.colorizers.devices import CPU, PROVIDERS, providers_for

CUDA, DIRECTML, COREML = (PROVIDERS[name] for name in ("cuda", "directml", "coreml"))


def test_every_device_can_be_named():
    assert set(DEVICES) == {"auto", "cpu", *PROVIDERS}


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


def test_one_that_is_not_there_is_replaced_and_said_in_one_line(caplog):
    assert providers_for("cuda", [CPU]) == [CPU]
    (record,) = caplog.records
    assert record.getMessage().startswith("no cuda in this build") and "\n" not in record.getMessage()
