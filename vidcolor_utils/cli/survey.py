"""The command that asks people."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from vidcolor_utils.cli.options import Command, PathArgument
from vidcolor_utils.cli.screen import cell, counted, going_on, say, show
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.opening import open_once

if TYPE_CHECKING:
    from vidcolor_utils.survey.page import SurveyServer


@click.command(cls=Command)
@click.argument("folder", type=PathArgument)
@click.option("--judge", default="me", show_default=True, help="Who answers; one file of answers for each.")
@click.option("--answers", type=PathArgument, help="Folder of the answers; default: FOLDER with -answers behind.")
@click.option("--results", is_flag=True, help="Ask nothing; merge all answers and show the scores.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the order, and of which film is on the left.",
)
def survey(folder: Path, judge: str, answers: Path | None, results: bool, no_browser: bool, seed: int) -> None:
    """Ask blindly which of two films is true, steadier, nicer.

    FOLDER has a folder for each clip, in it a film (.mp4, .webm) for each way of colouring: hike/true.mp4,
    hike/ours.mp4. The one named true is the truth. Nothing leaves this machine.
    """
    kept = answers or _answers_beside(folder)
    if results:
        _show_results(kept)
        return
    from vidcolor_utils.survey.ballot import Ballot, answers_of, films_in, make_trials
    from vidcolor_utils.survey.page import SurveyServer

    films = films_in(folder)
    with answers_of(judge, kept) as path:
        ballot = Ballot(make_trials(films, seed=seed), judge, path)
        _ask(SurveyServer(films, ballot), no_browser=no_browser)
    where = f" --answers {shlex.quote(str(answers))}" if answers else ""
    say(f"All answered: `vidcolor survey {shlex.quote(str(folder))}{where} --results` shows the scores.")


def _answers_beside(folder: Path) -> Path:
    place = folder if folder.name not in ("", "..") else folder.resolve()
    return place.parent / f"{place.name}-answers"


def _ask(server: SurveyServer, *, no_browser: bool) -> None:
    with going_on(), server:
        ballot = server.ballot
        if ballot.trial is not None:
            say(f"{len(ballot.trials)} questions at {server.address}")
            say("Answers are kept after each choice; end with Ctrl-C, and the same command goes on.")
            if not no_browser:
                open_once(server.address)
            server.serve_forever()


def _show_results(answers: Path) -> None:
    from vidcolor_utils.survey.judging import QUESTIONS, answer_files, read_answers, scores

    given = read_answers(*answer_files(answers))
    if not given:
        raise InputError(f"{answers}: no answers yet: ask somebody first")
    for question in QUESTIONS:
        asked = [answer for answer in given if answer.question == question]
        judges = len({answer.judge for answer in asked})
        say(f"{question} {counted(len(asked), 'answer')}, {counted(judges, 'judge')}")
        table = Table("film", "score", "95 % interval")
        for name, score in scores(asked).items():
            table.add_row(cell(name), f"{score.value:+.2f}", f"{score.low:+.2f} to {score.high:+.2f}")
        show(table)
