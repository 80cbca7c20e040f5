"""Finished segments of a video, kept beside the output until it is complete."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from vidcolor_utils.film.record import SegmentRecord
from vidcolor_utils.system.errors import OutputError, RefusedError, UnreadableError
from vidcolor_utils.system.files import (
    REMOVED_WHILE_HELD,
    check_target,
    finished_file,
    hidden_beside,
    hold,
    write_json,
    writing,
)

RECORD, LOCK = "film.json", "film.lock"
RECORDS = "[0-9]" * 6 + ".json"  # those of the segments
OWN_FILES = re.compile(r"\.?(film|\d{6}|joined)\b.*")  # names that a work folder may hold

log = logging.getLogger(__name__)


def work_folder_path(output: str | Path) -> Path:
    """Folder in which the segments of `output` are kept."""
    output = Path(output)
    return hidden_beside(output, output.name, ".vidcolor")


class WorkFolder:
    """Segments that are finished, each with a record. Use as a context manager.

    A segment counts as finished once its record is there, which is written last. One run at a time is inside; on
    leaving, a folder without finished segments is removed.

    Args:
        output: the file that the segments are for.
        source: the input it is made from, which must be another file.
        suffix: of the files of segments.

    Raises:
        InputError: if `output` is `source`.
        OutputError: if the folder of `output` is missing or cannot be written to, or another run makes `output`.
    """

    def __init__(self, output: str | Path, *, source: str | Path, suffix: str):
        check_target(Path(output), source)
        self.path, self.target, self._suffix = work_folder_path(output), Path(output), suffix
        self._held: IO[bytes] | None = None

    def __enter__(self) -> WorkFolder:
        with writing(self.target):
            self.path.mkdir(exist_ok=True)
            try:
                self._held = hold(self.path / LOCK)
            except BlockingIOError:
                raise OutputError(f"{self.target}: another run is at work on it") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._leave(error)
        finally:
            if self._held is not None:
                self._held.close()

    def __getstate__(self) -> dict:
        """Go to other processes, which make segments, without what this one holds."""
        return {**self.__dict__, "_held": None}

    def _leave(self, error: BaseException | None) -> None:
        finished = self.finished()
        is_kept = bool(finished) and not isinstance(error, RefusedError)
        if not is_kept:
            self.remove()  # what a muxer refuses it will refuse again
        if isinstance(error, UnreadableError):
            self._drop(error)
        elif isinstance(error, OutputError) and is_kept:
            kept = f"; {len(finished)} finished segments are kept: when it can be, repeat the command"
            raise OutputError(f"{error}{kept}") from None

    def _drop(self, error: UnreadableError) -> None:
        """Remove what cannot be read if it is a segment: to repeat the command is to make it anew."""
        if error.path is not None and error.path.parent == self.path and error.path.suffix == self._suffix:
            error.path.unlink(missing_ok=True)
            raise OutputError(
                f"{self.target}: a finished segment cannot be read any more, and is removed: repeat the command, "
                "which makes it anew"
            ) from None

    def claim(self, film: Mapping) -> dict[int, SegmentRecord]:
        """Take over the segments of an earlier run if they are of the same film, made in the same way.

        Args:
            film: all that the segments depend on, as JSON holds it: a dictionary of dictionaries.

        Returns:
            The records of the finished segments by their index; files that belong to none are removed.

        Raises:
            OutputError: if the folder cannot be written to.
        """
        wanted: dict = json.loads(json.dumps(film))
        earlier = _read(self.path / RECORD)
        if earlier != wanted:
            if earlier is not None:
                log.warning(
                    "%s: segments of an earlier run do not fit (%s changed): starting over",
                    self.target,
                    ", ".join(_differing(earlier, wanted)),
                )
            self._clear(keep={LOCK})
            write_json(self.path / RECORD, wanted, shown=self.target)
        finished = self.finished()
        self._clear(keep={RECORD, LOCK, *(path.name for index in finished for path in self._files(index))})
        if finished:
            log.info("%s: %d segments are there from an earlier run: going on", self.target, len(finished))
        return finished

    def finished(self) -> dict[int, SegmentRecord]:
        """Records of the finished segments by their index, in order; there may be gaps between them."""
        records: dict[int, SegmentRecord] = {}
        for index in sorted(int(path.stem) for path in self.path.glob(RECORDS)):
            path, record_path = self._files(index)
            record = _read_segment(record_path)
            if record is not None and path.exists() and path.stat().st_size == record.bytes:
                records[index] = record
        return records

    def segment_path(self, index: int) -> Path:
        """File of a segment."""
        return self._files(index)[0]

    @contextmanager
    def segment(self, index: int) -> Iterator[Path]:
        """Give a file to write a segment to; without a record, see `keep`, it does not count.

        Raises:
            OutputError: if it cannot be written.
        """
        path = self.segment_path(index)
        with finished_file(path, shown=self.target) as part:
            yield part
            with writing(self.target):
                _sync(part)

    def keep(self, index: int, record: SegmentRecord) -> None:
        """Keep the record of a segment whose file is there; from now on the segment is finished.

        Raises:
            OutputError: if it cannot be written.
        """
        write_json(self._files(index)[1], record._asdict(), indent=None, shown=self.target)

    @contextmanager
    def output(self) -> Iterator[Path]:
        """Give a file to write the output to; at the end of the block it becomes the output.

        Raises:
            OutputError: if it cannot.
        """
        with self.scratch_output() as part:
            yield part
            with writing(self.target):
                _sync(part)  # its segments are removed next
                os.replace(part, self.target)

    @contextmanager
    def scratch_output(self) -> Iterator[Path]:
        """Give a file like the output to write to; it is removed at the end of the block."""
        part = self.path / f"joined{self.target.suffix}"
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with all segments; files in it that are none of its own stay, and so does it then."""
        if self._held is not None and not REMOVED_WHILE_HELD:
            self._held.close()
        if self.path.is_dir():
            self._clear(keep=set())
            with suppress(OSError):
                self.path.rmdir()

    def _clear(self, keep: set[str]) -> None:
        for path in self.path.iterdir():
            if path.name not in keep and OWN_FILES.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _files(self, index: int) -> tuple[Path, Path]:
        return self.path / f"{index:06}{self._suffix}", self.path / f"{index:06}.json"


def _sync(path: Path) -> None:
    """Bring a file to the disk: after a power cut, a file that is there must have its content."""
    with path.open("r+b") as file:  # Windows brings to the disk what may be written to
        os.fsync(file.fileno())


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _read_segment(path: Path) -> SegmentRecord | None:
    try:
        return SegmentRecord.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _differing(earlier: Mapping, film: Mapping) -> list[str]:
    """Names of what differs, those inside a part of the record with the part's name."""
    names = []
    for part in sorted({*earlier, *film}):
        old, new = earlier.get(part, {}), film.get(part, {})
        names += [f"{part} {key}" for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    return names
