"""What passes between those who read and write a film and those who know its colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from vidcolor_utils.video.formats import LumaFrame
from vidcolor_utils.video.times import Span


class Picture(NamedTuple):
    """A frame of the source, and what its colours are made from."""

    frame: LumaFrame
    luma: np.ndarray  # float32 (h, w) in [0, 1], upright, as large as the plan says
    is_own: bool  # of the segment, rather than looked at before or after it


class ColorSource(Protocol):
    """Where the colours of a film come from. Where several processes work, it is sent to them."""

    @property
    def looks_at_frames(self) -> bool:
        """Whether it looks at more of pictures than their luma and time."""
        ...

    def warnings_of(self, span: Span) -> tuple[str, ...]:
        """Give a sentence for each thing of the colours of a part of the film that the user should know."""
        ...

    def settings(self) -> dict:
        """Give all that the colours depend on beside the film, as JSON holds it."""
        ...

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab (h', w', 2) of each frame of one segment, None where it keeps its own; may read ahead."""
        ...


class ColorizeReport(NamedTuple):
    """What was done: the output, its number of frames, and what the user should know."""

    output: Path
    frames: int
    warnings: tuple[str, ...]
