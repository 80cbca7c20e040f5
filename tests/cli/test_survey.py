import pytest
from click.testing import CliRunner

from vidcolor_utils.cli.survey import survey
from vidcolor_utils.survey.judging import QUESTIONS, Answer, write_answers
from vidcolor_utils.system.errors import InputError


def test_results_merge_the_answers_of_all_judges(tmp_path):
    (tmp_path / "films-answers").mkdir()
    for judge, choice in (("anna", "left"), ("ben", "left"), ("cleo", "right")):
        answer = Answer(judge, "hike", QUESTIONS[1], "ours", "zhang", choice)
        write_answers(tmp_path / "films-answers" / f"{judge}.json", [answer])
    result = CliRunner().invoke(survey, [str(tmp_path / "films"), "--results"])
    lines = [line.split() for line in result.output.splitlines()]
    assert "Which is steadier? 3 answers, 3 judges" in result.output
    assert "Which is the true one? 0 answers, 0 judges" in result.output
    # Two of three, each with half a win more: log(2.5 / 1.5) / 2 = 0.26.
    assert any({"ours", "+0.26"} <= set(line) for line in lines), result.output
    assert any({"zhang", "-0.26"} <= set(line) for line in lines)


def test_a_folder_without_films_is_named(tmp_path):
    result = CliRunner().invoke(survey, [str(tmp_path)])
    assert isinstance(result.exception, InputError) and "CLIP/true.mp4" in str(result.exception)


def test_a_seed_that_is_none_is_named_before_anything_is_looked_at(tmp_path):
    result = CliRunner().invoke(survey, [str(tmp_path), "--seed", "-1"])
    assert result.exit_code == 2 and "'--seed': -1 is not in the range x>=0" in result.output


@pytest.mark.parametrize("named", [".", "..", "/"])
def test_a_folder_may_be_named_by_where_it_is(tmp_path, monkeypatch, named):
    (tmp_path / "films" / "hike").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "films" / "hike")
    result = CliRunner().invoke(survey, [named, "--results"])
    assert isinstance(result.exception, InputError) and "-answers: no answers yet" in str(result.exception)


def test_what_macos_lays_beside_answers_is_none(tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    write_answers(answers / "anna.json", [Answer("anna", "hike", QUESTIONS[1], "ours", "theirs", "left")])
    (answers / "._anna.json").write_bytes(b"\0\5\x16\7")
    result = CliRunner().invoke(survey, [str(tmp_path / "films"), "--answers", str(answers), "--results"])
    assert "1 answer, 1 judge" in result.output


def test_before_the_first_answer_there_are_no_results(tmp_path):
    result = CliRunner().invoke(survey, [str(tmp_path), "--results"])
    assert isinstance(result.exception, InputError) and "no answers yet" in str(result.exception)


def test_names_of_films_are_shown_as_they_are(tmp_path):
    (tmp_path / "films-answers").mkdir()
    answer = Answer("anna", "hike", QUESTIONS[1], "ours [v2]", "theirs [/x] y", "left")
    write_answers(tmp_path / "films-answers" / "anna.json", [answer])
    result = CliRunner().invoke(survey, [str(tmp_path / "films"), "--results"])
    assert "ours [v2]" in result.output and "theirs [/x] y" in result.output
