"""Start Jupyter and Voila as a user would, on a free port of this machine, with no settings but their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_S, STOP_S = 240, 30
TOKEN = "browser-tests"


@contextmanager
def server(*command: str, home: Path, folder: Path, **variables: str) -> Iterator[str]:
    """Run `python -m <command> ...` with a port; yield its address once it answers.

    Args:
        command: module and arguments.
        home: folder that takes the place of the user's home; the server's log and temporary files lie there.
        folder: to start it in.
        variables: of its environment, besides.
    """
    port = free_port()
    log_path = home / f"{command[0]}.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, f"--port={port}"],
            cwd=folder,
            env=environment(home) | variables,
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{address}/api/status", process, log_path)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a process that knows no settings of the user, and this repository's modules."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return inherited | {
        "HOME": str(home),
        "TMPDIR": str(temporary_folder(home)),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def temporary_folder(home: Path) -> Path:
    """Return where the servers keep temporary files."""
    folder = home / "temporary"
    folder.mkdir(exist_ok=True)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return  # that is an answer, too
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"no answer from {url} within {START_S} s:\n{log.read_text()[-2000:]}")
