"""What a user does in an empty environment and a fresh clone: both doors, as the README prints them.

Run by `make test-install`; takes minutes and a package index. What is not committed is not tested.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.command import REPOSITORY

pytestmark = pytest.mark.install
ANSWERS_S = 120
PRINTED = "papermill 03_train_vgg16.ipynb out.ipynb -p beta 1.0"
NOT_IN_THE_TOOL = r"^(tensorflow\S*|keras|torch|jax|jupyter\S*|notebook|ipykernel|matplotlib) "

Run = Callable[..., str]


def environment(folder: Path) -> dict[str, str]:
    """Return variables as in a shell where the environment is activated, without this one's modules."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KERAS_BACKEND")}
    return {**kept, "PATH": f"{folder / 'bin'}{os.pathsep}{kept['PATH']}", "VIRTUAL_ENV": str(folder)}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this folder is no clone")
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, tmp_path / "clone"], check=True)
    return tmp_path / "clone"


@pytest.fixture
def run(tmp_path: Path, clone: Path) -> Run:
    """Run a line in an environment that was empty before the test, in the clone or in a folder of it."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)

    def run_line(line: str, folder_in_clone: str = ".") -> str:
        done = subprocess.run(
            shlex.split(line),
            cwd=clone / folder_in_clone,
            env=environment(folder),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run_line


def test_the_tool_brings_no_tensorflow_and_colorizes(run, make_video, tmp_path):
    run("pip install --quiet .")
    assert not re.search(NOT_IN_THE_TOOL, run("pip list"), re.MULTILINE | re.IGNORECASE)
    run(f"vidcolor colorize {make_video(sound='aac')} -o {tmp_path / 'color.mp4'}")
    assert "aac" in run(f"vidcolor info {tmp_path / 'color.mp4'}")


def test_the_course_opens_and_the_printed_line_works_before_anything_else_was_run(run, clone, tmp_path):
    assert PRINTED in (REPOSITORY / "README.md").read_text()
    run("pip install --quiet --requirement requirements.txt")
    assert_lab_answers(clone, tmp_path)
    # To train takes an older processor ten minutes, and is tested by `make test-notebooks` and `test-course`.
    run(f"{PRINTED} -p train False", "notebooks")
    assert (clone / "notebooks" / "out.ipynb").exists()
    assert run("git status --porcelain") == ""


def assert_lab_answers(clone: Path, tmp_path: Path) -> None:
    """Start JupyterLab as the README says, with a port and token of its own, and ask for the first chapter."""
    lab = "jupyter lab notebooks/00_data_prep.ipynb --no-browser --allow-root --port=0 --IdentityProvider.token=t"
    log_path = tmp_path / "lab.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            shlex.split(lab), cwd=clone, env=environment(tmp_path / "environment"), stdout=log, stderr=log
        )
        try:
            address = address_in(log_path, process)
            assert status_of(f"{address}/api/contents/00_data_prep.ipynb?content=0&token=t") == 200
        finally:
            process.terminate()
            process.wait(60)


def address_in(log_path: Path, process: subprocess.Popen) -> str:
    deadline = time.monotonic() + ANSWERS_S
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", log_path.read_text())):
        assert process.poll() is None and time.monotonic() < deadline, log_path.read_text()
        time.sleep(0.2)
    return found[0]


def status_of(url: str) -> int:
    """Ask a server until it answers: it tells its address before it listens."""
    deadline = time.monotonic() + ANSWERS_S
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.status
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
