"""Exercises in a notebook: a cell to fill, a check that says right or wrong, a solution that is folded.

In a notebook an exercise is four cells in a row, told apart by their tags:

1. `exercise`, Markdown: what is asked, under a heading.
2. `answer`, code: a start that runs as it is, `answer = None` say.
3. `check`, code: `check(answer, 42.0)`, or `check_that({"it is even": answer % 2 == 0})`.
4. `solution`, Markdown: `<details><summary>Solution</summary>`, the code in a fence, `</details>`.

Of the same notebook `unsolved` makes the twin to work in, without outputs and solutions, and `solved` the one that
proves that the solutions are right: their code stands in the cells to fill.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

EXERCISE = ("exercise", "answer", "check", "solution")
NOT_YET, RIGHT, WRONG = "Not answered yet.", "Right.", "Wrong"
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def check(answer: object, expected: object, *, within: float = 0.0, hint: str = "") -> None:
    """Print whether an answer is right: "Right.", "Wrong: try again." and a hint, or "Not answered yet."

    Args:
        answer: a number, an array, a text, or None or ... while there is none; anything else is wrong.
        expected: what it should be, of the same kind.
        within: largest difference that a number, or one of an array, may have.
        hint: said after a wrong answer.

    Example:
        >>> check(0.33, 1 / 3, within=0.01)
        Right.
    """
    print(NOT_YET if _is_open(answer) else _verdict(_is_equal(answer, expected, within), hint))


def check_that(conditions: Mapping[str, Any], *, hint: str = "") -> None:
    """Print which conditions an answer of several parts misses; None in place of a bool: not answered yet.

    Args:
        conditions: what should be true, in words, and whether it is; of an array: everywhere.
        hint: said if one is not.
    """
    if any(_is_open(met) for met in conditions.values()):
        print(NOT_YET)
        return
    missed = [condition for condition, met in conditions.items() if not _holds(met)]
    print(_verdict(not missed, " ".join([*(f"It is not so that {words}." for words in missed), hint])))


def _is_open(answer: object) -> bool:
    return answer is None or answer is ...


def _holds(met: Any) -> bool:
    return np.size(met) > 0 and bool(np.all(met))


def _is_equal(answer: Any, expected: Any, within: float) -> bool:
    if isinstance(expected, str | bool) or isinstance(answer, str):
        return np.shape(expected) == _shape(answer) and bool(answer == expected)
    wanted = np.asarray(expected, float)
    if _shape(answer) != wanted.shape or np.iscomplexobj(answer):
        return False
    try:
        found = np.asarray(answer, float)
    except (TypeError, ValueError, OverflowError):  # it is no number, nor are its parts
        return False
    return bool(np.allclose(found, wanted, rtol=0, atol=within + 1e-12))


def _shape(answer: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(answer)
    except ValueError:  # rows of different length
        return None


def _verdict(is_right: bool, hint: str) -> str:
    return RIGHT if is_right else f"{WRONG}: try again. {hint}".strip()


def unsolved(notebook: Mapping[str, Any]) -> dict:
    """Make the twin of a notebook to work in: no outputs, no solutions; text, code and checks are the same.

    Args:
        notebook: as JSON.

    Returns:
        Another notebook.
    """
    twin = _copied(notebook)
    twin["cells"] = [_emptied(cell) for cell in twin["cells"] if "solution" not in tags(cell)]
    return twin


def solved(notebook: Mapping[str, Any]) -> dict:
    """Make a notebook without outputs in which the code of the solutions stands in the cells to fill.

    Raises:
        ValueError: if an exercise has no solution with code.
    """
    twin = _copied(notebook)
    twin["cells"] = [_emptied(cell) for cell in twin["cells"]]
    solutions = [solution_code(cell) for cell in twin["cells"] if "solution" in tags(cell)]
    answers = [cell for cell in twin["cells"] if "answer" in tags(cell)]
    for cell, code in zip(answers, solutions, strict=True):
        cell["source"] = code
    return twin


def solution_code(cell: Mapping[str, Any]) -> str:
    """The code in a cell tagged `solution`; raises `ValueError` if there is none."""
    found = FENCE.findall("".join(cell["source"]))
    if not found:
        raise ValueError("a solution holds no ```python fence")
    return "\n".join(found)


def tags(cell: Mapping[str, Any]) -> list[str]:
    """Tags of a cell."""
    return cell.get("metadata", {}).get("tags", [])


def _copied(notebook: Mapping[str, Any]) -> dict:
    return copy.deepcopy(dict(notebook))


def _emptied(cell: dict) -> dict:
    return cell | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell
