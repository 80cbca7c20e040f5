"""What `manifest.json` says of a folder of prepared clips."""

from __future__ import annotations

from typing import TypedDict

MANIFEST = "manifest.json"

Origin = dict[str, str | int | float | bool]  # where a clip comes from: no path of this machine, no time stamp


class ClipFacts(TypedDict):
    """What a manifest says of a clip."""

    origin: Origin
    frames: int
    bytes: int  # of its file
    sha256: str


class SkippedClip(TypedDict):
    """What a manifest says of a clip that could not be prepared."""

    name: str
    origin: Origin
    reason: str


class Settings(TypedDict):
    """How clips were prepared, see `prepare.prepare_clips`."""

    baseline: str
    size: list[int]  # height and width before the crop
    crop: int | None
    seed: int


class Manifest(TypedDict):
    """`manifest.json`: what a folder of prepared clips holds."""

    settings: Settings
    counts: dict[str, int]  # of clips, frames, skipped clips, and clips of each split
    bytes: int
    report_bytes: int  # that the same frames took the report's authors
    split: dict[str, list[str]]  # names of clips
    clips: dict[str, ClipFacts]
    skipped: list[SkippedClip]
