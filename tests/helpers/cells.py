"""The cells of a chapter, as they are in its file."""

from __future__ import annotations

import ast
import json

from tests.helpers.command import REPOSITORY

NOTEBOOKS = REPOSITORY / "notebooks"


def load(name: str) -> dict:
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def code_cells(name: str) -> list[dict]:
    return [cell for cell in load(name)["cells"] if cell["cell_type"] == "code"]


def parameters_cell(name: str) -> dict:
    (cell,) = (cell for cell in code_cells(name) if "parameters" in tags(cell))
    return cell


def defaults(name: str) -> dict[str, object]:
    """Names and values in the parameters cell; fails on anything but assignments of literals."""
    values = {}
    for statement in ast.parse(source(parameters_cell(name))).body:
        assert isinstance(statement, ast.Assign | ast.AnnAssign), ast.unparse(statement)
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
        values[target.id] = ast.literal_eval(statement.value)
    return values


def is_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "check_parameters"
