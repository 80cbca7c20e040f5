"""Colorize a folder: every file is tried, what is done is passed over, what fails is listed at the end."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Unpack

from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.film.look import PLAIN, SEGMENT_LENGTH, SEGMENT_S, Look, LookOptions
from vidcolor_utils.film.record import fingerprint, identify, versions
from vidcolor_utils.stills.images import ANIMATED_SUFFIXES, IMAGE_SUFFIXES, is_image, is_still
from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError
from vidcolor_utils.system.files import check_target, write_json
from vidcolor_utils.system.options import check_option
from vidcolor_utils.system.progress import Steps, silent_steps
from vidcolor_utils.system.spread import HERE, Spread, ThreadSpread
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.ffmpeg import VIDEO_SUFFIXES
from vidcolor_utils.video.times import WHOLE, Span

REPORT = "vidcolor.json"
STATES = ("done", "there already", "failed")
AT_ONCE = 2  # photographs: while one is read, painted or written, the network has the other

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


class Task(NamedTuple):
    """What is done to each file; as for `colorize_file`."""

    look: Look
    span: Span
    segment_s: float
    encoding: Encoding | None

    def settings(self) -> dict:
        """Give all that the outputs depend on beside their sources, as JSON holds it."""
        colorizer = fingerprint(shared_colorizer(*self.look.networks))
        made_with = {**self._asdict(), "look": asdict(self.look), "colorizer": colorizer, "versions": versions()}
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

    What is done stands in `REPORT` in the output folder, written after each file. Called again, files whose record
    matches are passed over, a video that was interrupted goes on, and what failed is tried again.

    Args:
        source: the folder.
        output: folder to write to; it is made if need be, and gets the same folders in it.
        look, span, segment_s: as for `colorize_file`.
        encoding: of videos; default: H.264.
        spread: has the files colorized, see `spread.spread_over`.
        progress: gives the progress callback for a name: "files", or that of a file coloured in this process.
        options: those of `look`, by name.

    Returns:
        What became of each file, in the order of their names.

    Raises:
        InputError: if `source` is no folder or holds nothing to colorize, or the two folders are one.
        OptionError: if an option has a value that it cannot have.
        OutputError: if `output` cannot be written to.
    """
    source, output = Path(source), Path(output)
    check_option("segment_s", segment_s, SEGMENT_LENGTH)
    task = Task(replace(look, **options), span, segment_s, encoding)
    if task.look.keyframes is not None or task.look.hints:
        raise OptionError(f"{source}: key frames and points are of one film: colorize it by itself")
    jobs = find_jobs(source, output, encoding or Encoding())
    output.mkdir(parents=True, exist_ok=True)
    check_target(output / REPORT, None)
    made_with = task.settings()
    earlier = _earlier_files(output / REPORT, made_with)
    results = {job.name: _passed_over(job, earlier[job.name]) for job in jobs if _is_done(job, earlier)}
    tell = progress("files")
    tell(len(results), len(jobs))
    waiting = [job for job in jobs if job.name not in results]
    here = progress if spread.is_local else silent_steps  # others cannot be sent to other processes
    for result in _worked_on(partial(_colorize, task, here), waiting, task.look, spread):
        results[result.name] = result
        tell(len(results), len(jobs))
        _write_report(output / REPORT, made_with, jobs, results, earlier)
    _write_report(output / REPORT, made_with, jobs, results, earlier)
    return [results[job.name] for job in jobs]


