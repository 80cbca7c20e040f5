"""Times in a film, as people write them."""

from __future__ import annotations

import re

TIME = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d*)?)")


def parse_time(text: str) -> float:
    """Turn 90, 1:30 or 00:01:30.5 into seconds.

    Raises:
        ValueError: if `text` is not of these forms.
    """
    match = TIME.fullmatch(text.strip())
    if not match or (match[2] and float(match[3]) >= 60):
        raise ValueError(f"a time is written as 90, 1:30 or 00:01:30.5. Received: {text!r}")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def format_time(seconds: float) -> str:
    """Turn seconds into 0:01:30."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
