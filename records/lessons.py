"""The exercises of the course: twins of the notebooks to work in, and the proof that the solutions are right."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from functools import partial
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from vidcolor_utils.course.lesson.exercises import EXERCISE, RIGHT, solved, tags, unsolved
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file
from vidcolor_utils.system.progress import Say, unsaid

SMALL = "small_"  # begins the names of the copies that `make test` runs

LINK = re.compile(r"\]\(([\w.]+\.(?:ipynb|md))(?=[#)])")  # to a file beside
CELL_S = 1800  # most seconds that a cell may take


def has_exercises(notebook: dict) -> bool:
    """Whether a notebook, as JSON, has an exercise."""
    return any(EXERCISE[0] in tags(cell) for cell in notebook["cells"])


def twin_text(notebook: Path) -> str:
    """The file of the twin of a notebook; what has no twin is linked where it is, in the notebooks' folder."""
    twin = unsolved(json.loads(notebook.read_text()))
    texts = [cell for cell in twin["cells"] if cell["cell_type"] == "markdown"]
    for cell in texts:
        cell["source"] = "".join(cell["source"])
    linked = {name for cell in texts for name in LINK.findall(cell["source"])}
    with_twins = {name for name in linked if _has_twin(notebook.with_name(name))}
    for cell in texts:
        cell["source"] = LINK.sub(partial(_link, notebook.parent.name, with_twins), cell["source"])
        cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(twin, indent=1, ensure_ascii=False) + "\n"


def _has_twin(path: Path) -> bool:
    return path.suffix == ".ipynb" and has_exercises(json.loads(path.read_text()))


def _link(folder: str, with_twins: Container[str], found: re.Match[str]) -> str:
    return found[0] if found[1] in with_twins else f"](../{folder}/{found[1]}"


def write_twins(notebooks: Path, output: Path) -> list[Path]:
    """Write the twin of each notebook with exercises to a folder beside, so that relative paths hold.

    Args:
        notebooks: folder of notebooks.
        output: folder to write; made if missing.

    Returns:
        The files written.
    """
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(notebooks.glob("*.ipynb")):
        if path.name.startswith(SMALL):
            continue
        if has_exercises(json.loads(path.read_text())):
            with finished_file(output / path.name) as part:
                part.write_text(twin_text(path))
            written.append(output / path.name)
    return written


def check_solutions(paths: Sequence[Path], *, say: Say = unsaid) -> None:
    """Run notebooks with their solutions in place of the answers; every check must say that they are right.

    Args:
        paths: notebooks; each runs in its own folder.
        say: called with a line for each.

    Raises:
        InputError: naming a check that did not.
    """
    for path in paths:
        notebook = nbformat.reads(json.dumps(solved(json.loads(path.read_text()))), as_version=4)
        NotebookClient(
            notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        ).execute()
        checks = [cell for cell in notebook.cells if "check" in tags(cell)]
        for number, cell in enumerate(checks, start=1):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            if printed.strip() != RIGHT:
                raise InputError(f"{path.name}: the solution of exercise {number} is not right: {printed.strip()}")
        say(f"{path.stem}: {len(checks)} solutions are right")