def find_jobs(source: Path, output: Path, encoding: Encoding) -> list[Job]:
    """List what there is to colorize in a folder, by name; hidden files and folders are left out.

    Outputs keep the names of their sources. A video gets .mkv in place of a suffix that the codec cannot go in;
    where two outputs would have one name, it is added instead.

    Raises:
        InputError: if there is nothing, or the two folders are one.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder")
    if output.exists() and output.samefile(source):
        raise InputError(f"{output}: input and output are the same folder")
    paths = [path for path in sorted(source.rglob("*")) if _is_wanted(path, source, output)]
    for path in paths:
        if not _is_known(path):
            log.warning("%s: passed over: by its name it is no video or image", path)
    names = sorted(path.relative_to(source) for path in paths if _is_known(path))
    if not names:
        raise InputError(f"{source}: holds no video or image")
    targets = [_target(source, name, encoding) for name in names]
    twice = {target for target, count in Counter(targets).items() if count > 1}
    targets = [
        name.with_name(f"{name.name}{target.suffix}") if target in twice and target != name else target
        for name, target in zip(names, targets, strict=True)
    ]
    return [Job(str(name), source / name, output / target) for name, target in zip(names, targets, strict=True)]


def _is_wanted(path: Path, source: Path, output: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
    return not hidden and path.is_file() and not path.is_relative_to(output)


def _is_known(path: Path) -> bool:
    return is_image(path) or path.suffix.lower() in (*VIDEO_SUFFIXES, *ANIMATED_SUFFIXES)


def _target(source: Path, name: Path, encoding: Encoding) -> Path:
    if is_still(source / name):
        return name if name.suffix.lower() in IMAGE_SUFFIXES else name.with_suffix(".png")
    return name if name.suffix.lower() in encoding.spec.containers else name.with_suffix(".mkv")


def _worked_on(
    function: Callable[[Job], Result], jobs: Iterable[Job], look: Look, spread: Spread
) -> Iterator[Result]:
    """Do the jobs; those photographs that follow each other `AT_ONCE` where this process does them."""
    if not spread.is_local or look.method != METHODS[0]:  # Keras makes its functions in the first call
        yield from spread(function, jobs)
        return
    for are_stills, group in groupby(jobs, key=lambda job: is_still(job.source)):
        yield from (ThreadSpread(AT_ONCE) if are_stills else spread)(function, group)


def _colorize(task: Task, progress: Steps, job: Job) -> Result:
    """Colorize one file, in any process; what goes wrong is part of the result."""
    started = time.monotonic()
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        report = colorize_file(
            job.source,
            job.output,
            shared_colorizer(*task.look.networks),
            look=task.look,
            span=task.span,
            segment_s=task.segment_s,
            encoding=None if is_still(job.source) else task.encoding,
            progress=progress(job.name),
        )
    except (VidcolorError, OSError) as error:
        return Result(job.name, str(job.output), "failed", error=str(error))
    except Exception as error:  # a mistake of ours must not cost the files after this one
        log.exception("%s", job.source)
        return Result(job.name, str(job.output), "failed", error=f"{type(error).__name__}: {error}")
    return Result(
        job.name, str(job.output), "done", report.frames, time.monotonic() - started, tuple(report.warnings)
    )


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


def _is_done(job: Job, earlier: Mapping[str, dict]) -> bool:
    record = earlier.get(job.name)
    if record is None or record["state"] == "failed" or not job.output.exists():
        return False
    return job.output.stat().st_size == record["bytes"] and identify(job.source) == record["source"]


def _passed_over(job: Job, record: Mapping) -> Result:
    warnings = tuple(record["warnings"])
    return Result(job.name, str(job.output), "there already", record["frames"], record["seconds"], warnings)


def _write_report(
    path: Path, made_with: dict, jobs: list[Job], results: Mapping[str, Result], earlier: Mapping[str, dict]
) -> None:
    files = {job.name: _file_record(job, results[job.name]) for job in jobs if job.name in results}
    states = Counter(result.state for result in results.values())
    summary = {"files": len(jobs), **{state: states[state] for state in STATES}}
    write_json(path, {"summary": summary, "made_with": made_with, "files": {**earlier, **files}})


def _file_record(job: Job, result: Result) -> dict:
    record = result._asdict()
    if result.state != "failed":
        record |= {"bytes": job.output.stat().st_size, "source": identify(job.source)}
    return record
