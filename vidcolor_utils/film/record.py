"""What a coloured film depends on, and what is there of it: by that a later run tells what is left to do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.video.counts import Anchor

HEAD = 1 << 20  # bytes of a file that are hashed; all of a film would take as long to read as to copy
PACKAGES = ("vidcolor-utils", "av", "numpy", "opencv-python-headless")
RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml")  # builds, of which one is installed


class SegmentRecord(NamedTuple):
    """What is known of a finished segment."""

    times: list[int]  # of its frames in the order shown, in units of the source's time base from the span's start
    order: list[int]  # which of the frames each packet holds
    end: int  # when the last of them stops being shown
    following: Anchor | None  # where the next segment begins to be read; None: this is the last one
    warning: str | None  # what the user should know of the source
    bytes: int  # of its file

    @classmethod
    def from_json(cls, content: Mapping) -> SegmentRecord:
        """Take what `_asdict` gave, back from JSON.

        Raises:
            TypeError: if it is something else.
        """
        record = cls(**content)
        return record._replace(following=record.following and Anchor(*record.following))


def identify(path: str | Path) -> dict[str, int | str]:
    """Identify a file by its size in bytes, the time it was changed, and the sha256 of its first megabyte.

    Raises:
        FileNotFoundError: if there is none.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    status = Path(path).stat()
    with Path(path).open("rb") as file:
        head = hashlib.sha256(file.read(HEAD)).hexdigest()
    return {"bytes": status.st_size, "changed_ns": status.st_mtime_ns, "head_sha256": head}


def versions() -> dict[str, str]:
    """Versions of the packages whose changes can change pictures."""
    found = {package: version(package) for package in PACKAGES}
    for build in RUNTIMES:
        with suppress(PackageNotFoundError):
            found[build] = version(build)
    return found
