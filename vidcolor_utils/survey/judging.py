"""Answers of judges who chose between two films: kept in files, merged, and turned into scores with intervals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import choix
import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import binomtest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import is_hidden, write_json

TRUE = "true"
WHICH_IS_TRUE, WHICH_IS_STEADIER, WHICH_TO_WATCH = QUESTIONS = (
    "Which is the true one?",
    "Which is steadier?",
    "Which would you rather watch?",
)
SIMULATED = "simulated"
SIDES = ("left", "right")
HALF_WIN = 0.5  # that each film of a pair is given: without it one that always wins would score infinity
NORMAL_95 = 1.959964

Asked = tuple[str, str, frozenset[str]]  # clip, question and films, whatever their sides


class Answer(NamedTuple):
    """One choice of one judge.

    Attributes:
        judge: who chose.
        clip: what both films show.
        question: one of `QUESTIONS`.
        left: the film on the left, "true" or a name.
        right: the film on the right.
        choice: "left" or "right".
    """

    judge: str
    clip: str
    question: str
    left: str
    right: str
    choice: str

    @property
    def asked(self) -> Asked:
        """What was asked, whichever film was on which side."""
        return self.clip, self.question, frozenset((self.left, self.right))

    @property
    def winner(self) -> str:
        """Name of the film that was chosen."""
        return self.left if self.choice == "left" else self.right

    @property
    def loser(self) -> str:
        """Name of the other one."""
        return self.right if self.choice == "left" else self.left


class Score(NamedTuple):
    """A film's Bradley-Terry score and its 95 % interval; 0 is the mean of all films."""

    value: float
    low: float
    high: float


def write_answers(path: str | Path, answers: Sequence[Answer]) -> None:
    """Write a judge's answers as JSON."""
    write_json(path, {"answers": [answer._asdict() for answer in answers]}, indent=1)


def answer_files(folder: str | Path) -> list[Path]:
    """List the files of answers in a folder, in order; hidden ones are none, as what macOS lays beside a file."""
    return sorted(path for path in Path(folder).glob("*.json") if path.is_file() and not is_hidden(path))


def read_answers(*paths: str | Path) -> list[Answer]:
    """Read and merge the answers of several judges.

    Raises:
        InputError: if a file holds no answers, or two files hold answers of one judge to the same question.
    """
    answers = [answer for path in paths for answer in _answers_of(Path(path))]
    seen: set[tuple] = set()
    for answer in answers:
        asked = (answer.judge, answer.asked)
        if asked in seen:
            raise InputError(f"{answer.judge} answered twice: {answer.question} on {answer.clip}")
        seen.add(asked)
    return answers


def _answers_of(path: Path) -> list[Answer]:
    try:
        answers = [Answer(**entry) for entry in json.loads(path.read_text())["answers"]]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of answers") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not a file of answers") from None
    if any(answer.choice not in SIDES for answer in answers):
        raise InputError(f"{path}: a choice must be left or right")
    return answers


def scores(answers: Iterable[Answer]) -> dict[str, Score]:
    """Score films by the Bradley-Terry model: the chance that i is chosen over j is 1 / (1 + exp(s_j - s_i)).

    Each film that met another gets half a win over it, so that scores stay finite; so do two films that not even
    others connect. Intervals are those of the
    maximum likelihood: variances on the diagonal of the inverse of Fisher's information (Hunter, MM algorithms
    for generalized Bradley-Terry models, 2004).

    Args:
        answers: to one question.

    Returns:
        Name to score, highest first; empty if there are no answers.

    Example:
        Three of four choose a over b: the scores differ by log(3.5 / 1.5).
    """
    pairs = [(answer.winner, answer.loser) for answer in answers]
    names = sorted({name for pair in pairs for name in pair})
    if not names:
        return {}
    wins = np.zeros((len(names), len(names)))
    for winner, loser in pairs:
        wins[names.index(winner), names.index(loser)] += 1
    met = (wins + wins.T) > 0
    _, group = connected_components(met, directed=False)
    wins += HALF_WIN * (met | (group[:, None] != group[None, :]))
    values = choix.ilsr_pairwise_dense(wins)
    spread = NORMAL_95 * np.sqrt(np.diag(np.linalg.pinv(_information(wins, values))))
    found = {
        name: Score(float(value), float(value - half), float(value + half))
        for name, value, half in zip(names, values, spread, strict=True)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1].value))


def _information(wins: np.ndarray, values: np.ndarray) -> np.ndarray:
    chance = expit(values[:, None] - values[None, :])
    weight = (wins + wins.T) * chance * (1 - chance)
    return np.diag(weight.sum(axis=1)) - weight


def share(hits: int, of: int) -> Score:
    """A share with its 95 % interval after Wilson, which stays inside [0, 1]."""
    if not of:
        return Score(math.nan, math.nan, math.nan)
    interval = binomtest(hits, of).proportion_ci(0.95, method="wilson")
    return Score(hits / of, float(interval.low), float(interval.high))


def truth_found(answers: Iterable[Answer]) -> dict[str, Score]:
    """For each film how often the truth beside it was taken for the truth: 0.5 is the best that a film can do."""
    met: dict[str, list[bool]] = {}
    for answer in answers:
        if answer.question == WHICH_IS_TRUE and TRUE in (answer.left, answer.right):
            other = answer.left if answer.right == TRUE else answer.right
            met.setdefault(other, []).append(answer.winner == TRUE)
    return {name: share(sum(found), len(found)) for name, found in met.items()}


def agreement(answers: Iterable[Answer], measured: Mapping[tuple[str, str], float]) -> Score:
    """How often judges chose the film that a measure prefers; 0.5 is chance.

    Args:
        answers: to one question.
        measured: (clip, film) to a number, higher is better; answers about films that it lacks, or finds equal, do
            not count.
    """
    known = [a for a in answers if {(a.clip, a.left), (a.clip, a.right)} <= set(measured)]
    gained = [measured[a.clip, a.winner] - measured[a.clip, a.loser] for a in known]
    return share(sum(gain > 0 for gain in gained), sum(gain != 0 for gain in gained))


def simulated_judge(liking: Callable[[str, str, str], float], seed: int) -> Callable[[str, str, str, str], str]:
    """Make a judge that is none: it chooses by numbers, as the Bradley-Terry model says, with chance in it.

    Args:
        liking: from question, clip and film to how much the film is liked.
        seed: of the chance.

    Returns:
        From question, clip, left and right film to "left" or "right".
    """
    rng = np.random.default_rng(seed)

    def choose(question: str, clip: str, left: str, right: str) -> str:
        gap = liking(question, clip, left) - liking(question, clip, right)
        return "left" if rng.random() < expit(gap) else "right"

    return choose
