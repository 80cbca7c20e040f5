"""Clips prepared with a tint for the network's colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidcolor_utils.pairs.prepare import prepare_clips
from vidcolor_utils.pairs.sources import Clip, rendered_clips


def sepia(gray: np.ndarray) -> np.ndarray:
    return (gray[..., None] * np.array([1, 0.9, 0.7])).astype(np.uint8)


def prepare(clips: list[Clip], folder: Path, **options: object) -> dict:
    return prepare_clips(clips, folder, baseline=sepia, baseline_name="sepia", **options)


def prepare_rendered(factory: pytest.TempPathFactory, *, frames: int) -> Path:
    """Four rendered clips in a folder of their own: two to train on, one for dev, one for test."""
    folder = factory.mktemp("clips")
    prepare(rendered_clips(4, frames=frames), folder, seed=0)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
