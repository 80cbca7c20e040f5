"""What a coloured film depends on, so that a later run can tell whether it would make the same."""

from __future__ import annotations

import hashlib
import uuid
from importlib.metadata import version
from pathlib import Path

HEAD = 1 << 20  # bytes of a file that are hashed; all of a film would take as long to read as to copy
PACKAGES = ("vidcolor-utils", "av", "numpy", "opencv-python-headless", "onnxruntime")


def identify(path: str | Path) -> dict[str, int | str]:
    """Identify a file by its size, the time it was changed, and the sha256 of its first megabyte."""
    status = Path(path).stat()
    with Path(path).open("rb") as file:
        head = hashlib.sha256(file.read(HEAD)).hexdigest()
    return {"bytes": status.st_size, "changed_ns": status.st_mtime_ns, "head_sha256": head}


def versions() -> dict[str, str]:
    """Versions of the packages whose changes can change pictures."""
    return {package: version(package) for package in PACKAGES}


def fingerprint(colorizer: object) -> dict:
    """Describe a colorizer; one that cannot describe itself is like no other, not even in the next run."""
    if hasattr(colorizer, "fingerprint"):
        return colorizer.fingerprint()
    return {"colorizer": str(uuid.uuid4())}
