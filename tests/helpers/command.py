"""The command line in a process of its own, and where the repository lies."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
SECONDS = 120

# A process that has imported what colorizing needs, and is forked for each command: a process of its own without a
# second of imports. It runs nothing itself, so no thread and no network of the tests is in it.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [
        "vidcolor_utils.tool.colorize",
        "vidcolor_utils.cli",
        "rich.progress",
        "onnxruntime",
        "distributed.nanny",
        "tests.helpers.command",
    ]
)


def run_vidcolor(
    *arguments: object, cwd: str | os.PathLike | None = None, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess:
    """Run `vidcolor` in a process of its own, in the folder `cwd`; `before`, a module's, is called there first."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        process = start_vidcolor(*arguments, said=said, cwd=cwd, before=before)
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, SECONDS)
        return subprocess.CompletedProcess(arguments, process.exitcode, *(path.read_text() for path in said))


def start_vidcolor(
    *arguments: object,
    said: Sequence[Path] = (Path(os.devnull), Path(os.devnull)),
    cwd: str | os.PathLike | None = None,
    before: Callable[[], None] | None = None,
) -> multiprocessing.process.BaseProcess:
    """Begin what `run_vidcolor` does; `said` are the files for its standard output and its errors."""
    words, place = ["vidcolor", *map(str, arguments)], os.fspath(cwd or os.getcwd())
    process = _PROCESSES.Process(target=_in_the_fork, args=(words, said, dict(os.environ), place, before))
    process.start()
    return process


def _in_the_fork(
    words: list[str],
    said: Sequence[Path],
    environment: dict[str, str],
    place: str,
    before: Callable[[], None] | None,
) -> None:
    """What a fork does. Descriptors are replaced, not only Python's streams: native libraries are heard, too."""
    for number, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    sys.argv = words
    if before is not None:
        before()
    from vidcolor_utils.cli import main

    main()


def run_afresh(*arguments: object) -> subprocess.CompletedProcess:
    """Run Python with these arguments in a process that has imported nothing yet."""
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment)


def fails_in_one_line(result, code):
    lines = result.stderr.strip().splitlines()
    return result.returncode == code and len(lines) == 1 and lines[0].startswith("vidcolor: ")
