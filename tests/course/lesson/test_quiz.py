import pytest

from vidcolor_utils.system.errors import InputError

pytest.importorskip("anywidget")
from vidcolor_utils.course.lesson.quiz import Question, Quiz

SUM = Question("1 + 1?", {"2": "One, and one more.", "3": "That is <1 + 1 + 1>."}, right="2")
TWICE = Question("2 * 3?", {"5": "That is 2 + 3.", "6": "Three, two times."}, right="6")


def test_score_counts_right_answers_only():
    quiz = Quiz([SUM, TWICE])
    assert quiz.score == 0
    quiz.chosen = [0, 0]
    assert quiz.score == 1
    quiz.set_state({"chosen": [0, 1]})  # as from the browser
    assert quiz.score == 2


@pytest.mark.parametrize("chosen", [[0], [0, 2], [-2, 0]])
def test_an_answer_that_is_not_there_is_refused(chosen):
    with pytest.raises(InputError, match="chosen must be"):
        Quiz([SUM, TWICE]).chosen = chosen


@pytest.mark.parametrize(
    ("questions", "reason"),
    [
        ([], "needs a question"),
        ([SUM._replace(answers={"2": "It is."})], "two answers"),
        ([SUM._replace(right="4")], "none of those"),
        ([SUM._replace(answers={"2": "It is.", "3": " "})], "no explanation"),
    ],
)
def test_a_quiz_that_explains_nothing_is_refused(questions, reason):
    with pytest.raises(InputError, match=reason):
        Quiz(questions)


def test_without_a_kernel_every_explanation_can_be_read():
    text = Quiz([SUM, TWICE])._repr_mimebundle_()[0]["text/html"]
    assert text.count("<details>") == 4
    assert "<summary>2</summary><p><b>Right.</b> One, and one more.</p>" in text
    assert "<b>Wrong.</b> That is &lt;1 + 1 + 1&gt;." in text
