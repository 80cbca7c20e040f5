"""What became of the files of a folder, as it stands in its report."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.film.record import identify
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import write_json
from vidcolor_utils.tool.folder.jobs import Job

STATES = ("done", "there already", "failed")
BY_HAND = "was changed since it was made, and stays: remove it to have it coloured anew"
WRITE_S = 2.0  # seconds from one writing of the report to the next: of many files it is long

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """What became of a file."""

    name: str
    output: str
    state: str  # one of `STATES`
    frames: int = 0
    seconds: float = 0.0  # that it took
    warnings: tuple[str, ...] = ()
    error: str | None = None


class Book:
    """The `REPORT` of a folder: what became of its files.

    Args:
        path: of the file.
        made_with: all that the outputs depend on beside their sources.
        jobs: of the folder.

    Raises:
        InputError: if there is another file of that name.
    """

    def __init__(self, path: Path, made_with: dict, jobs: Sequence[Job]):
        self.results: dict[str, Result] = {}
        self._path, self._made_with, self._jobs = path, made_with, jobs
        self._written = -inf
        earlier, is_same = _earlier_files(path, made_with)
        self._records = dict(earlier) if is_same else {}
        for job in jobs:
            record = earlier.get(job.name)
            if record is not None and _is_by_hand(job, record, path):
                record |= {"by_hand": True}
            elif record is None or not (is_same and _is_done(job, record)):
                continue
            self.results[job.name] = result = _passed_over(job, record)
            self._records[job.name] = record | result._asdict()

    def note(self, result: Result, made_of: Mapping) -> None:
        """Take a file down: what became of it, and of which source; now and then this goes to the disk."""
        self.results[result.name] = result
        self._records[result.name] = {**result._asdict(), **made_of}
        if time.monotonic() - self._written > WRITE_S:
            self.write()

    def write(self) -> None:
        """Write all of it; raises `OutputError` if that cannot be."""
        states = Counter(result.state for result in self.results.values())
        summary = {"files": len(self._jobs), **{state: states[state] for state in STATES}}
        write_json(self._path, {"summary": summary, "made_with": self._made_with, "files": self._records})
        self._written = time.monotonic()


def _earlier_files(path: Path, made_with: dict) -> tuple[dict[str, dict], bool]:
    """What an earlier run wrote of the files, and whether it made them in the same way."""
    if not path.exists():
        return {}, True
    try:
        report = json.loads(path.read_text())
        files, is_same = report["files"], report["made_with"] == made_with
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: is there and no report of a folder: remove it or name another folder") from None
    if not is_same:
        log.warning("%s: made with other options or versions: starting over", path)
    return files, is_same


def _is_by_hand(job: Job, record: Mapping, report: Path) -> bool:
    """Tell whether somebody has changed an output after it was taken down."""
    try:
        status = job.output.stat()
        if record["state"] == "failed" or record.get("by_hand"):
            return record["state"] != "failed"
        return status.st_size != record["bytes"] and status.st_mtime_ns > report.stat().st_mtime_ns
    except OSError:  # one of them is gone
        return False


def _is_done(job: Job, record: Mapping) -> bool:
    try:
        is_there = record["state"] != "failed" and job.output.stat().st_size == record["bytes"]
        return is_there and identify(job.source) == record["source"]
    except OSError:  # one of them is gone
        return False


def _passed_over(job: Job, record: Mapping) -> Result:
    warnings = tuple(record["warnings"])
    said = f"{job.output}: {BY_HAND}"
    if record.get("by_hand") and said not in warnings:
        warnings = (*warnings, said)
    return Result(job.name, str(job.output), "there already", record["frames"], record["seconds"], warnings)
