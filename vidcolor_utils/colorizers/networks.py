"""Load the frame colorizer's network, for the runtime that its file is made for.

`.onnx` files run in ONNX Runtime, which starts at once and takes little memory: the colorizer of videos.
`.safetensors` files hold the same weights for Keras: training, and what looks into a model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from vidcolor_utils.colorizers.devices import CPU, PROVIDERS, device_of, providers_for, replace_device
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import read_checked
from vidcolor_utils.system.machine import give_back, usable_cores
from vidcolor_utils.system.quiet import quiet_native_logs

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ONLY_ERRORS = 3  # of ONNX Runtime's levels of logging
# Processors without VNNI (AMD before Zen 4, Intel before Ice Lake) multiply 8 bits in 16, where sums overflow: the
# tokens are 6 to 9 % off and not 2 to 5 %. With this they multiply in 32, which takes a fifth longer there.
EXACT_IN_8_BITS = ("session.x64quantprecision", "1")
_PRELOADING = Lock()
_AHEAD: dict[tuple[Path, str], Future[Network]] = {}  # networks that nobody has asked for yet, see `loading_ahead`

# Takes and gives float32 (B, h, w, C). The frame colorizer: luma and meaning to ab; the meaning: tokens to it;
# the transformer: luma to tokens.
Network = Callable[..., np.ndarray]


def load_networks(files: Sequence[Path], load: Callable[[Path], Network]) -> list[Network]:
    """Load several networks with `load`; the others side by side if the first runs on the processor.

    What is said about an accelerator is said with the first one, while nobody holds native logs back.
    """
    first = load(files[0])
    if not (isinstance(first, OnnxNetwork) and first.on_processor) or len(files) < 2:
        return [first, *map(load, files[1:])]
    with ThreadPoolExecutor(len(files) - 1) as pool:
        others = list(pool.map(load, files[1:]))
    give_back()  # what opening them took: 95 MB where each thread has a heap of its own
    return [first, *others]


@contextmanager
def loading_ahead(files: Sequence[Path], device: str) -> Iterator[None]:
    """Load networks for the processor, all side by side, while the block is at work; `load_network` has them then.

    The block says nothing: native logs are held back meanwhile. A network that cannot be loaded says so when it is
    asked for; those for an accelerator wait until then.
    """
    if uses_accelerator(device):
        yield
        return
    with ThreadPoolExecutor(len(files)) as pool:
        _AHEAD.update({(file, device): pool.submit(_load, file, device) for file in files})
        yield


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
    if ahead := _AHEAD.pop((Path(weights), device), None):
        return ahead.result()
    return _load(Path(weights), device)


def _load(weights: Path, device: str) -> Network:
    loaders: dict[str, Callable[[Path], Network]] = {
        ".onnx": partial(_load_onnx, device=device),
        ".safetensors": _load_keras,
    }
    if weights.suffix not in loaders:
        raise InputError(f"{weights}: weights are files ending in {' or '.join(loaders)}")
    return loaders[weights.suffix](weights)


def open_session(content: bytes, device: str = "cpu") -> InferenceSession:
    """Open an ONNX model for ONNX Runtime; see `load_network` for `device`.

    An accelerator that does not start, because libraries or a driver are missing, is replaced by the processor.

    Raises:
        ValueError: if it is none.
    """
    first, *others = _providers(device)
    reason = ""
    if others:
        try:
            session = _start(content, [first, *others])
            if first in session.get_providers():
                return session
            reason = "it does not start, for want of its libraries or its driver"
        except Exception as error:  # ONNX Runtime's errors have no common type
            reason = f"it does not start ({_short(error)})"
    try:
        session = _start(content, [CPU])
    except Exception as error:
        raise ValueError(f"not a network ({_short(error)})") from None
    if reason:
        replace_device(device_of(first), reason)
    return session


def uses_accelerator(device: str) -> bool:
    """Tell whether networks run on an accelerator, as far as ONNX Runtime's build says; see `load_network`."""
    return _providers(device) != [CPU]


