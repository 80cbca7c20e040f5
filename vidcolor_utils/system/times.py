"""Times in a film, as people write them."""

from __future__ import annotations

import re

from vidcolor_utils.system.errors import InputError

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")


def parse_time(text: str) -> float:
    """Read seconds from "83", "83.5", "1:23.5" or "0:01:23.5".

    Raises:
        InputError: if the text is none of these.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise InputError(f"{text!r} is no time: write seconds, m:ss or h:mm:ss")
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def time_text(seconds: float) -> str:
    """Write a time as h:mm:ss.mmm; hours where there are any."""
    thousandths = round(max(0.0, seconds) * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{start}:{rest // 1000:02d}.{rest % 1000:03d}"
