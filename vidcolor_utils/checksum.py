"""The sha256 of a file, alone or in a file of its own beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vidcolor_utils.errors import InputError


def file_sha256(path: str | Path) -> str:
    """Hash a file of any size; returns 64 hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sidecar(path: str | Path) -> str:
    """Write the sha256 of a file to `path` + ".sha256", as sha256sum does, and return it."""
    digest = file_sha256(path)
    _sidecar(path).write_text(f"{digest}  {Path(path).name}\n")
    return digest


def read_checked(path: str | Path) -> bytes:
    """Read a file of weights; if its ".sha256" lies beside it, the content must match.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the content is not what its sha256 says.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; reinstall the package, or train the weights")
    content, sidecar = path.read_bytes(), _sidecar(path)
    if sidecar.exists() and sidecar.read_text().split()[0] != hashlib.sha256(content).hexdigest():
        raise InputError(f"{path}: damaged: its sha256 is not the one in {sidecar.name}")
    return content


def _sidecar(path: str | Path) -> Path:
    return Path(f"{path}.sha256")
