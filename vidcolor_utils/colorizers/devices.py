"""Where ONNX Runtime computes: on the processor, or on an accelerator that the installed build of it knows."""

from __future__ import annotations

import logging
from collections.abc import Sequence

CPU = "CPUExecutionProvider"
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# The builds for these are installed on purpose. CoreML is part of every build for macOS, so it must be asked for.
AUTOMATIC = ("cuda", "directml")

log = logging.getLogger(__name__)


def providers_for(device: str, available: Sequence[str]) -> list[str]:
    """Choose the execution providers for a device; what the accelerator cannot compute falls to the processor.

    Args:
        device: "auto", "cpu", or a key of `PROVIDERS`. One that is not there is replaced by the processor, with a
            warning.
        available: what the installed build knows, `onnxruntime.get_available_providers()`.

    Returns:
        Names for `onnxruntime.InferenceSession`, the preferred one first.
    """
    wanted = AUTOMATIC if device == "auto" else (device,) if device in PROVIDERS else ()
    found = [PROVIDERS[name] for name in wanted if PROVIDERS[name] in available]
    if device in PROVIDERS and not found:
        log.warning("no %s in this build of ONNX Runtime, see docs/gpu.md: the processor is used", device)
    return [*found, CPU]
