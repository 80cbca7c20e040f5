"""The runtimes that the light network can run in, to be compared by `make bench`.

The transformer and the meaning are left out: a film asks them once a second. OpenVINO 2026.4 fails on the meaning.

OpenCV's DNN is not among them: neither of its engines loads the file (OpenCV 5.0, at the decoder's convolutions).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.networks import Network
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.shipped import shipped_weights_path


def load_in_openvino(path: str | Path) -> Network:
    """Load an `.onnx` file in OpenVINO, in float32: in bfloat16 it is faster and up to 4 Lab units off.

    Raises:
        InputError: if OpenVINO is not installed.
    """
    # Its import reports to its makers, without asking, where this module is there; then it does without.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError:
        raise InputError("OpenVINO is not installed: run `make bench`, which installs it") from None
    network = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda *inputs: np.asarray(network(list(inputs))[0])


RUNTIMES: dict[str, Callable[[], FrameColorizer]] = {
    "ONNX Runtime": partial(FrameColorizer, shipped_weights_path("frame.onnx"), quality="fast"),
    "OpenVINO": partial(FrameColorizer, shipped_weights_path("frame.onnx"), quality="fast", load=load_in_openvino),
    "Keras": partial(FrameColorizer, shipped_weights_path("frame.safetensors"), quality="fast"),
}
