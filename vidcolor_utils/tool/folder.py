"""Colorize a folder: every file is tried, what is done is passed over, what fails is listed at the end."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from math import inf
from pathlib import Path
from typing import NamedTuple, Unpack

from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.film.director import Photographs
from vidcolor_utils.film.look import PLAIN, SEGMENT_LENGTH, SEGMENT_S, Look, LookOptions
from vidcolor_utils.film.record import fingerprint, identify, versions
from vidcolor_utils.stills.images import ANIMATED_SUFFIXES, is_image, is_still, num_pixels, written_suffix
from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError
from vidcolor_utils.system.files import alone, check_target, files_below, is_same_file, write_json
from vidcolor_utils.system.options import check_option
from vidcolor_utils.system.progress import Steps, silent_steps
from vidcolor_utils.system.spread import HERE, Spread, ThreadSpread
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.ffmpeg import VIDEO_SUFFIXES
from vidcolor_utils.video.times import WHOLE, Span, checked_span

REPORT, LOCK = "vidcolor.json", ".vidcolor.lock"
STATES = ("done", "there already", "failed")
WRITE_S = 2.0  # seconds from one writing of the report to the next: of many files it is long
AT_ONCE = 2  # photographs: while one is read, painted or written, the network has the other
LARGE = 16_000_000  # pixels of a photograph that has all of the memory

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """One file to colorize."""

    name: str  # of the source inside its folder
    source: Path
    output: Path


class Result(NamedTuple):
    """What became of a file."""

    name: str
    output: str
    state: str  # one of `STATES`
    frames: int = 0
    seconds: float = 0.0  # that it took
    warnings: tuple[str, ...] = ()
    error: str | None = None


Outcome = tuple[Result, Mapping]  # with the output's bytes and the identity of its source, if it was made


class Task(NamedTuple):
    """What is done to each file; as for `colorize_file`."""

    look: Look
    span: Span
    segment_s: float
    encoding: Encoding | None

    def settings(self) -> dict:
        """Give all that the outputs depend on beside their sources, as JSON holds it."""
        colorizer, look = fingerprint(shared_colorizer(*self.look.networks)), asdict(self.look)
        for said in ("device", "keyframes", "hints"):  # where it runs changes nothing, the others are not taken
            del look[said]
        look["references"] = [(each.at, identify(each.photograph)) for each in self.look.references]
        made_with = {**self._asdict(), "look": look, "colorizer": colorizer, "versions": versions()}
        return json.loads(json.dumps(made_with, default=str))


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
        self._records = _earlier_files(path, made_with)
        self._written = -inf
        for job in jobs:
            record = self._records.get(job.name)
            if record is not None and _is_done(job, record):
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


def colorize_folder(
    source: str | Path,
    output: str | Path,
    *,
    look: Look = PLAIN,
    span: Span = WHOLE,
    segment_s: float = SEGMENT_S,
    encoding: Encoding | None = None,
    spread: Spread = HERE,
    progress: Steps = silent_steps,
    **options: Unpack[LookOptions],
) -> list[Result]:
    """Colorize all videos and still images of a folder and of the folders in it.

    What is done stands in `REPORT` in the output folder. Called again, files whose record matches are passed over,
    a video that was interrupted goes on, and what failed is tried again.

    Args:
        source: the folder.
        output: folder to write to; it is made if need be, and gets the same folders in it.
        look, span, segment_s: as for `colorize_file`; what only films can have passes photographs by.
        encoding: of videos; default: H.264.
        spread: has the files colorized, see `spread.spread_over`.
        progress: gives the progress callback for a name: "files", or that of a file coloured in this process.
        options: those of `look`, by name.

    Returns:
        What became of each file, in the order of their names.

    Raises:
        InputError: if `source` is no folder or holds nothing to colorize, the two folders are one, or the settings
            of `encoding` do not go together.
        OptionError: if an option has a value that it cannot have.
        OutputError: if `output` cannot be written to.
    """
    source, output = Path(source), Path(output)
    check_option("segment_s", segment_s, SEGMENT_LENGTH)
    span = checked_span(span)
    task = Task(replace(look, **options), span, segment_s, encoding)
    if encoding is not None:
        encoding.check_settings()
    if task.look.keyframes is not None or task.look.hints:
        raise OptionError(f"{source}: key frames and points are of one film: colorize it by itself")
    jobs = find_jobs(source, output, encoding or Encoding())
    output.mkdir(parents=True, exist_ok=True)
    check_target(output / REPORT, None)
    with alone(output / LOCK, shown=output):  # each run writes the report of its own
        book = Book(output / REPORT, task.settings(), jobs)
        tell = progress("files")
        tell(len(book.results), len(jobs))
        waiting = [job for job in jobs if job.name not in book.results]
        here = progress if spread.is_local else silent_steps  # others cannot be sent to other processes
        work = partial(_colorize, task, Photographs(), here)
        try:
            for result, made_of in _worked_on(work, waiting, task.look, spread):
                book.note(result, made_of)
                tell(len(book.results), len(jobs))
        finally:
            book.write()
    return [book.results[job.name] for job in jobs]


def find_jobs(source: Path, output: Path, encoding: Encoding) -> list[Job]:
    """List what there is to colorize in a folder, by name; hidden files and folders are left out.

    Outputs keep the names of their sources. A video gets .mkv in place of a suffix that the codec cannot go in;
    where two outputs would have one name, it is added instead.

    Raises:
        InputError: if there is nothing, or the two folders are one.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder")
    if is_same_file(output, source):
        raise InputError(f"{output}: input and output are the same folder")
    paths = sorted(path for path in files_below(source, but=output) if path.name != REPORT)
    for path in paths:
        if not path.is_file():
            log.warning("%s: passed over: %s", path, "is no file" if path.exists() else "leads nowhere")
        elif not _is_known(path):
            log.warning("%s: passed over: by its name it is no video or image", path)
    names = [path.relative_to(source) for path in paths if path.is_file() and _is_known(path)]
    if not names:
        raise InputError(f"{source}: holds no video or image")
    targets = _apart(names, [_target(source, name, encoding) for name in names])
    inputs = {(source / name).resolve() for name in names}
    for target in targets:
        if (output / target).resolve() in inputs:
            raise InputError(f"{output / target}: is to be coloured, and would be replaced: name another folder")
    return [Job(str(name), source / name, output / target) for name, target in zip(names, targets, strict=True)]


