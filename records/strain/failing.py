"""What becomes of a run when one call of it fails: the n-th open, read, write, seek, rename ..., for all n."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TypedDict
from unittest.mock import patch

import av
import av.error
import numpy as np

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.ffmpeg import Packets
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span
from vidcolor_utils.video.writer import VideoWriter

# Kind of call, what has it, and its name there.
CALLS: dict[str, tuple[Any, str]] = {
    "open": (av, "open"),
    "read": (Packets, "__next__"),
    "write": (VideoWriter, "_mux"),
    "encode": (VideoWriter, "_encoded"),
    "seek": (VideoReader, "_seek"),
    "rename": (os, "replace"),
    "sync": (os, "fsync"),
    "text": (Path, "write_text"),
}
FAILED = "failed"  # beside the kinds, how many were made to fail
SEGMENT_S = 1.0  # two frames of a film that shows two a second
CODEC = Encoding().codec  # of the record
SPAN = Span(1.2)  # so that the film is sought in


class Plain(GrayColorizer):
    """Gray, and the same in every run."""

    def fingerprint(self) -> dict:
        """Describe it for the record of a run."""
        return {"colorizer": "gray"}


@contextmanager
def counting(fail: tuple[str, int] | None = None) -> Iterator[Counter[str]]:
    """Count the calls of each kind; have the n-th one of a kind fail as on a full or broken disk."""
    counts: Counter[str] = Counter()

    def counted(kind: str, call: Callable) -> Callable:
        def replaced(*arguments: Any, **options: Any) -> Any:
            if kind == "open" and not isinstance(arguments[0], str):
                return call(*arguments, **options)  # in memory
            counts[kind] += 1
            if fail == (kind, counts[kind]):
                counts[FAILED] += 1
                raise av.error.OSError(errno.EIO, "Input/output error")
            return call(*arguments, **options)

        return replaced

    with ExitStack() as stack:
        for kind, (owner, name) in CALLS.items():
            stack.enter_context(patch.object(owner, name, counted(kind, getattr(owner, name))))
        yield counts


def write_film(path: Path) -> None:
    """Write nine frames, two a second."""
    with VideoWriter(path, (48, 64), rate=Fraction(2)) as writer:
        for index in range(9):
            frame = np.full((48, 64, 3), 60, np.uint8)
            frame[8:24, 5 * index : 5 * index + 16] = 200
            writer.write_rgb(frame, index)


def colorize(source: Path, output: Path, codec: str) -> None:
    """Colour the later part of a film in segments of two frames."""
    colorize_file(source, output, Plain(), segment_s=SEGMENT_S, strength=0.0, span=SPAN, encoding=Encoding(codec))


def checksum(path: Path) -> str:
    """Hash a film's decoded frames and their times."""
    found = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            found.update(np.ascontiguousarray(frame.to_ndarray()).tobytes() + str(frame.time).encode())
    return found.hexdigest()


def outcome(source: Path, output: Path, fail: tuple[str, int], expected: str, codec: str = CODEC) -> str:
    """Have one call fail, repeat the command, and say what is wrong; "" if all is as promised."""
    with counting(fail) as calls:
        try:
            colorize(source, output, codec)
        except VidcolorError as error:
            if "\n" in str(error) or f"{output.parent}/." in str(error):
                return f"the message is {error}"
            if output.exists():
                return "there is an output although the run failed"
        except Exception as error:
            return f"a traceback: {type(error).__name__}: {error}"
    if not calls[FAILED]:
        return "no call failed: the run makes fewer of them than the first one did"
    if output.exists() and checksum(output) != expected:
        return "the run said nothing, and its frames are others"
    colorize(source, output, codec)
    if checksum(output) != expected:
        return "the same command then gives other frames"
    left = [path.name for path in output.parent.iterdir() if path.name.startswith(".")]
    return f"left behind: {left}" if left else ""


class FailingRecord(TypedDict):
    """What `run_failing` found."""

    calls: dict[str, int]  # of each kind that the run makes
    tried: int
    failures: dict[str, str]  # a call to what was wrong when it failed


def run_failing(source: Path, folder: Path, *, every: int = 1, codec: str = CODEC) -> FailingRecord:
    """Have every call (or each `every`-th) of a run fail once.

    Args:
        source: a film of nine frames, two a second.
        folder: an empty folder to work in.
        every: leave out the calls between.
        codec: of the output.

    Returns:
        The record.
    """
    output = folder / "out.mkv"
    with counting() as calls:
        colorize(source, output, codec)
    expected, failures, tried = checksum(output), {}, 0
    cases = [(kind, number) for kind in CALLS for number in range(1, calls[kind] + 1)]
    for kind, number in cases[::every]:
        output.unlink(missing_ok=True)
        tried += 1
        if wrong := outcome(source, output, (kind, number), expected, codec):
            failures[f"{kind} {number}"] = wrong
    return {"calls": dict(calls), "tried": tried, "failures": failures}
