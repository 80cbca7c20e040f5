"""Ask FFmpeg's muxers what they take."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import av
import av.error

if TYPE_CHECKING:
    from av.container import OutputContainer

FORMAT_NAMES = {".mkv": "matroska", ".m4v": "ipod"}  # others are called as their suffix


def muxer_takes(suffix: str, add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether the container of a suffix takes the streams that `add` adds to it."""
    name = FORMAT_NAMES.get(suffix, suffix[1:])
    return is_taken(lambda: av.open(io.BytesIO(), "w", format=name), add)


def is_taken(open_: Callable[[], OutputContainer], add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether a header can be written with the streams that `add` adds."""
    try:
        with open_() as container:
            add(container)
            container.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True
