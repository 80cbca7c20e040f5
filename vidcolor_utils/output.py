"""Outputs that are either complete or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vidcolor_utils.errors import InputError, OutputError


@contextmanager
def writing(path: str | Path, *, advice: str = "") -> Iterator[None]:
    """Turn what the system says when `path` cannot be written into an `OutputError`, with `advice` at its end."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}){advice}") from None


@contextmanager
def finished_file(path: str | Path, *, source: str | Path | None = None) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` when the block ends well.

    If the block raises, or is interrupted, what was written is removed and `path` stays as it was.

    Args:
        path: the output.
        source: the input it is made from, which must be another file.

    Raises:
        InputError: if `path` is `source`.
        OutputError: if the folder of `path` is missing or not writable, or the rename fails.
    """
    path = Path(path)
    check_target(path, source)
    part = path.with_name(f".{path.stem}.part-{os.getpid()}{path.suffix}")
    try:
        yield part
        with writing(path):
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: str | Path, content: Mapping, *, indent: int | None = 2, sort_keys: bool = False) -> None:
    """Write a JSON file that appears complete or not at all; raises as `finished_file` does."""
    with finished_file(path) as part, writing(path):
        part.write_text(json.dumps(content, indent=indent, sort_keys=sort_keys) + "\n")


def check_target(path: Path, source: str | Path | None) -> None:
    """Check that `path` can be written, as far as that can be told beforehand; raises as `finished_file` does."""
    if source is not None and path.exists() and os.path.samefile(path, source):
        raise InputError(f"{path}: input and output are the same file")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path.parent}: no permission to write there")
