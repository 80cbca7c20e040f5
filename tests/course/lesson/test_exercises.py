import numpy as np
import pytest

from vidcolor_utils.course.lesson.exercises import check, check_that, solved, unsolved

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "source": "x = 2", "outputs": ["old"], "execution_count": 3, "metadata": {}},
        {"cell_type": "markdown", "source": "### Double it", "metadata": {"tags": ["exercise"]}},
        {
            "cell_type": "code",
            "source": "answer = None",
            "outputs": [],
            "execution_count": 4,
            "metadata": {"tags": ["answer"]},
        },
        {
            "cell_type": "code",
            "source": "check(answer, 4)",
            "outputs": [{"text": "Not answered yet."}],
            "execution_count": 5,
            "metadata": {"tags": ["check"]},
        },
        {
            "cell_type": "markdown",
            "source": "<details><summary>Solution</summary>\n\n```python\nanswer = 2 * x\n```\n</details>",
            "metadata": {"tags": ["solution"]},
        },
    ],
    "metadata": {"kernelspec": {"name": "python3"}},
}


@pytest.mark.parametrize(
    ("answer", "expected", "within", "verdict"),
    [
        (None, 4, 0, "Not answered yet."),
        (4, 4, 0, "Right."),
        (0.33, 1 / 3, 0.01, "Right."),
        (0.3, 1 / 3, 0.01, "Wrong: try again. Think."),
        ("gray", "gray", 0, "Right."),
        ("4", 4, 0, "Wrong: try again. Think."),
        (np.array([1, 2]), [1, 2], 0, "Right."),
        ([1, 2, 3], [1, 2], 0, "Wrong: try again. Think."),
        (..., 4, 0, "Not answered yet."),
        ({"four": 4}, 4, 0, "Wrong: try again. Think."),
        (len, 4, 0, "Wrong: try again. Think."),
        (4 + 0j, 4, 0, "Wrong: try again. Think."),
        (np.array([4 + 1j]), [4], 0, "Wrong: try again. Think."),
        ([1, [2]], [1, 2], 0, "Wrong: try again. Think."),
        (["one", "two"], [1, 2], 0, "Wrong: try again. Think."),
        (10**400, 4, 0, "Wrong: try again. Think."),
        (np.array(["gray", "gray"]), "gray", 0, "Wrong: try again. Think."),
        ("gray", np.array([1, 2]), 0, "Wrong: try again. Think."),
        ([1, [2]], "gray", 0, "Wrong: try again. Think."),
    ],
)
def test_check_says_right_or_wrong(answer, expected, within, verdict, capsys):
    check(answer, expected, within=within, hint="Think.")
    assert capsys.readouterr().out == verdict + "\n"


def test_check_that_names_what_is_not_met(capsys):
    check_that({"it is even": True, "it is positive": True})
    check_that({"it is even": None})
    check_that({"it is even": ...})
    check_that({"all are": np.array([True, True])})
    check_that({"all are": np.array([True, False])})
    check_that({"there is one": []})
    check_that({"it is even": False, "it is positive": True}, hint="Count again.")
    wrong = "Wrong: try again. It is not so that it is even. Count again."
    assert capsys.readouterr().out.splitlines() == [
        "Right.",
        *["Not answered yet."] * 2,
        "Right.",
        "Wrong: try again. It is not so that all are.",
        "Wrong: try again. It is not so that there is one.",
        wrong,
    ]


def test_the_twin_to_work_in_has_neither_outputs_nor_solutions():
    twin = unsolved(NOTEBOOK)
    assert [cell["source"] for cell in twin["cells"]] == [cell["source"] for cell in NOTEBOOK["cells"][:-1]]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in twin["cells"])
    assert NOTEBOOK["cells"][0]["outputs"] == ["old"], "the notebook itself was changed"


def test_the_solutions_run_in_place_of_the_answers(capsys):
    namespace = {"check": check}
    for cell in solved(NOTEBOOK)["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], namespace)
    assert capsys.readouterr().out == "Right.\n"


def test_an_exercise_without_a_solution_in_code_cannot_be_solved():
    cells = [*NOTEBOOK["cells"][:-1], NOTEBOOK["cells"][-1] | {"source": "Double it."}]
    with pytest.raises(ValueError, match="no ```python fence"):
        solved({"cells": cells})
    with pytest.raises(ValueError, match="zip"):
        solved({"cells": NOTEBOOK["cells"][:-1]})
