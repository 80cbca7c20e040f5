"""A gray film of two shots whose true colours are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.keyed import gray_of, two_shots, write_film
from vidcolor_utils.pictures.color import rgb_from_gray

SHOT = 8  # frames, at 25 a second


@pytest.fixture(scope="session")
def truth() -> list[np.ndarray]:
    return two_shots(SHOT)


@pytest.fixture(scope="session")
def gray_film(truth: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "two shots.mp4"
    return write_film(path, [rgb_from_gray(gray_of(rgb)) for rgb in truth])
