"""How far a work is: one shape for whoever tells it and whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]  # called with what is done, and all there is if anybody knows
Steps = Callable[[str], Progress]  # gives the progress of a step by its name
Say = Callable[[str], None]  # told a line now and then of what takes hours


def silent(done: int, total: int | None) -> None:
    """Tell nobody: the `Progress` where none is given."""


def silent_steps(name: str) -> Progress:
    """Tell nobody: the `Steps` where none are given."""
    return silent


def unsaid(line: str) -> None:
    """Tell nobody: the `Say` where none is given."""
