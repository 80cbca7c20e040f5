"""Run the command line on damaged files: each must end in a playable output or in one clear line."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypedDict

import av
import av.error
from PIL import Image

from records.films import make_films
from records.strain.damage import mutate
from vidcolor_utils.stills.images import is_image
from vidcolor_utils.system.machine import machine
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.quiet import quiet_native_logs

MEMORY = 3 << 29  # bytes that a run may take
CPU_S = 60  # what a hang is
WALL_S = 600  # for what waits instead of working
OUTPUT_LIMIT = 1 << 30  # bytes
UNPLAYABLE = 99  # exit code of a run whose output cannot be decoded
REAL_NETWORK = 10  # one run in so many has it; the others colour everything gray, which takes no time
PRELOADED = ["vidcolor_utils.cli", "vidcolor_utils.tool.stabilize", "vidcolor_utils.tool.score"]
ERRORS = {1: "output error", 2: "input error"}  # the exit codes of `vidcolor_utils.system.errors`
VIDEO_OUTPUTS = (
    ("out.mp4",),
    ("out.mp4",),
    ("out.mkv",),
    ("out.mov",),
    ("out.mkv", "--codec", "h265"),
    ("out.mkv", "--codec", "vp9"),
    ("out.mp4", "--codec", "av1", "--preset", "12"),
    ("out.mkv", "--codec", "ffv1"),
)


# Starting a process asks for the end of the others, and whoever asks first is the only one to learn it.
_PROCESSES = threading.Lock()


class Case(NamedTuple):
    """One run of the command line: its damaged input, and what it is asked to do."""

    number: int
    film: str
    mutation: str
    source: Path
    arguments: tuple[str, ...]
    output: Path | None
    real_network: bool


class Outcome(NamedTuple):
    """How a run ended; `good` if as it should."""

    good: bool
    kind: str
    stderr: str


class Failure(TypedDict):
    """A run that did not end as it should; `index` and the record's seed make it again."""

    index: int
    film: str
    mutation: str
    command: str
    kind: str
    stderr: str


class FuzzRecord(TypedDict):
    """What `run_fuzz` found."""

    seed: int
    machine: str
    files: int  # runs
    films: int  # sound films that were damaged
    outcomes: dict[str, int]  # how many ended in which way
    mutations: dict[str, dict[str, int]]  # the same for each mutation
    failures: list[Failure]


def run_fuzz(
    count: int,
    seed: int,
    *,
    clips: Path | None = None,
    keep: Path | None = None,
    workers: int = 2,
    progress: Progress = silent,
) -> FuzzRecord:
    """Break files and run the command line on each, in a process of its own with limits.

    Args:
        count: how many.
        seed: of what is broken and how.
        clips: folder of real films to break as well.
        keep: folder for the files that were not handled as they should be.
        workers: processes at a time.
        progress: called after every file.
    """
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(workers) as pool:
        folder = Path(name)
        (folder / "films").mkdir()
        with quiet_native_logs():  # the AV1 encoder's
            films = make_films(folder / "films", clips)
        results = []
        for case, outcome in pool.map(lambda index: _fuzz_one(films, folder, index, seed, keep), range(count)):
            results.append((case, outcome))
            progress(len(results), count)
    outcomes, mutations = _tally(results)
    return {
        "seed": seed,
        "machine": str(machine()),
        "files": count,
        "films": len(films),
        "outcomes": outcomes,
        "mutations": mutations,
        "failures": [_failure(case, outcome) for case, outcome in results if not outcome.good],
    }


def make_case(films: list[Path], folder: Path, index: int, seed: int) -> Case:
    """Break a film as `seed` and `index` say, and choose what to do with it."""
    rng = random.Random(f"{seed} {index}")
    film, mutation, content = mutate(films, rng)
    place = folder / str(index)
    place.mkdir()
    source = place / f"in{film.suffix}"
    source.write_bytes(content)
    kind = rng.random()
    arguments: tuple[str, ...]
    output: Path | None
    if kind < 0.05:
        arguments, output = ("info", str(source)), None
    elif kind < 0.1 and not is_image(film):
        output = place / "out.mkv"
        arguments = ("stabilize", str(film), str(source), "-o", str(output))
    else:
        name, *options = (f"out{film.suffix}",) if is_image(film) else rng.choice(VIDEO_OUTPUTS)
        output = place / name
        arguments = ("colorize", str(source), "-o", str(output), *options)
    return Case(index, film.name, mutation, source, arguments, output, index % REAL_NETWORK == 0)


