"""What `make` does without an environment: what it would run, and what it removes."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.command import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*words, folder=REPOSITORY) -> str:
    """What `make` prints, called in a folder."""
    command = ["make", "-C", folder, "-f", REPOSITORY / "Makefile", "KERAS_BACKEND=tensorflow", *words]
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}  # of a `make test`
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def test_a_rehearsal_on_a_processor_leaves_the_runs_of_an_accelerator_alone():
    real = make("--dry-run", "course-gpu")
    assert "--runs out/tensorflow/runs" in real and "out_dir ../out/tensorflow " in real
    rehearsal = make(
        "--dry-run", "course-gpu", "GPU_SCALE=rehearsal", "GPU_CLIPS=out/rehearsal/clips", "RECORD=a.json"
    )
    assert "--runs out/rehearsal/tensorflow/runs" in rehearsal
    assert "out_dir ../out/rehearsal/tensorflow " in rehearsal
    assert "out/tensorflow" not in rehearsal and "out/full" not in rehearsal


def test_a_rehearsal_on_another_backend_installs_it():
    rehearsal = make("--dry-run", "course-gpu", "GPU_SCALE=rehearsal", "KERAS_BACKEND=jax")
    assert "'.[dev,backends]'" in rehearsal and "KERAS_BACKEND=jax ../.venv/bin/papermill" in rehearsal
    assert "backends" not in make("--dry-run", "course-gpu", "GPU_SCALE=rehearsal")


def test_every_test_is_run_by_some_target():
    everything = make("--dry-run", "test-all")
    assert "pytest tests/records/test_runtimes.py" in everything and "'.[dev,bench]'" in everything
    assert "pytest tests/app/test_voila_server.py" in everything


def test_clean_leaves_what_was_trained(tmp_path):
    kept = ["runs/frame", "data/clips", "out/full/runs", "out/tensorflow/runs", "out/study", "out/course/runs"]
    removed = [".venv", ".venv-gpu", "build", "out/demo", "out/browser", "out/small", ".mypy_cache"]
    for name in kept + removed:
        (tmp_path / name).mkdir(parents=True)
    for name in ("small_00_data_prep.ipynb", "00_data_prep.ipynb"):
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        (tmp_path / "notebooks" / name).touch()
    make("clean", folder=tmp_path)
    assert [name for name in kept if not (tmp_path / name).is_dir()] == []
    assert [name for name in removed if (tmp_path / name).exists()] == []
    assert [path.name for path in (tmp_path / "notebooks").iterdir()] == ["00_data_prep.ipynb"]


@pytest.mark.parametrize(
    ("code", "called", "said"),
    [
        (
            2,
            ["pointer", "propagation", "exemplar", "colas", "colornn", "unpaired", "more-data"],
            "not recorded: exemplar",
        ),
        (130, ["pointer", "propagation", "exemplar"], "Error"),  # Ctrl-C ends it all
    ],
)
def test_a_system_that_cannot_be_recorded_does_not_keep_the_others_from_it(tmp_path, code, called, said):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$*" >> calls\ncase "$*" in *exemplar*) exit {code};; esac\n')
    python.chmod(0o755)
    for name in ("pyproject.toml", ".venv/made", ".venv/installed"):
        (tmp_path / name).touch()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        make("related", folder=tmp_path)
    assert said in failed.value.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.removeprefix("-m records ").removeprefix("related ").split()[0] for call in calls] == called
