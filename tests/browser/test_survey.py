"""A judge at the survey's page: what is typed and clicked in Chromium ranks as a calculation by hand does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.helpers.surveys import asking_anna
from vidcolor_utils.survey.judging import (
    WHICH_IS_STEADIER,
    WHICH_IS_TRUE,
    WHICH_TO_WATCH,
    Answer,
    read_answers,
    scores,
    truth_found,
)
from vidcolor_utils.survey.page import SurveyServer
from vidcolor_utils.video.writer import VideoWriter

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SIDE, FRAMES, TRIALS = 32, 12, 8  # trials: 2 + 3 + 3 of three films
COLORS = {"true": (200, 60, 40), "ours": (160, 90, 80), "zhang": (40, 60, 200)}
LIKED = {  # first is best
    WHICH_IS_TRUE: ("true", "ours", "zhang"),
    WHICH_IS_STEADIER: ("ours", "true", "zhang"),
    WHICH_TO_WATCH: ("true", "ours", "zhang"),
}


def make_film(path: Path, color: tuple[int, int, int]) -> Path:
    with VideoWriter(path, (SIDE, SIDE), rate=12) as writer:
        for number in range(FRAMES):
            writer.write_rgb(np.full((SIDE, SIDE, 3), color, np.uint8), number)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SurveyServer]:
    films = {"hike": {name: make_film(tmp_path / f"{name}.mp4", color) for name, color in COLORS.items()}}
    with asking_anna(films, tmp_path) as server:
        yield server


def test_answers_typed_and_clicked_give_the_ranking_of_a_hand_calculation(
    server: SurveyServer, chromium: Browser, tmp_path: Path, screenshots: Path
):
    page = chromium.new_page(viewport={"width": 900, "height": 600})
    page.goto(server.address)
    sides = []
    for number in range(TRIALS):
        expect(page.locator(".vidcolor-survey-counter")).to_have_text(f"{number} of {TRIALS} answered")
        trial = server.ballot.trial
        expect(page.locator(".vidcolor-survey-question")).to_have_text(trial.question)
        page.wait_for_function("[...document.querySelectorAll('video')].every(v => v.videoWidth > 0)")
        if number == 0:
            page.screenshot(path=screenshots / "survey.png")
        best = min((trial.left, trial.right), key=LIKED[trial.question].index)
        side = "left" if best == trial.left else "right"
        sides.append(side)
        if number % 2:
            page.locator(f".vidcolor-survey-{side} button").click()
        else:
            page.locator("main").press("ArrowLeft" if side == "left" else "ArrowRight")
    expect(page.locator(".vidcolor-survey-question")).to_contain_text("That was all")
    page.close()
    assert set(sides) == {"left", "right"}  # whoever always takes the same side does not pass

    answers = read_answers(tmp_path / "anna.json")
    assert len(answers) == TRIALS
    for question, order in LIKED.items():
        assert_ranked_by_hand([answer for answer in answers if answer.question == question], order)
    assert {name: found.value for name, found in truth_found(answers).items()} == {"ours": 1.0, "zhang": 1.0}


def assert_ranked_by_hand(answers: list[Answer], order: tuple[str, str, str]) -> None:
    """Compare with the Bradley-Terry scores worked out by hand; half a win is given to both films of a pair."""
    ranked = scores(answers)
    assert ranked[order[0]].value > ranked[order[2]].value
    if len(answers) == 3:
        # All pairs, one answer each. By symmetry the scores are s, 0 and -s. The first has 1.5 + 1.5 of 4 wins:
        # 2 / (1 + exp(-s)) + 2 / (1 + exp(-2s)) = 3, with x = exp(s): x^3 - x^2 - x - 3 = 0, x = 2.1304.
        by_hand = (math.log(2.1304), 0.0, -math.log(2.1304))
    else:
        # The truth against each of two films: 1.5 of 2 wins over either, so log(1.5 / 0.5) = log 3 above both.
        by_hand = (2 / 3 * math.log(3), -1 / 3 * math.log(3), -1 / 3 * math.log(3))
    assert [ranked[name].value for name in order] == pytest.approx(by_hand, abs=1e-3)