def _fuzz_one(films: list[Path], folder: Path, index: int, seed: int, keep: Path | None) -> tuple[Case, Outcome]:
    case = make_case(films, folder, index, seed)
    outcome = run_case(case)
    if not outcome.good and keep:
        keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(case.source, keep / f"{case.number}{case.source.suffix}")
    shutil.rmtree(case.source.parent)
    return case, outcome


def run_case(case: Case, command: Callable[[Case], None] | None = None) -> Outcome:
    """Run the command line in a process with limits, and judge what it leaves.

    Args:
        case: what to run; the folder of its source holds nothing else.
        command: what the process does; default: run the command line. It ends with `sys.exit`.
    """
    place = case.source.parent
    # A process that never started a thread imports everything once and is copied for each run.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_limited, args=(command or _run_command_line, case))
    with _PROCESSES:
        process.start()
    has_ended = multiprocessing.connection.wait([process.sentinel], WALL_S)
    with _PROCESSES:
        if not has_ended:
            process.kill()
        process.join()
    if not has_ended or process.exitcode is None:
        return Outcome(False, "hang", "")
    stderr = (place / "stderr").read_text(errors="replace")
    names = {path.name for path in place.iterdir()} - {case.source.name, "stderr"}
    return judge(process.exitcode or 0, stderr, names, case.output.name if case.output else None)


def judge(code: int, stderr: str, names: set[str], output: str | None) -> Outcome:
    """Tell how a run ended.

    Args:
        code: of its exit; negative for the signal that ended it.
        stderr: what it wrote there.
        names: of the files it left.
        output: name of the file it was asked for.
    """
    lines = stderr.strip().splitlines()
    expected = {output} if output and code == 0 else set()
    if code < 0:
        kind = "hang" if -code == signal.SIGXCPU else f"crash ({signal.Signals(-code).name})"
    elif code == UNPLAYABLE:
        kind = "unplayable output"
    elif code not in (0, *ERRORS) or "Traceback" in stderr:
        kind = f"exit {code}"
    elif names != expected:
        kind = "partial output" if names > expected else "no output"
    elif code == 0 and all(line.startswith("vidcolor: warning: ") for line in lines):
        return Outcome(True, "done, with a warning" if lines else "done", stderr)
    elif code != 0 and len(lines) == 1 and lines[0].startswith("vidcolor: "):
        return Outcome(True, ERRORS[code], stderr)
    else:
        kind = "stray lines"
    return Outcome(False, kind, stderr)


def _limited(command: Callable[[Case], None], case: Case) -> None:
    """In the process: set limits, send output to files, run."""
    for kind, limit in (
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    with (case.source.parent / "stderr").open("wb") as stderr, Path(os.devnull).open("wb") as nowhere:
        os.dup2(stderr.fileno(), 2)
        os.dup2(nowhere.fileno(), 1)
    command(case)


def _run_command_line(case: Case) -> None:
    from vidcolor_utils import cli
    from vidcolor_utils.colorizers.base import GrayColorizer
    from vidcolor_utils.colorizers.load import LOADERS

    sys.argv = ["vidcolor", *case.arguments]
    if not case.real_network:
        LOADERS["frame"] = lambda *_: GrayColorizer()  # in this process, which ends with the run
    try:
        cli.main()
    except SystemExit as end:
        if not end.code and case.output and not is_playable(case.output):
            sys.exit(UNPLAYABLE)
        raise


def is_playable(path: Path) -> bool:
    """Tell whether a file decodes from start to end, and has a picture."""
    try:
        if is_image(path):
            with Image.open(path) as image:
                image.load()
            return True
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0)) > 0
    except (av.error.FFmpegError, IndexError, OSError, ValueError):
        return False


def _tally(results: Iterable[tuple[Case, Outcome]]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Count the ways in which runs ended, the most frequent first: of all, and of each mutation."""
    outcomes: Counter[str] = Counter()
    mutations: dict[str, Counter[str]] = {}
    for case, outcome in results:
        outcomes[outcome.kind] += 1
        mutations.setdefault(case.mutation, Counter())[outcome.kind] += 1
    return dict(outcomes.most_common()), {name: dict(count) for name, count in mutations.items()}


def _failure(case: Case, outcome: Outcome) -> Failure:
    place = str(case.source.parent)
    return {
        "index": case.number,
        "film": case.film,
        "mutation": case.mutation,
        "command": " ".join(case.arguments).replace(place, ""),
        "kind": outcome.kind,
        "stderr": outcome.stderr[-2000:].replace(place, ""),
    }
