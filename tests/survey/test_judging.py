import json
import math

import pytest

from vidcolor_utils.system.errors import InputError

pytest.importorskip("anywidget")
pytest.importorskip("choix")
from vidcolor_utils.survey.ballot import judged_by, make_trials
from vidcolor_utils.survey.judging import (
    WHICH_IS_TRUE,
    WHICH_TO_WATCH,
    Answer,
    agreement,
    read_answers,
    scores,
    share,
    simulated_judge,
    truth_found,
    write_answers,
)

FILMS = {"hike": {"true": "t.mp4", "ours": "o.mp4", "gray": "g.mp4"}}


def watched(winner: str, loser: str, times: int) -> list[Answer]:
    return [Answer(f"judge {n} of {winner}", "hike", WHICH_TO_WATCH, winner, loser, "left") for n in range(times)]


def test_two_films_score_as_worked_out_by_hand():
    found = scores(watched("ours", "gray", 3) + watched("gray", "ours", 1))
    assert list(found) == ["ours", "gray"]
    # 3 of 4, each with half a win more: log(3.5 / 1.5), around a mean of 0.
    assert found["ours"].value == pytest.approx(math.log(3.5 / 1.5) / 2, abs=1e-6)
    # The difference has the variance 1 / (n p (1 - p)) with n = 5, p = 0.7; each score deviates by half of it.
    half = 1.959964 * math.sqrt(1 / (5 * 0.7 * 0.3)) / 2
    assert found["ours"].high - found["ours"].value == pytest.approx(half, rel=1e-5)
    assert found["gray"].value == pytest.approx(-found["ours"].value)


def test_a_film_that_always_wins_has_a_finite_score_and_a_wide_interval():
    few, many = (scores(watched("ours", "gray", times))["ours"] for times in (1, 50))
    assert math.isfinite(many.high) and few.value < many.value
    assert few.high - few.low > many.value / 2


def test_films_that_never_met_are_ranked_through_a_third():
    found = scores(watched("true", "ours", 4) + watched("ours", "gray", 4))
    assert list(found) == ["true", "ours", "gray"]
    assert found["ours"].value == pytest.approx(0, abs=1e-6)
    assert scores([]) == {}


def test_films_that_nothing_connects_are_scored_all_the_same():
    found = scores(watched("true", "gray", 4) + watched("ours", "zhang", 4))
    assert {*list(found)[:2]} == {"true", "ours"} and all(math.isfinite(each.high) for each in found.values())


def test_what_a_measure_finds_equal_does_not_count():
    answers = watched("true", "ours", 3) + watched("ours", "gray", 1)
    values = {("hike", "true"): 1.0, ("hike", "ours"): 1.0, ("hike", "gray"): 0.0}
    assert agreement(answers, values).value == 1.0


def test_how_often_the_truth_is_found():
    right = Answer("a", "hike", WHICH_IS_TRUE, "ours", "true", "right")
    answers = [right, right._replace(judge="b", choice="left"), right._replace(judge="c", question=WHICH_TO_WATCH)]
    assert truth_found(answers)["ours"].value == 0.5
    assert share(0, 10).low == 0 and 0.2 < share(0, 10).high < 0.35  # Wilson: 1.96**2 / (10 + 1.96**2) = 0.278
    assert math.isnan(share(0, 0).value)


def test_agreement_counts_where_the_measure_and_the_judges_prefer_the_same():
    answers = watched("ours", "gray", 3) + watched("gray", "ours", 1) + watched("ours", "unmeasured", 1)
    assert agreement(answers, {("hike", "ours"): 30.0, ("hike", "gray"): 24.0}).value == 0.75


def test_files_of_several_judges_are_merged(tmp_path):
    for name in ("anna", "ben"):
        write_answers(tmp_path / f"{name}.json", judged_by(make_trials(FILMS), name, lambda *trial: "left"))
    merged = read_answers(tmp_path / "anna.json", tmp_path / "ben.json")
    assert len(merged) == 16 and {answer.judge for answer in merged} == {"anna", "ben"}
    with pytest.raises(InputError, match="anna answered twice"):
        read_answers(tmp_path / "anna.json", tmp_path / "anna.json")


@pytest.mark.parametrize("content", ["", "{}", '{"answers": [{"judge": "a"}]}', "[]"])
def test_what_is_no_file_of_answers_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match="not a file of answers"):
        read_answers(tmp_path / "a.json")
    with pytest.raises(InputError, match="no such file"):
        read_answers(tmp_path / "b.json")


def test_a_choice_that_is_neither_is_refused(tmp_path):
    entry = Answer("a", "hike", WHICH_TO_WATCH, "ours", "gray", "both")._asdict()
    (tmp_path / "a.json").write_text(json.dumps({"answers": [entry]}))
    with pytest.raises(InputError, match="must be left or right"):
        read_answers(tmp_path / "a.json")


def test_a_simulated_judge_prefers_what_it_likes_and_is_not_always_of_one_mind():
    liking = {"true": 2.0, "ours": 0.0, "gray": -2.0}
    choose = simulated_judge(lambda question, clip, film: liking[film], seed=0)
    answers = [a for _ in range(60) for a in judged_by(make_trials(FILMS), "simulated", choose)]
    assert list(scores(answers)) == ["true", "ours", "gray"]
    assert 0.8 < truth_found(answers)["ours"].value < 0.95  # 1 / (1 + exp(-2)) = 0.88