def _providers(device: str) -> list[str]:
    with quiet_native_logs():
        import onnxruntime

        available = onnxruntime.get_available_providers()
    return providers_for(device, available)  # outside: what it says is for users


def _start(content: bytes, providers: list[str]) -> InferenceSession:
    with quiet_native_logs():
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # of builds that do not heed the variable of `vidcolor_utils`
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ONLY_ERRORS
        options.intra_op_num_threads = 1  # see `OnnxNetwork`
        options.enable_cpu_mem_arena = False  # it keeps what one call took: 16 MB more, and no faster
        options.add_session_config_entry(*EXACT_IN_8_BITS)
        options.enable_mem_pattern = False  # it takes all at once: 9 MB more; and DirectML demands it
        if PROVIDERS["cuda"] in providers:
            with _PRELOADING, redirect_stdout(StringIO()):  # where it says which libraries it did not find
                onnxruntime.preload_dlls()  # those that pip installed
        session = onnxruntime.InferenceSession(content, options, providers=providers, enable_fallback=0)
        session._model_bytes = None  # the whole file, kept for the fallback that is off
        return session


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


class OnnxNetwork:
    """A `Network` in ONNX Runtime; where the accelerator fails at it, the processor goes on.

    Several threads may call it. On the processor each call computes the items of a batch side by side: that one
    thread has one of them takes a fifth less of the processor's time than that all share each layer.

    Args:
        content: an ONNX model with one output.
        device: see `load_network`.

    Raises:
        ValueError: if it is none.
    """

    def __init__(self, content: bytes, device: str):
        self._session = open_session(content, device)
        self._spare = None if self.on_processor else content  # for the processor, should the accelerator fail
        self._turn = Lock()
        self._cores = usable_cores()  # looked up in files of the system, so not at each call
        self._names = [each.name for each in self._session.get_inputs()]
        (self._result,) = [each.name for each in self._session.get_outputs()]

    @property
    def channels(self) -> tuple[list, object]:
        """How many numbers a point has in each input, and in the output."""
        inputs, (output,) = self._session.get_inputs(), self._session.get_outputs()
        return [each.shape[-1] for each in inputs], output.shape[-1]

    @property
    def on_processor(self) -> bool:
        """Whether it runs there, and not on an accelerator."""
        return self._session.get_providers() == [CPU]

    def __call__(self, *inputs: np.ndarray) -> np.ndarray:
        """Compute the output from the inputs, one after the other."""
        if self._spare is not None:
            with self._turn:  # not every accelerator computes for two threads at once
                return self._on_accelerator(inputs)
        at_once = min(len(inputs[0]), self._cores)
        if at_once < 2:
            return self._compute(self._session, inputs)
        parts = zip(*(np.array_split(of, at_once) for of in inputs), strict=True)
        with ThreadPoolExecutor(at_once) as pool:
            return np.concatenate(list(pool.map(partial(self._compute, self._session), parts)))

    def _compute(self, session: InferenceSession, inputs: Sequence[np.ndarray]) -> np.ndarray:
        return session.run([self._result], dict(zip(self._names, inputs, strict=True)))[0]

    def _on_accelerator(self, inputs: Sequence[np.ndarray]) -> np.ndarray:
        try:
            return self._compute(self._session, inputs)
        except Exception as error:
            if self._spare is None:  # the processor has taken over while this call waited
                raise
            session, first = _start(self._spare, [CPU]), self._session.get_providers()[0]
            found = self._compute(session, inputs)  # raises the same if the inputs are wrong
            self._session, self._spare = session, None
            replace_device(device_of(first), f"it failed ({_short(error)})", logging.ERROR)
            return found


def _load_onnx(path: Path, *, device: str) -> Network:
    content = read_checked(path)
    try:
        return OnnxNetwork(content, device)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


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
    turn = Lock()  # Keras is not made for several threads

    def network(*inputs: np.ndarray) -> np.ndarray:
        with turn:
            return np.asarray(model.predict_on_batch(list(inputs)), np.float32)

    return network
