import pytest

from vidcolor_utils.system.errors import InputError, OptionError, OutputError

pytest.importorskip("anywidget")
pytest.importorskip("choix")
from vidcolor_utils.survey.ballot import Ballot, answered_all, answers_of, films_in, judged_by, make_trials
from vidcolor_utils.survey.judging import (
    WHICH_IS_STEADIER,
)

FILMS = {"hike": {"true": "t.mp4", "ours": "o.mp4", "gray": "g.mp4"}}


def test_every_pair_is_asked_of_once_in_both_orders_over_seeds():
    trials = make_trials(FILMS, seed=3)
    # The truth beside each of two films, and three pairs for each of the other two questions.
    assert len(trials) == 2 + 3 + 3
    assert len({(t.question, frozenset((t.left, t.right))) for t in trials}) == 8
    assert trials == make_trials(FILMS, seed=3) != make_trials(FILMS, seed=4)
    sides = {make_trials(FILMS, questions=[WHICH_IS_STEADIER], seed=seed)[0].left for seed in range(20)}
    assert sides == {"true", "ours", "gray"}


@pytest.mark.parametrize("seed", [-1, 0.5, "1", True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(OptionError, match="`seed` must be a whole number of at least 0"):
        make_trials(FILMS, seed=seed)


def test_answers_are_kept_and_a_survey_goes_on(tmp_path):
    trials, path = make_trials(FILMS), tmp_path / "anna.json"
    ballot = Ballot(trials, "anna", path)
    ballot.choose("left")
    ballot.choose("right")
    again = Ballot(trials, "anna", path)
    assert again.trial == trials[2]
    assert [answer.winner for answer in again.answers] == [trials[0].left, trials[1].right]
    with pytest.raises(InputError, match="another survey's"):
        Ballot(trials, "ben", path)
    with pytest.raises(InputError, match="another survey's"):
        Ballot(trials[1:], "anna", path)
    with pytest.raises(InputError, match="left or right"):
        ballot.choose("both")


def test_judges_who_answered_all_are_named_in_whatever_order_they_were_asked():
    trials = make_trials(FILMS, seed=1)
    answers = judged_by(trials, "ben", lambda *_: "left") + judged_by(
        make_trials(FILMS, seed=2), "anna", lambda *_: "left"
    )
    assert answered_all(answers, trials) == ["anna", "ben"]
    assert answered_all(answers[1:], trials) == ["anna"]
    assert answered_all(answers, trials[:3]) == ["anna", "ben"]
    assert answered_all([], trials) == []
    more = make_trials({"hike": FILMS["hike"] | {"zhang": "z.mp4"}})
    assert answered_all(answers, more) == []


def test_two_surveys_of_a_judge_lose_no_answer(tmp_path):
    trials, path = make_trials(FILMS), tmp_path / "anna.json"
    first, second = Ballot(trials, "anna", path), Ballot(trials, "anna", path)
    first.choose("left")
    with pytest.raises(InputError, match="meanwhile"):
        second.choose("right")
    assert Ballot(trials, "anna", path).answers == first.answers


def test_one_survey_of_a_judge_runs_at_a_time(tmp_path):
    with answers_of("anna", tmp_path / "answers") as path, answers_of("ben", tmp_path / "answers"):
        assert path == tmp_path / "answers" / "anna.json"
        with pytest.raises(OutputError, match="another run"), answers_of("anna", tmp_path / "answers"):
            pass


@pytest.mark.parametrize("judge", ["team/eve", "../eve", "..", "", " ", "a:b"])
def test_a_judge_has_a_name_that_a_file_can_have(judge, tmp_path):
    with pytest.raises(OptionError, match="judge"), answers_of(judge, tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_films_of_a_folder(tmp_path):
    for name in ("hike/true.mp4", "hike/ours.webm", "alone/true.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "hike" / "readme.txt").touch()
    assert {clip: sorted(films) for clip, films in films_in(tmp_path).items()} == {"hike": ["ours", "true"]}
    (tmp_path / ".hike").mkdir()
    for name in ("true.mp4", "ours.mp4"):
        (tmp_path / ".hike" / name).touch()
    assert list(films_in(tmp_path)) == ["hike"]
    (tmp_path / "hike" / "true.webm").touch()
    with pytest.raises(InputError, match=r"beside true\.mp4"):
        films_in(tmp_path)
    (tmp_path / "hike" / "true.webm").unlink()
    (tmp_path / "hike" / "zhang.avi").touch()
    with pytest.raises(InputError, match="browsers play"):
        films_in(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        films_in(tmp_path / "none")
    with pytest.raises(InputError, match="needs a clip with two films"):
        films_in(tmp_path / "alone")
