import pytest

pytest.importorskip("anywidget")
pytest.importorskip("choix")
from vidcolor_utils.survey.widget import Survey


def test_the_widget_shows_the_films_of_the_trial_and_goes_on(tmp_path):
    films = {"hike": {"true": tmp_path / "true.mp4", "ours": tmp_path / "ours.WEBM"}}
    for name, path in films["hike"].items():
        path.write_bytes(name.encode())
    survey = Survey(films, judge="anna", path=tmp_path / "answers" / "anna.json")
    first = survey.ballot.trial
    assert (survey.left.decode(), survey.right.decode()) == (first.left, first.right)
    kind = {"true": "video/mp4", "ours": "video/webm"}
    assert survey.kinds == {"left": kind[first.left], "right": kind[first.right]}
    assert survey.question == first.question and survey.total == 3
    assert not {"true", "ours"} & set(survey.get_state()["question"].split())
    for _ in range(2):  # as from the browser, twice by accident
        survey._handle_custom_msg({"choice": "right", "number": 0}, [])
    assert survey.number == 1 and survey.ballot.answers[0].winner == first.right
    survey.choose("left")
    survey.choose("left")
    assert survey.question == "" and repr(survey) == "Survey(3 of 3 answered)"
