"""The chapters with small sizes: copies beside them, which keep the committed outputs for nbval to compare with.

`python -m tests.helpers.small NAME ...` writes `notebooks/small_NAME.ipynb`, which git ignores, and small films.
"""

from __future__ import annotations

import ast
import json
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path

import yaml

from records.lessons import SMALL
from tests.helpers.command import REPOSITORY
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.writer import VideoWriter

NOTEBOOKS = REPOSITORY / "notebooks"
CHECKED, OWN_SIZE = "nbval-check-output", "own-size"
SIZES = REPOSITORY / "params" / "small.yaml"
FILMS = REPOSITORY / "data" / "results" / "hiking"
SMALL_FILMS = REPOSITORY / "out" / "small" / "films"  # see `films_dir` in params/small.yaml
# The tests of trainings have graphs.
WITHOUT_GRAPHS = """
import sys
sys.path.insert(0, "..")
from tests.helpers.eager import without_graphs
steps_as_they_stand = without_graphs()
steps_as_they_stand.__enter__()
"""
FRAMES, RATE = 6, Fraction(30)  # of a small film


def read(name: str) -> tuple[dict, dict]:
    """A chapter, and its parameters cell."""
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())
    (cell,) = (cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", []))
    return notebook, cell


def small_parameters(name: str) -> dict[str, object]:
    """What a chapter is given in place of its defaults; of what every chapter is given, the names that it has."""
    sizes = yaml.safe_load(SIZES.read_text())
    _, cell = read(name)
    known = {node.id for node in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(node, ast.Name)}
    return {key: value for key, value in sizes["every"].items() if key in known} | sizes.get(name, {})


def with_parameters(source: str, changed: dict[str, object]) -> str:
    """Put other values into the lines of a parameters cell, each `name: type = literal  # comment`."""
    lines = source.splitlines(keepends=True)
    left = dict(changed)
    for statement in ast.parse(source).body:
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
        if target.id in left:
            old, line = statement.value, lines[statement.lineno - 1]
            new = line[: old.col_offset] + repr(left.pop(target.id)) + line[old.end_col_offset :]
            lines[statement.lineno - 1] = new
    if left:
        raise ValueError(f"no parameter is named {', '.join(left)}")
    return "".join(lines)


def write_small_copy(name: str) -> None:
    """Write a chapter with small sizes beside it: without graphs, and what depends on the size is not compared."""
    notebook, cell = read(name)
    for other in notebook["cells"]:
        tags = other["metadata"].get("tags", [])
        if OWN_SIZE in tags:
            other["metadata"]["tags"] = [tag for tag in tags if tag != CHECKED]
    cell["source"] = with_parameters("".join(cell["source"]), small_parameters(name)).splitlines(keepends=True)
    imports = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    if "".join(imports["source"]).count("with quiet_native_logs()"):
        imports["source"] = [*imports["source"], WITHOUT_GRAPHS]
    (NOTEBOOKS / f"{SMALL}{name}.ipynb").write_text(json.dumps(notebook))


def write_small_films(films: Path = FILMS, output: Path = SMALL_FILMS) -> None:
    """Write the first frames of the kept films, for chapters that measure them."""
    for film in sorted(films.glob("*/*.mp4")):
        path = output / film.relative_to(films)
        path.parent.mkdir(parents=True, exist_ok=True)
        frames = list(islice(iter_rgb(film), FRAMES))
        with VideoWriter(path, frames[0].shape[:2], rate=RATE) as writer:
            for number, frame in enumerate(frames):
                writer.write_rgb(frame, number)


if __name__ == "__main__":
    write_small_films()
    for chapter in sys.argv[1:]:
        write_small_copy(chapter)
