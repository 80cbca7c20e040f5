import json

import pytest

from records.lessons import check_solutions, has_exercises, twin_text, write_twins
from tests.helpers.command import REPOSITORY
from vidcolor_utils.system.errors import InputError

NOTEBOOKS, TWINS = REPOSITORY / "notebooks", REPOSITORY / "exercises"


def cell(kind: str, text: str, *tags: str) -> dict:
    made = {"cell_type": kind, "id": f"c{abs(hash((text, tags))) % 10**8}", "metadata": {"tags": list(tags)}}
    return made | {"source": text} | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(solution: str) -> dict:
    cells = [
        cell("code", "from vidcolor_utils.course.lesson.exercises import check\nx = 2"),
        cell("markdown", "### Double it", "exercise"),
        cell("code", "answer = None", "answer"),
        cell("code", "check(answer, 4)", "check"),
        cell("markdown", f"<details>\n\n```python\nanswer = {solution}\n```\n</details>", "solution"),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_right_solutions_are_told_from_wrong_ones(tmp_path):
    pytest.importorskip("ipykernel")
    said = []
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("2 * x")))
    check_solutions([tmp_path / "a.ipynb"], say=said.append)
    assert said == ["a: 1 solutions are right"]
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("x ** 3")))
    with pytest.raises(InputError, match="exercise 1 is not right: Wrong"):
        check_solutions([tmp_path / "a.ipynb"])


def test_twins_are_written_of_notebooks_with_exercises(tmp_path):
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("4")))
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": []}))
    assert write_twins(tmp_path, tmp_path / "out") == [tmp_path / "out" / "a.ipynb"]
    twin = json.loads((tmp_path / "out" / "a.ipynb").read_text())
    assert len(twin["cells"]) == 4 and "details" not in json.dumps(twin)


def test_the_committed_twins_are_those_of_the_committed_notebooks():
    paths = [
        path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if has_exercises(json.loads(path.read_text()))
    ]
    assert paths and sorted(path.name for path in TWINS.glob("*.ipynb")) == [path.name for path in paths]
    for path in paths:
        assert (TWINS / path.name).read_text() == twin_text(path), f"{path.name}: run `make exercises`"
