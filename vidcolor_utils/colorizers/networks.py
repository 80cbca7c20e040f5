"""Load the frame colorizer's network, for the runtime that its file is made for.

`.onnx` files run in ONNX Runtime, which starts at once and takes little memory: the colorizer of videos.
`.safetensors` files hold the same weights for Keras: training, and what looks into a model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidcolor_utils.colorizers.devices import providers_for
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import read_checked
from vidcolor_utils.system.quiet import quiet_native_logs

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ONLY_ERRORS = 3  # of ONNX Runtime's levels of logging

# Takes and gives float32 (B, h, w, C). The frame colorizer: luma and meaning to ab; the meaning: tokens to it;
# the transformer: luma to tokens.
Network = Callable[..., np.ndarray]


def load_network(weights: str | Path, device: str = "cpu") -> Network:
    """Load a network.

    Args:
        weights: a file written by `vidcolor export`, `.onnx` or `.safetensors`. If a file of that name and
            ".sha256" lies beside it, the content must match.
        device: where a `.onnx` file runs, see `providers_for`; Keras chooses by itself.

    Returns:
        A function that takes the network's inputs, one after the other, and returns its output.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged, or of neither kind.
    """
    loaders: dict[str, Callable[[Path], Network]] = {
        ".onnx": partial(_load_onnx, device=device),
        ".safetensors": _load_keras,
    }
    suffix = Path(weights).suffix
    if suffix not in loaders:
        raise InputError(f"{weights}: weights are files ending in {' or '.join(loaders)}")
    return loaders[suffix](Path(weights))


def open_session(content: bytes, device: str = "cpu") -> InferenceSession:
    """Open an ONNX model for ONNX Runtime; see `load_network` for `device`.

    Raises:
        ValueError: if it is none.
    """
    with quiet_native_logs():
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ONLY_ERRORS
        # Threads that spin while they wait would take the cores from the decoder and the encoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = providers_for(device, onnxruntime.get_available_providers())
        try:
            return onnxruntime.InferenceSession(content, options, providers=providers)
        except Exception as error:  # ONNX Runtime's errors have no common type
            raise ValueError(f"not a network ({' '.join(str(error).split())[:200]})") from None


def _load_onnx(path: Path, *, device: str) -> Network:
    content = read_checked(path)
    try:
        session = open_session(content, device)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    names, (result,) = [each.name for each in session.get_inputs()], session.get_outputs()
    return lambda *inputs: session.run([result.name], dict(zip(names, inputs, strict=True)))[0]


def _load_keras(path: Path) -> Network:
    with quiet_native_logs():  # the backend is imported here, not when a program asks for help
        from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
        from vidcolor_utils.models.meaning import build_meaning
        from vidcolor_utils.models.stored_weights import load_weights, read_metadata

        builders = {"frame": build_frame_colorizer, "meaning": build_meaning}
        name = read_metadata(path).get("network")
        if name not in builders:
            raise InputError(f"{path}: holds none of the networks {', '.join(builders)}")
        model = builders[name]()
        load_weights(model, path)
    return lambda *inputs: np.asarray(model.predict_on_batch(list(inputs)), np.float32)
