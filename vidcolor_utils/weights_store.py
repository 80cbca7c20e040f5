"""Weights that do not ship with the package: fetch, verify, convert once, keep in a cache.

The cache is `$VIDCOLOR_HOME/weights`, or `~/.cache/vidcolor/weights`. A PyTorch file is read without
unpickling (`torch_file`), and what stays in the cache is safetensors, a format that holds only arrays.
No Keras is imported here, so that `vidcolor weights list` is instant.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors.numpy import save

from vidcolor_utils.checksum import file_sha256
from vidcolor_utils.errors import InputError, VidcolorError
from vidcolor_utils.models.zhang_state import check_zhang_state
from vidcolor_utils.output import writing
from vidcolor_utils.torch_file import read_torch_state_dict

HOME_VARIABLE = "VIDCOLOR_HOME"
TIMEOUT_S = 30  # of silence
CHUNK_BYTES = 1 << 18
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
WEIGHT_SUFFIXES = (".safetensors", ".h5", ".onnx")

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and, if known, how many there will be."""


@dataclass(frozen=True)
class ReleasedWeights:
    """Weights that somebody else published, as a PyTorch file."""

    url: str
    sha256: str
    licence: str
    source: str
    check: Callable[[Mapping[str, np.ndarray]], None]  # raises InputError for another network's weights
    size: int | None = None  # bytes of the published file


KNOWN_WEIGHTS: dict[str, ReleasedWeights] = {
    "zhang": ReleasedWeights(
        url="https://colorizers.s3.us-east-2.amazonaws.com/colorization_release_v2-9b330a0b.pth",
        sha256="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
        licence="BSD-2-Clause",
        source="Zhang, Isola & Efros 2016, Colorful Image Colorization, github.com/richzhang/colorization",
        check=check_zhang_state,
    ),
}


@dataclass(frozen=True)
class WeightsInfo:
    """One row of `list_weights`."""

    name: str
    state: str  # "ships", "cached", "partly fetched" or "not fetched"
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
    return cache_dir() / f"{name}-{_released(name, registry).sha256[:8]}.safetensors"


def find_weights(name: str, *, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS) -> Path:
    """Path of the cached weights `name`, without fetching them.

    Raises:
        InputError: if there are no such weights, or if they are not there yet.
    """
    path = cached_path(name, registry=registry)
    if not path.exists():
        raise InputError(f"the weights `{name}` are not there yet: run `vidcolor weights get {name}` once")
    return path


def get_weights(
    name: str,
    *,
    progress: Progress | None = None,
    registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS,
) -> Path:
    """Path of the weights `name`, fetched, verified and converted if they are not cached.

    An interrupted download goes on where it stopped. Nothing else is left behind by a failure.

    Args:
        name: a key of `registry`.
        progress: called often during a download.
        registry: where to look the name up.

    Returns:
        A safetensors file with the names and shapes of the release.

    Raises:
        InputError: if there are no such weights.
        VidcolorError: if they cannot be fetched, or are not what was published; says what to do by hand.
        OutputError: if the cache cannot be written.
    """
    released, path = _released(name, registry), cached_path(name, registry=registry)
    if path.exists():
        return path
    part = path.with_suffix(".part")
    with _writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not part.exists() or file_sha256(part) != released.sha256:
        try:
            _download(released, part, progress)
        except _NetworkError as error:
            raise VidcolorError(f"cannot fetch {released.url}: {error}; {_by_hand(name, released)}") from None
        if file_sha256(part) != released.sha256:
            part.unlink()
            raise VidcolorError(
                f"{released.url}: what came has another sha256 than was published; try again, or "
                f"{_by_hand(name, released)}"
            )
    try:
        _convert(part, released, path)
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
    found = file_sha256(file)
    if found != released.sha256:
        raise InputError(f"{file}: its sha256 is {found}, not the published one; {_by_hand(name, released)}")
    with _writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    _convert(file, released, path)
    return path


def list_weights(*, registry: Mapping[str, ReleasedWeights] = KNOWN_WEIGHTS) -> list[WeightsInfo]:
    """What ships in the package, then what can be fetched, and whether it was."""
    return [*_shipped(), *(_fetched(name, registry) for name in sorted(registry))]


