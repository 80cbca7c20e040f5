import pytest

from vidcolor_utils.system.errors import InputError

pytest.importorskip("anywidget")
pytest.importorskip("choix")
from vidcolor_utils.survey.ballot import Ballot, films_in, make_trials
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


def test_films_of_a_folder(tmp_path):
    for name in ("hike/true.mp4", "hike/ours.webm", "alone/true.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert {clip: sorted(films) for clip, films in films_in(tmp_path).items()} == {"hike": ["ours", "true"]}
    (tmp_path / "hike" / "zhang.avi").touch()
    with pytest.raises(InputError, match="browsers play"):
        films_in(tmp_path)
    with pytest.raises(InputError, match="needs a clip with two films"):
        films_in(tmp_path / "alone")
