"""Colorize a folder: every file is tried, what is done is passed over, what fails is listed at the end."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Unpack

from vidcolor_utils.colorizers.base import fingerprint
from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.film.director import Photographs
from vidcolor_utils.film.look import PLAIN, SEGMENT_LENGTH, SEGMENT_S, Look, LookOptions
from vidcolor_utils.film.record import identify, versions
from vidcolor_utils.stills.images import is_still, num_pixels
from vidcolor_utils.system.errors import NO_MEMORY, OptionError, VidcolorError, is_want_of_memory
from vidcolor_utils.system.files import alone, check_target
from vidcolor_utils.system.options import check_option
from vidcolor_utils.system.progress import Steps, silent_steps
from vidcolor_utils.system.spread import HERE, Spread, ThreadSpread
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.folder.book import Book, Result
from vidcolor_utils.tool.folder.jobs import REPORT, Job, find_jobs
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.times import WHOLE, Span, checked_span

LOCK = ".vidcolor.lock"
AT_ONCE = 2  # photographs: while one is read, painted or written, the network has the other
LARGE = 16_000_000  # pixels of a photograph that has all of the memory

log = logging.getLogger(__name__)

Outcome = tuple[Result, Mapping]  # with the output's bytes and the identity of its source, if it was made


class Task(NamedTuple):
    """What is done to each file; as for `colorize_file`."""

    look: Look
    span: Span
    segment_s: float
    encoding: Encoding | None

    def settings(self, photographs: Photographs) -> dict:
        """Give all that the outputs depend on beside their sources, as JSON holds it."""
        colorizer, look = fingerprint(shared_colorizer(*self.look.networks)), asdict(self.look)
        for said in ("device", "keyframes", "hints"):  # where it runs changes nothing, the others are not taken
            del look[said]
        look["references"] = [(each.at, photographs.identity(each.photograph)) for each in self.look.references]
        made_with = {**self._asdict(), "look": look, "colorizer": colorizer, "versions": versions()}
        return json.loads(json.dumps(made_with, default=str))


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
        FileNotFoundError, InputError: if a photograph that guides the colours is not there, is none or is gray.
        InputError: if `source` is no folder or holds nothing to colorize, the two folders are one, an output would
            replace a file that is to be coloured, or `REPORT` is there and another file.
        OptionError: if an option, or a setting of `encoding`, has a value that it cannot have, or there are key
            frames or points, which are of one film.
        OutputError: if `output` cannot be written to, or another run is at work in it.
    """
    source, output = Path(source), Path(output)
    segment_s = check_option("segment_s", segment_s, SEGMENT_LENGTH)
    encoding = None if encoding is None else encoding.check_settings()
    task = Task(replace(look, **options), checked_span(span), segment_s, encoding)
    if task.look.is_of_one_film:
        raise OptionError(f"{source}: key frames and points are of one film: colorize it by itself")
    jobs = find_jobs(source, output, encoding or Encoding())
    photographs = Photographs()
    settings = task.settings(photographs)
    output.mkdir(parents=True, exist_ok=True)
    check_target(output / REPORT, None)
    with alone(output / LOCK, shown=output):  # each run writes the report of its own
        book = Book(output / REPORT, settings, jobs)
        tell = progress("files")
        tell(len(book.results), len(jobs))
        waiting = [job for job in jobs if job.name not in book.results]
        here = progress if spread.is_local else silent_steps  # others cannot be sent to other processes
        work = partial(_colorize, task, photographs, here)
        try:
            for result, made_of in _worked_on(work, waiting, task.look, spread):
                book.note(result, made_of)
                tell(len(book.results), len(jobs))
        finally:
            book.write()
    return [book.results[job.name] for job in jobs]


def _worked_on(
    function: Callable[[Job], Outcome], jobs: Sequence[Job], look: Look, spread: Spread
) -> Iterator[Outcome]:
    """Do the jobs; photographs that follow each other, but large ones, `AT_ONCE` where this process does them."""
    if not spread.is_local:
        yield from _spread_by_size(function, jobs, spread.but_for(_lost))
        return
    if look.method != METHODS[0]:  # Keras makes its functions in the first call
        yield from spread(function, jobs)
        return
    for are_small, group in groupby(jobs, key=lambda job: is_still(job.source) and not _is_large(job)):
        yield from (ThreadSpread(AT_ONCE) if are_small else spread)(function, group)


def _spread_by_size(function: Callable[[Job], Outcome], jobs: Sequence[Job], spread: Spread) -> Iterator[Outcome]:
    """Have other processes do the jobs, the large photographs at the end and one at a time."""
    large = dict.fromkeys(filter(_is_large, jobs))
    yield from spread(function, [job for job in jobs if job not in large])
    for job in large:
        yield from spread(function, [job])


def _lost(job: Job) -> Outcome:
    """What becomes of a file that takes several processes down; it must not cost the others either."""
    error = f"{job.source}: took several processes down: there may be too little memory for it"
    return Result(job.name, str(job.output), "failed", error=error), {}


def _is_large(job: Job) -> bool:
    return is_still(job.source) and num_pixels(job.source) >= LARGE


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
            segment_s=task.segment_s if is_film else SEGMENT_S,
            encoding=task.encoding if is_film else None,
            photographs=photographs,
            progress=progress(job.name),
        )
        made_of = {"bytes": job.output.stat().st_size, "source": found}
    except (VidcolorError, OSError) as error:
        return Result(job.name, str(job.output), "failed", error=str(error)), {}
    except Exception as error:  # a mistake of ours must not cost the files after this one
        if is_want_of_memory(error):
            return Result(job.name, str(job.output), "failed", error=f"{job.source}: {NO_MEMORY}"), {}
        log.exception("%s", job.source)
        return Result(job.name, str(job.output), "failed", error=f"{type(error).__name__}: {error}"), {}
    seconds = time.monotonic() - started
    return Result(job.name, str(job.output), "done", report.frames, seconds, tuple(report.warnings)), made_of
