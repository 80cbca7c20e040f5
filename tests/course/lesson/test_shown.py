import pytest

from vidcolor_utils.course.lesson.shown import Picture, Table, say

ROWS = {
    "gray": {"PSNR": 24.216, "flicker": 0.01, "n": 3},
    "ours": {"PSNR": 30.06, "flicker": 0.74, "n": None},
    "true": {"PSNR": 60.0, "flicker": 1.0, "n": 1200},
}


def test_a_picture_says_what_is_on_it():
    picture = Picture(b"\x89PNG", "png", 'a "red" car')
    assert picture._repr_html_() == (
        '<img src="data:image/png;base64,iVBORw==" alt="a &quot;red&quot; car" style="max-width: 100%">'
    )
    assert repr(picture) == 'a "red" car'
    with pytest.raises(ValueError, match="`alt`"):
        Picture(b"", "png", "")


def test_the_best_of_each_column_is_marked_and_the_truth_takes_no_part():
    table = Table(ROWS, digits={"PSNR": 1, "n": 0}, best={"PSNR": "high", "flicker": 1.0}, unmarked=["true"])
    assert repr(table).splitlines() == [
        "       PSNR  flicker      n",
        "gray   24.2     0.01      3",
        "ours  30.1*    0.74*      –",  # noqa: RUF001
        "true   60.0     1.00  1,200",
    ]
    page = table._repr_html_()
    assert page.count("<b>") == 2 and "<b>30.1</b>" in page and "<b>0.74</b>" in page
    assert '<th scope="row" style="text-align: left">gray</th>' in page


def test_numbers_that_read_the_same_are_both_best():
    rows = {"a": {"x": 1.001}, "b": {"x": 1.002}, "c": {"x": 3.0}}
    assert repr(Table(rows, digits=1, best={"x": "low"})).count("*") == 2


def test_an_unknown_goal_is_refused():
    with pytest.raises(ValueError, match="must be"):
        Table(ROWS, best={"PSNR": "highest"})


def test_a_sentence_is_shown_as_markdown(capsys):
    say("It is **2.5** times.")
    assert "Markdown" in capsys.readouterr().out


def test_what_is_no_number_is_never_the_best():
    rows = {"a": {"x": float("nan")}, "b": {"x": 2.0}, "c": {"x": 1.0}}
    marked = [line for line in repr(Table(rows, best={"x": "low"})).splitlines() if "*" in line]
    assert len(marked) == 1 and marked[0].startswith("c")


def test_a_table_without_rows_is_its_caption():
    assert str(Table({}, best={"PSNR": "high"}, caption="Nothing yet")).rstrip() == "Nothing yet"
    assert "<caption>Nothing yet</caption>" in Table({}, caption="Nothing yet")._repr_html_()
