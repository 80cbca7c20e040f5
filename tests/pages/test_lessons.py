"""Each chapter is a lesson: box, prediction, quiz, exercises; pictures have words, numbers were found."""

import copy
import json
import re

import pytest

from tests.helpers.command import REPOSITORY
from tests.helpers.lessons import faults, numbers_of, prose_numbers

NOTEBOOKS = REPOSITORY / "notebooks"
CHAPTERS = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]*_*.ipynb"))
PAGE = "06_colorize_your_film"  # no lesson
SAID = REPOSITORY / "data" / "results" / "report" / "said.json"


def known() -> set[float]:
    """Numbers that the report states."""
    return numbers_of(SAID.read_text())


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name != PAGE])
def test_a_chapter_has_all_that_a_lesson_needs(name):
    assert faults(json.loads((NOTEBOOKS / f"{name}.ipynb").read_text()), known()) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_map_of_a_chapter_names_all_chapters(name):
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    (box,) = (cell for cell in cells if "box" in cell["metadata"].get("tags", []))
    linked = re.findall(r"\]\((\w+)\.ipynb\)", "".join(box["source"]).split("**Map**")[1])
    assert linked == [other for other in CHAPTERS if other != name]


def markdown(text: str, *tags: str) -> dict:
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": text}


def code(text: str, *tags: str, outputs: tuple = ()) -> dict:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": text, "outputs": list(outputs)}


def html(text: str) -> dict:
    return {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}


PRINTED = {"output_type": "stream", "text": ["loss 17.349 of 0.2563\n"]}
EXERCISE = [
    markdown("### Exercise", "exercise"),
    code("answer = None", "answer"),
    code("check(answer, 1)", "check"),
    markdown("<details><summary>Solution</summary>\n\n```python\nanswer = 1\n```\n</details>", "solution"),
]
LESSON = {
    "cells": [
        markdown("# 02 A loss\n\n![a curve that falls](../docs/openings/02.png)"),
        markdown("**You need** 01. **Time** 2 minutes. **You build** a loss. **Map** here", "box"),
        markdown("**Predict before you run.** Up or down?", "predict"),
        code("print(loss)", outputs=(PRINTED, html('<img src="x" alt="a curve">'))),
        markdown("It falls to 17.3, 26 % of `99` and $88$ in 128x128; 2 of [3](77.md) do."),
        code("Quiz([Question(), Question(), Question(), Question()])", "quiz"),
        *(3 * EXERCISE),
    ]
}


def changed(place: int, cell: dict | None) -> dict:
    notebook = copy.deepcopy(LESSON)
    notebook["cells"][place : place + 1] = [] if cell is None else [cell]
    return notebook


def test_a_lesson_with_all_its_parts_has_no_fault():
    assert faults(LESSON) == []


@pytest.mark.parametrize(
    ("place", "cell", "fault"),
    [
        (0, markdown("# 02 A loss"), "no picture before anything else"),
        (0, None, "no picture before anything else"),
        (1, None, "0 boxes"),
        (1, markdown("**You need** 01. **You build** it. **Map**", "box"), "the box has no **Time**"),
        (2, None, "no prediction"),
        (5, code("Quiz([Question(), Question(), Question()])", "quiz"), "3 quiz questions"),
        (6, markdown("### Exercise"), "2 exercises"),
        (8, code("print(answer)"), "exercise 1 has no check"),
        (8, code("print(answer)", "check"), "exercise 1 checks nothing"),
        (9, None, "exercise 1 has no solution"),
        (9, markdown("<details>Think.</details>", "solution"), "exercise 1: a solution holds no"),
        (9, markdown("```python\nanswer = 1\n```", "solution"), "the solution of exercise 1 is not folded"),
        (3, code("show()", outputs=(PRINTED, html("<img src='x'>"))), "a picture without alt text: show()"),
        (
            3,
            code("show()", outputs=(PRINTED, {"output_type": "display_data", "data": {"image/png": "x"}})),
            "a picture without alt text: show()",
        ),
        (4, markdown("![](x.png)"), "a picture without alt text"),
        (4, markdown("It falls to 17.4."), "17.4 is in no output"),
        (4, markdown("It falls to a fourteen."), "fourteen is in no output"),
        (4, markdown("It falls by 27 %."), "27 is in no output"),
        (4, markdown("It falls by 1,734."), "1,734 is in no output"),
    ],
)
def test_a_planted_fault_is_found(place, cell, fault):
    found = faults(changed(place, cell))
    assert len(found) == 1 and found[0].startswith(fault)


def test_a_number_of_the_report_may_be_quoted():
    quoting = changed(4, markdown("They print 25.056 %."))
    assert len(faults(quoting)) == 1
    assert faults(quoting, {25.056}) == []


def test_numbers_in_prose_are_told_from_others():
    text = "## 44 things\n[04 Results](04_results.ipynb): 1,024 of 3.5 dB, 90 % `55` $66$ 12, in 2016 "
    text += "**References.** 2019, 77"
    assert [number for number, _, _ in prose_numbers(text)] == ["1,024", "3.5", "90"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_chapter_has_an_output_widget_that_may_never_end_without_a_browser(name):
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert not re.search(r"\b(interact|interactive|interactive_output|Output)\b", text), "use lesson.sliders"
