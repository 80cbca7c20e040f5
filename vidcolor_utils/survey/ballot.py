"""The questions of a blind survey in random order, and one judge's way through them.

Answers go to a file after each choice, so that a judge can stop and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.survey.judging import (
    QUESTIONS,
    SIDES,
    TRUE,
    WHICH_IS_TRUE,
    Answer,
    Asked,
    read_answers,
    write_answers,
)
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.files import alone, hidden_beside, is_hidden, writing
from vidcolor_utils.system.options import Within, check_option
from vidcolor_utils.video.ffmpeg import is_called_video

UNWRITABLE = set('/\\:*?"<>|\0')  # what names of files cannot have, somewhere
# What browsers play, and what they are to be told it is.
PLAYED = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm"}
Films = Mapping[str, Mapping[str, str | Path]]


class Trial(NamedTuple):
    """Two films of a clip, and what is asked of them."""

    clip: str
    question: str
    left: str
    right: str

    @property
    def asked(self) -> Asked:
        """What is asked, whichever film is on which side."""
        return self.clip, self.question, frozenset((self.left, self.right))


def films_in(folder: str | Path) -> dict[str, dict[str, Path]]:
    """List the films of a folder: a folder for each clip, in it a video for each way of colouring.

    Raises:
        FileNotFoundError: if there is no such folder.
        InputError: if there is no clip with two films, a film that browsers do not play, or two of one name.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    clips = {clip.name: _films_of(clip) for clip in sorted(Path(folder).glob("*/")) if not is_hidden(clip)}
    check_films(clips := {name: films for name, films in clips.items() if len(films) > 1})
    return clips


def _films_of(clip: Path) -> dict[str, Path]:
    films: dict[str, Path] = {}
    for film in filter(_is_film, sorted(clip.iterdir())):
        if other := films.get(film.stem):
            raise InputError(
                f"{film}: stands beside {other.name}, and a survey tells films by the names before the dot"
            )
        films[film.stem] = film
    return films


def _is_film(path: Path) -> bool:
    return not is_hidden(path) and is_called_video(path)


def check_films(films: Films) -> None:
    """Raise `InputError` unless each clip has two films or more, in files that browsers play."""
    if not films or any(len(clip) < 2 for clip in films.values()):
        raise InputError("a survey needs a clip with two films: CLIP/true.mp4 and CLIP/ours.mp4, say")
    for film in (Path(film) for clip in films.values() for film in clip.values()):
        if film.suffix.lower() not in PLAYED:
            raise InputError(f"{film}: browsers play {', '.join(PLAYED)}: convert it first")


def shown_in(trial: Trial | None, films: Films) -> dict[str, Path]:
    """Give the file on each side of a trial; none for none."""
    return {side: Path(films[trial.clip][getattr(trial, side)]) for side in SIDES} if trial else {}


def kinds_of(shown: Mapping[str, Path]) -> dict[str, str]:
    """Tell what the file on each side is, as browsers name it."""
    return {side: PLAYED[film.suffix.lower()] for side, film in shown.items()}


def make_trials(films: Films, *, questions: Sequence[str] = QUESTIONS, seed: int = 0) -> list[Trial]:
    """Make all trials: every pair of a clip for every question, but which is true only where one is.

    Args:
        films: clip to name to file; the film named "true" is the truth.
        questions: of `judging.QUESTIONS`.
        seed: a whole number of at least 0, decides the order, and which film is on the left.

    Raises:
        OptionError: if `seed` is none.
    """
    check_option("seed", seed, Within(0, whole=True))
    rng, trials = np.random.default_rng(seed), []
    for clip, names in films.items():
        for question in questions:
            for pair in combinations(sorted(names), 2):
                if question != WHICH_IS_TRUE or TRUE in pair:
                    trials.append(Trial(clip, question, *(pair[i] for i in rng.permutation(2))))
    return [trials[i] for i in rng.permutation(len(trials))]


@contextmanager
def answers_of(judge: str, folder: Path) -> Iterator[Path]:
    """Give the file of a judge's answers, which nobody else fills in meanwhile.

    Raises:
        OptionError: if the judge's name cannot be that of a file.
        OutputError: if nothing can be written there, or a survey of this judge is running.
    """
    if not judge.strip(". ") or set(judge) & UNWRITABLE:
        raise OptionError(f"a judge's name must be one that a file can have. Received: {judge!r}")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{judge}.json"
    with alone(hidden_beside(path, path.stem, ".lock"), shown=path):
        yield path


class Ballot:
    """One judge's way through the trials.

    Args:
        trials: from `make_trials`.
        judge: a name to tell answers apart by; it is written into the file.
        path: where answers are kept, and read from if they are there.

    Attributes:
        answers: those given so far.

    Raises:
        InputError: if the file holds another judge's answers, or to other trials.
    """

    def __init__(self, trials: Sequence[Trial], judge: str, path: str | Path):
        self.trials, self.judge, self.path = list(trials), judge, Path(path)
        self.answers = read_answers(path) if self.path.exists() else []
        given = [Trial(a.clip, a.question, a.left, a.right) for a in self.answers]
        if {a.judge for a in self.answers} - {judge} or given != self.trials[: len(given)]:
            raise InputError(f"{path}: holds another survey's answers: name another file")

    @property
    def trial(self) -> Trial | None:
        """The one to be answered, None when all are."""
        return self.trials[len(self.answers)] if len(self.answers) < len(self.trials) else None

    def choose(self, side: str) -> None:
        """Answer the trial with "left" or "right", and write the file.

        Raises:
            InputError: if `side` is another, or the file holds other answers than those given here.
            OutputError: if the file cannot be written.
        """
        if side not in SIDES:
            raise InputError(f"the choice must be left or right. Received: {side!r}")
        if self.trial is not None:
            kept = read_answers(self.path) if self.path.exists() else []
            if kept != self.answers:
                raise InputError(f"{self.path}: another survey of {self.judge} has written there meanwhile")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_answers(self.path, answers := [*kept, Answer(self.judge, *self.trial, side)])
            self.answers = answers


def judged_by(trials: Sequence[Trial], judge: str, choose: Callable[[str, str, str, str], str]) -> list[Answer]:
    """Answer all trials with a function, as `judging.simulated_judge` makes it."""
    return [Answer(judge, *t, choose(t.question, t.clip, t.left, t.right)) for t in trials]


def answered_all(answers: Iterable[Answer], trials: Iterable[Trial]) -> list[str]:
    """Name the judges who answered every trial, whatever its sides were; sorted."""
    given: dict[str, set[Asked]] = {}
    for answer in answers:
        given.setdefault(answer.judge, set()).add(answer.asked)
    asked = {trial.asked for trial in trials}
    return sorted(judge for judge, of_judge in given.items() if asked <= of_judge)
