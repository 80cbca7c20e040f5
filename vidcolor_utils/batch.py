"""Colorize a folder: every file is tried, what is done is passed over, what fails is listed at the end."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from vidcolor_utils.cluster import Spread
from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import kept_colorizer
from vidcolor_utils.errors import InputError, VidcolorError
from vidcolor_utils.film import Progress
from vidcolor_utils.film_record import fingerprint, identify, versions
from vidcolor_utils.image_io import is_image
from vidcolor_utils.output import check_target, write_json
from vidcolor_utils.video_codecs import Encoding

REPORT = "vidcolor.json"
VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        "3gp asf avi dv flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf nut ogv ts vob webm wmv".split()  # noqa: SIM905
    )
)
STATES = ("done", "there already", "failed")

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


def colorize_folder(
    source: str | Path,
    output: str | Path,
    *,
    method: str = "frame",
    encoding: Encoding | None = None,
    spread: Spread = map,
    progress: Callable[[str], Progress] | None = None,
    **options: Any,
) -> list[Result]:
    """Colorize all videos and still images of a folder and of the folders in it.

    What is done stands in `REPORT` in the output folder, written after each file. Called again, files whose record
    matches are passed over, a video that was interrupted goes on, and what failed is tried again.

    Args:
        source: the folder.
        output: folder to write to; it is made if need be, and gets the same folders in it.
        method: see `load_colorizer`.
        encoding: of videos; default: H.264.
        spread: has the files colorized, see `cluster.spread_over`.
        progress: gives the progress callback for a name: "files", or that of a file coloured in this process.
        options: for `colorize_file`.

    Returns:
        What became of each file, in the order of their names.

    Raises:
        InputError: if `source` is no folder or holds nothing to colorize, or the two folders are one.
        OutputError: if `output` cannot be written to.
    """
    source, output = Path(source), Path(output)
    jobs = find_jobs(source, output, encoding or Encoding())
    output.mkdir(parents=True, exist_ok=True)
    check_target(output / REPORT, None)
    made_with = {
        **options,
        "method": method,
        "encoding": encoding,
        "colorizer": fingerprint(kept_colorizer(method)),
    }
    made_with = json.loads(json.dumps({**made_with, "versions": versions()}, default=str))
    earlier = _earlier_files(output / REPORT, made_with)
    results = {job.name: _passed_over(job, earlier[job.name]) for job in jobs if _is_done(job, earlier)}
    progress = progress or (lambda name: lambda done, total: None)
    tell = progress("files")
    tell(len(results), len(jobs))
    waiting = [job for job in jobs if job.name not in results]
    here = progress if spread is map else None  # it cannot be sent to other processes
    for result in spread(partial(_colorize, method, encoding, options, here), waiting):
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
    names = sorted(path.relative_to(source) for path in source.rglob("*") if _is_wanted(path, source, output))
    if not names:
        raise InputError(f"{source}: holds no video or image")
    targets = [_target(name, encoding) for name in names]
    twice = {target for target, count in Counter(targets).items() if count > 1}
    targets = [
        name.with_name(f"{name.name}{target.suffix}") if target in twice and target != name else target
        for name, target in zip(names, targets, strict=True)
    ]
    return [Job(str(name), source / name, output / target) for name, target in zip(names, targets, strict=True)]


def _is_wanted(path: Path, source: Path, output: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
    known = is_image(path) or path.suffix.lower() in VIDEO_SUFFIXES
    return known and not hidden and path.is_file() and not path.is_relative_to(output)


def _target(name: Path, encoding: Encoding) -> Path:
    fits = is_image(name) or name.suffix.lower() in encoding.row.containers
    return name if fits else name.with_suffix(".mkv")


def _colorize(
    method: str,
    encoding: Encoding | None,
    options: Mapping[str, Any],
    progress: Callable[[str], Progress] | None,
    job: Job,
) -> Result:
    """Colorize one file, in any process; what goes wrong is part of the result."""
    started = time.monotonic()
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        report = colorize_file(
            job.source,
            job.output,
            kept_colorizer(method),
            encoding=None if is_image(job.source) else encoding,
            progress=progress(job.name) if progress else None,
            **options,
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


def summary_table(results: Iterable[Result]) -> Table:
    """Lay results out for the terminal."""
    results = list(results)
    states = Counter(result.state for result in results)
    table = Table(caption=", ".join(f"{states[state]} {state}" for state in STATES if states[state]))
    for title in ("file", "state"):
        table.add_column(title, overflow="fold")
    for title in ("frames", "seconds", "frames per second"):
        table.add_column(title, justify="right")
    for result in results:
        speed = f"{result.frames / result.seconds:.1f}" if result.seconds else "-"
        table.add_row(result.name, result.state, str(result.frames), f"{result.seconds:.0f}", speed)
    return table
