"""A blind survey: two films of one clip side by side, without names, in random order, and a question to choose by.

`ballot` has the trials, `judging` makes scores of the answers, `page` shows the same without a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from vidcolor_utils.survey.ballot import Ballot, Films, check_films, kinds_of, make_trials, shown_in
from vidcolor_utils.survey.judging import QUESTIONS

FOLDER = Path(__file__).parent


class Survey(anywidget.AnyWidget):
    """The survey in a notebook.

    Args:
        films: clip to name to file (.mp4, .webm); the film named "true" is the truth.
        judge: a name to tell answers apart by.
        path: where answers are kept; a survey that was begun goes on.
        questions: of `judging.QUESTIONS`.
        seed: a whole number of at least 0, decides the order, and which film is on the left.

    Raises:
        InputError: as `check_films` and `Ballot` do.
        OptionError: as `make_trials` does.

    Example:
        >>> Survey({"hike": {"true": "color_1.mp4", "ours": "ours_1.mp4"}}, judge="anna", path="anna.json")
    """

    _esm = FOLDER / "survey.js"
    _css = FOLDER / "survey.css"

    question = traitlets.Unicode().tag(sync=True)
    left = traitlets.Bytes().tag(sync=True)
    right = traitlets.Bytes().tag(sync=True)
    kinds = traitlets.Dict().tag(sync=True)  # what the film on each side is
    number = traitlets.Int().tag(sync=True)
    total = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        films: Films,
        *,
        judge: str,
        path: str | Path,
        questions: Sequence[str] = QUESTIONS,
        seed: int = 0,
    ):
        check_films(films)
        self.films = films
        self.ballot = Ballot(make_trials(films, questions=questions, seed=seed), judge, path)
        super().__init__(total=len(self.ballot.trials), **self._shown())
        self.on_msg(self._heard)

    def _shown(self) -> dict[str, Any]:
        trial, number = self.ballot.trial, len(self.ballot.answers)
        shown = shown_in(trial, self.films)
        contents = {"left": b"", "right": b""} | {side: film.read_bytes() for side, film in shown.items()}
        return {
            "number": number,
            "question": trial.question if trial else "",
            "kinds": kinds_of(shown),
            **contents,
        }

    def _heard(self, widget: object, content: dict, buffers: list) -> None:
        if content.get("number") == self.number:  # a second click on the same trial is no second answer
            self.choose(content.get("choice", ""))

    def choose(self, side: str) -> None:
        """Answer with "left" or "right", and show the next two."""
        self.ballot.choose(side)
        with self.hold_sync():
            for name, value in self._shown().items():
                setattr(self, name, value)

    def __repr__(self) -> str:
        return f"Survey({len(self.ballot.answers)} of {self.total} answered)"
