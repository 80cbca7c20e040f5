"""A quiz at the end of a chapter: each answer, right or wrong, has an explanation.

Where widgets are live, choosing an answer shows whether it is right and why (`quiz.js`). Where they are not, the
same output shows the questions with every explanation folded under its answer, so that nothing is lost.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import traitlets

from vidcolor_utils.system.errors import InputError

FOLDER = Path(__file__).parent


class Question(NamedTuple):
    """A question with its answers.

    Attributes:
        text: the question.
        answers: each answer, and why it is right or wrong, in the order shown.
        right: the one that is right.

    Example:
        >>> Question("How many channels has gray?", {"One": "Its luma.", "Three": "That is RGB."}, right="One")
    """

    text: str
    answers: Mapping[str, str]
    right: str


class Quiz(anywidget.AnyWidget):
    """Questions to choose answers to.

    Args:
        questions: asked in this order.

    Attributes:
        chosen: for each question the number of the answer chosen last, from 0, or -1; can be set and observed.
        score: how many of them are right.

    Raises:
        InputError: if there is no question, one has fewer than two answers, an answer has no explanation, or the
            right one is not among the answers.

    Example:
        >>> quiz = Quiz([Question("1 + 1?", {"2": "One, and one more.", "3": "One too many."}, right="2")])
        >>> quiz.chosen = [0]
        >>> quiz.score
        1
    """

    _esm = FOLDER / "quiz.js"
    _css = FOLDER / "quiz.css"

    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, questions: Sequence[Question]):
        _check(questions)
        self._asked = tuple(questions)
        super().__init__(questions=[_plain(question) for question in questions], chosen=[-1] * len(questions))

    @property
    def score(self) -> int:
        """Questions whose chosen answer is right."""
        pairs = zip(self._asked, self.chosen, strict=True)
        return sum(number >= 0 and list(question.answers)[number] == question.right for question, number in pairs)

    @traitlets.validate("chosen")
    def _valid_chosen(self, proposal: dict) -> list[int]:
        chosen = proposal["value"]
        if len(chosen) != len(self._asked) or not all(
            -1 <= number < len(question.answers) for number, question in zip(chosen, self._asked, strict=True)
        ):
            raise InputError(f"chosen must be an answer's number, or -1, for each question. Received: {chosen}")
        return chosen

    def __repr__(self) -> str:
        return f"Quiz({len(self._asked)} questions)"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Add the questions as text: front ends take the widget where they can show it, and this where not."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, "text/html": quiz_html(self._asked)}, metadata


def quiz_html(questions: Sequence[Question]) -> str:
    """Write questions as HTML, the explanation of each answer folded under it."""
    return '<ol class="vidcolor-quiz-text">' + "".join(map(_question_html, questions)) + "</ol>"


def _question_html(question: Question) -> str:
    answers = (
        f"<details><summary>{html.escape(answer)}</summary>"
        f"<p><b>{'Right' if answer == question.right else 'Wrong'}.</b> {html.escape(why)}</p></details>"
        for answer, why in question.answers.items()
    )
    return f"<li><p>{html.escape(question.text)}</p>{''.join(answers)}</li>"


def _plain(question: Question) -> dict:
    answers = [{"text": text, "why": why} for text, why in question.answers.items()]
    return {"text": question.text, "answers": answers, "right": list(question.answers).index(question.right)}


def _check(questions: Sequence[Question]) -> None:
    if not questions:
        raise InputError("a quiz needs a question")
    for question in questions:
        if len(question.answers) < 2:
            raise InputError(f"a question needs two answers at least: {question.text}")
        if question.right not in question.answers:
            raise InputError(f"the right answer is none of those to choose from: {question.text}")
        for answer, why in question.answers.items():
            if not why.strip():
                raise InputError(f"the answer {answer!r} has no explanation: {question.text}")
