"""Where ONNX Runtime computes: on the processor, or on an accelerator that the installed build of it knows."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from vidcolor_utils.system.spread import in_worker

CPU = "CPUExecutionProvider"
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# The builds for these are installed on purpose. CoreML is part of every build for macOS, so it must be asked for.
AUTOMATIC = ("cuda", "directml")

_replaced: set[str] = set()  # devices that did not start in this process

log = logging.getLogger(__name__)


def providers_for(device: str, available: Sequence[str]) -> list[str]:
    """Choose the execution providers for a device; what the accelerator cannot compute falls to the processor.

    Args:
        device: "auto", "cpu", or a key of `PROVIDERS`. One that is not there, or did not start, is replaced by the
            processor; a line says so, once in a process.
        available: what the installed build knows, `onnxruntime.get_available_providers()`.

    Returns:
        Names for `onnxruntime.InferenceSession`, the preferred one first.
    """
    wanted = AUTOMATIC if device == "auto" else (device,) if device in PROVIDERS else ()
    found = [name for name in wanted if PROVIDERS[name] in available]
    if device in PROVIDERS and not found:
        replace_device(device, "this build of ONNX Runtime does not have it")
    return [*(PROVIDERS[name] for name in found if name not in _replaced), CPU]


def device_of(provider: str) -> str:
    """Name the device of a provider, one of `PROVIDERS`."""
    return next(name for name, theirs in PROVIDERS.items() if theirs == provider)


def replace_device(device: str, reason: str, level: int = logging.WARNING) -> None:
    """Have the processor used in place of a device in this process from now on, and say so, once.

    In a process of a `ProcessSpread` only errors are said: of the rest the first process has warned already.
    """
    if device not in _replaced:
        _replaced.add(device)
        if level >= logging.ERROR or not in_worker():
            log.log(level, "%s: %s, see docs/gpu.md: the processor is used", device, reason)
