"""A judge at the survey's page: what is typed and clicked in Chromium ranks as a calculation by hand does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
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
from vidcolor_utils.video.codecs import Encoding
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
    encoding = Encoding("vp9" if path.suffix == ".webm" else "h264")
    with VideoWriter(path, (SIDE, SIDE), rate=12, encoding=encoding) as writer:
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


def test_a_film_that_the_browser_cannot_show_is_not_judged(chromium: Browser, tmp_path: Path):
    make_film(tmp_path / "true.mp4", COLORS["true"])
    films = {"hike": {"true": tmp_path / "true.mp4", "ours": tmp_path / "ours.webm"}}
    buttons = "button:enabled"
    with asking_anna(films, tmp_path) as server:
        page = chromium.new_page()
        for spoil in (write_nonsense, write_sound_only):
            spoil(tmp_path / "ours.webm")
            page.goto(server.address)
            side = "left" if server.ballot.trial.left == "ours" else "right"
            expect(page.get_by_role("alert").first).to_contain_text(f"cannot show the film on the {side}")
            for key in ("ArrowLeft", "ArrowRight"):
                page.locator("main").press(key)
            assert page.locator(buttons).count() == 0
        (tmp_path / "ours.webm").unlink()
        page.goto(server.address)
        expect(page.locator("#wrong")).to_contain_text("The films did not come (Gone)")
        assert not server.ballot.answers
        make_film(tmp_path / "ours.webm", COLORS["ours"])
        page.goto(server.address)
        expect(page.locator(buttons)).to_have_count(2)
        expect(page.get_by_role("alert").first).to_have_text("")
        (tmp_path / "true.mp4").unlink()
        page.locator("main").press("ArrowLeft")
        expect(page.locator("#wrong")).to_contain_text("The films did not come (Gone)")
        assert len(server.ballot.answers) == 1
        page.close()


def write_nonsense(path: Path) -> None:
    path.write_bytes(b"no film" * 99)


def write_sound_only(path: Path) -> None:
    """As a film looks to a browser that knows its sound only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        for start in range(0, 48000, 960):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


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
