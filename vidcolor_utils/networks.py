"""Load the frame colorizer's network, for the runtime that its file is made for.

`.onnx` files run in ONNX Runtime, which starts at once and takes little memory: the colorizer of videos.
`.safetensors` files hold the same weights for Keras: training, and what looks into a model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vidcolor_utils.checksum import read_checked
from vidcolor_utils.errors import InputError
from vidcolor_utils.quiet import quiet_native_logs

STRIDE = 32  # both sides of the network's input must be multiples of this
ONLY_ERRORS = 3  # of ONNX Runtime's levels of logging

Network = Callable[[np.ndarray], np.ndarray]  # luma (B, H, W, 1) in [0, 1] to ab (B, H/2, W/2, 2), float32


def load_network(weights: str | Path) -> Network:
    """Load a network.

    Args:
        weights: a file written by `vidcolor export`, `.onnx` or `.safetensors`. If a file of that name and
            ".sha256" lies beside it, the content must match.

    Returns:
        A function from luma (B, H, W, 1) float32 in [0, 1], H and W multiples of `STRIDE`, to ab
        (B, H/2, W/2, 2) float32 in Lab units.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged, or of neither kind.
    """
    loaders = {".onnx": _load_onnx, ".safetensors": _load_keras}
    suffix = Path(weights).suffix
    if suffix not in loaders:
        raise InputError(f"{weights}: weights are files ending in {' or '.join(loaders)}")
    return loaders[suffix](Path(weights))


def _load_onnx(path: Path) -> Network:
    content = read_checked(path)
    with quiet_native_logs():
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ONLY_ERRORS
        # Threads that spin while they wait would take the cores from the decoder and the encoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no common type
            raise InputError(f"{path}: not a network ({' '.join(str(error).split())[:200]})") from None
    (luma,), (ab,) = session.get_inputs(), session.get_outputs()
    return lambda batch: session.run([ab.name], {luma.name: batch})[0]


def _load_keras(path: Path) -> Network:
    with quiet_native_logs():  # the backend is imported here, not when a program asks for help
        from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
        from vidcolor_utils.weights_io import load_weights, read_metadata

        model = build_frame_colorizer(read_metadata(path).get("objective", "regression"))
        load_weights(model, path)
    return lambda batch: np.asarray(model.predict_on_batch(batch), np.float32)