def _apart(names: Sequence[Path], targets: Sequence[Path]) -> list[Path]:
    """Change those names of outputs that are equal, but for what has the name of its source."""
    counts, taken, found = Counter(targets), set(names), []
    for name, target in zip(names, targets, strict=True):
        free = target
        if target != name and (counts[target] > 1 or target in taken):
            free = name.with_name(f"{name.name}{target.suffix}")
            while free in taken:
                free = free.with_name(f"{free.name}{target.suffix}")
        taken.add(free)
        found.append(free)
    return found


def _is_known(path: Path) -> bool:
    return is_image(path) or path.suffix.lower() in (*VIDEO_SUFFIXES, *ANIMATED_SUFFIXES)


def _target(source: Path, name: Path, encoding: Encoding) -> Path:
    if is_still(source / name):
        return name.with_suffix(written_suffix(name))
    return name if name.suffix.lower() in encoding.spec.containers else name.with_suffix(".mkv")


def _worked_on(
    function: Callable[[Job], Outcome], jobs: Iterable[Job], look: Look, spread: Spread
) -> Iterator[Outcome]:
    """Do the jobs; photographs that follow each other, but large ones, `AT_ONCE` where this process does them."""
    if not spread.is_local or look.method != METHODS[0]:  # Keras makes its functions in the first call
        yield from spread(function, jobs)
        return
    for are_small, group in groupby(jobs, key=lambda job: is_still(job.source) and num_pixels(job.source) < LARGE):
        yield from (ThreadSpread(AT_ONCE) if are_small else spread)(function, group)


def _colorize(task: Task, photographs: Photographs, progress: Steps, job: Job) -> Outcome:
    """Colorize one file, in any process; what goes wrong is part of the result."""
    started = time.monotonic()
    try:
        found = identify(job.source)  # as it was read: what it becomes meanwhile is done the next time
        job.output.parent.mkdir(parents=True, exist_ok=True)
        is_film = not is_still(job.source)
        report = colorize_file(
            job.source,
            job.output,
            shared_colorizer(*task.look.networks),
            look=task.look if is_film else task.look.for_still(),
            span=task.span if is_film else WHOLE,
            segment_s=task.segment_s,
            encoding=task.encoding if is_film else None,
            photographs=photographs,
            progress=progress(job.name),
        )
        made_of = {"bytes": job.output.stat().st_size, "source": found}
    except (VidcolorError, OSError) as error:
        return Result(job.name, str(job.output), "failed", error=str(error)), {}
    except Exception as error:  # a mistake of ours must not cost the files after this one
        log.exception("%s", job.source)
        return Result(job.name, str(job.output), "failed", error=f"{type(error).__name__}: {error}"), {}
    seconds = time.monotonic() - started
    return Result(job.name, str(job.output), "done", report.frames, seconds, tuple(report.warnings)), made_of


def _earlier_files(path: Path, made_with: dict) -> dict[str, dict]:
    if not path.exists():
        return {}
    try:
        report = json.loads(path.read_text())
        if report["made_with"] == made_with:
            return report["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: is there and no report of a folder: remove it or name another folder") from None
    log.warning("%s: made with other options or versions: starting over", path)
    return {}


def _is_done(job: Job, record: Mapping) -> bool:
    try:
        is_there = record["state"] != "failed" and job.output.stat().st_size == record["bytes"]
        return is_there and identify(job.source) == record["source"]
    except OSError:  # one of them is gone
        return False


def _passed_over(job: Job, record: Mapping) -> Result:
    warnings = tuple(record["warnings"])
    return Result(job.name, str(job.output), "there already", record["frames"], record["seconds"], warnings)
