from click.testing import CliRunner

from records.lesson_commands import openings, solutions, twins
from tests.helpers.shown import shown, write_notebook


def test_twins_and_openings_say_how_many_they_wrote(tmp_path):
    write_notebook(tmp_path / "a.ipynb", [shown("png", (9, 9))], "opening")
    write_notebook(tmp_path / "b.ipynb", [], "exercise")
    said = CliRunner().invoke(
        openings, [str(tmp_path), "--output", str(tmp_path / "pictures")], catch_exceptions=False
    )
    assert said.output.startswith("1 pictures") and (tmp_path / "pictures" / "a.png").exists()
    said = CliRunner().invoke(twins, [str(tmp_path), "--output", str(tmp_path / "twins")], catch_exceptions=False)
    assert said.output.startswith("1 twins") and (tmp_path / "twins" / "b.ipynb").exists()


def test_solutions_needs_notebooks():
    assert CliRunner().invoke(solutions, []).exit_code == 2