def _shipped_dir() -> Path:
    return Path(str(resources.files("vidcolor_utils") / "weights"))


def _shipped() -> Iterator[WeightsInfo]:
    for path in sorted(_shipped_dir().glob("*")):
        if path.suffix in WEIGHT_SUFFIXES:
            size = path.stat().st_size
            yield WeightsInfo(path.name, "ships", size, path, "this project", "MIT")


def _fetched(name: str, registry: Mapping[str, ReleasedWeights]) -> WeightsInfo:
    released, path = registry[name], cached_path(name, registry=registry)
    part = path.with_suffix(".part")
    source = f"{released.source}; {released.url}"
    for there, state in ((path, "cached"), (part, "partly fetched")):
        if there.exists():
            return WeightsInfo(name, state, there.stat().st_size, there, source, released.licence)
    return WeightsInfo(name, "not fetched", released.size, None, source, released.licence)


def _released(name: str, registry: Mapping[str, ReleasedWeights]) -> ReleasedWeights:
    if name not in registry:
        raise InputError(f"no weights are called `{name}`; there are: {', '.join(sorted(registry))}")
    return registry[name]


def _by_hand(name: str, released: ReleasedWeights) -> str:
    return (
        f"fetch {released.url} by other means (sha256 {released.sha256}) "
        f"and run `vidcolor weights import {name} FILE`"
    )


def _writing(path: Path) -> AbstractContextManager[None]:
    return writing(path, advice=f"; set {HOME_VARIABLE}")


def _convert(file: Path, released: ReleasedWeights, path: Path) -> None:
    """Write the tensors of `file` to `path`, which appears only when it is complete."""
    state = read_torch_state_dict(file)
    try:
        released.check(state)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    metadata = {
        "source": released.source,
        "url": released.url,
        "sha256": released.sha256,
        "licence": released.licence,
    }
    content = save(state, metadata)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with _writing(path):
            unfinished.write_bytes(content)
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class _NetworkError(Exception):
    """A download failed; the message says how, in a few words."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where `_check_url` allows."""

    def redirect_request(self, *answer: Any) -> urllib.request.Request | None:
        *_, url = answer
        _check_url(url)
        return super().redirect_request(*answer)


def _check_url(url: str) -> None:
    """Allow https; http only within this machine, where nobody can listen in."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        raise _NetworkError("only https is allowed")


def _download(released: ReleasedWeights, part: Path, progress: Progress | None) -> None:
    """Append to `part` what is missing of it, as far as file sizes can tell."""
    _check_url(released.url)
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(released.url, headers={"User-Agent": "vidcolor"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.build_opener(_SafeRedirects).open(request, timeout=TIMEOUT_S) as response:
            _receive(response, part, have, progress)
    except urllib.error.HTTPError as error:
        if not have or error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise _NetworkError(f"the server answers {error.code} {error.reason}") from None
        # There is nothing behind what we have: it is complete, or wrong, and its checksum will tell.
    except urllib.error.URLError as error:
        raise _NetworkError(getattr(error.reason, "strerror", None) or str(error.reason)) from None
    except (OSError, http.client.HTTPException) as error:
        raise _NetworkError(str(error) or type(error).__name__) from None


def _receive(response: http.client.HTTPResponse, part: Path, have: int, progress: Progress | None) -> None:
    if response.status != http.client.PARTIAL_CONTENT:
        have = 0  # the server sends all of it, asked or not
    length = response.headers.get("Content-Length")
    total = have + int(length) if length and length.isdecimal() else None
    with _opened(part, "ab" if have else "wb") as file:
        while chunk := response.read(CHUNK_BYTES):
            with _writing(part):
                file.write(chunk)
            have += len(chunk)
            if progress:
                progress(have, total)
    if total is not None and have < total:
        raise _NetworkError(f"the connection broke after {have} of {total} bytes; try again to go on from there")


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
    with _writing(path):
        file = path.open(mode)
    try:
        yield file
    finally:
        with _writing(path):
            file.close()
