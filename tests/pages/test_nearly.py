"""nbval compares score tables: numbers nearly, words exactly."""

import os
import subprocess
import sys

import nbformat
import pytest

from tests.helpers.command import REPOSITORY
from tests.helpers.nearly import same_but_for_numbers
from tests.helpers.small import CHECKED


@pytest.mark.parametrize(
    ("found", "same"),
    [
        ("gray 100.0*  holds", True),
        ("gray  91.0  holds", True),
        ("gray 89.0  holds", False),
        ("gray -100.0  holds", False),
        ("gray 100.0  does not hold", False),
        ("gray 100.0 1.0  holds", False),
    ],
)
def test_numbers_may_be_near_and_words_may_not(found, same):
    assert same_but_for_numbers(found, "gray 100.0  holds") is same


def test_a_planted_number_and_a_planted_verdict_fail(tmp_path):
    committed = {"print('error 105.0')": "error 100.0\n", "print('error 125')": "error 100\n"}
    committed["print('depends')"] = "holds\n"
    cells = []
    for number, (code, text) in enumerate(committed.items(), start=1):
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        cells.append(nbformat.v4.new_code_cell(code, execution_count=number, outputs=[output]))
        cells[-1]["metadata"]["tags"] = [CHECKED, "nearly"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "planted.ipynb")
    options = ["-p", "nbval.plugin", "-p", "tests.helpers.nearly", "-p", "no:cacheprovider", "-rA"]
    options += ["--nbval-lax", "--nbval-current-env"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path / "planted.ipynb")],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    outcomes = [line.split()[0] for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
    assert sorted(outcomes) == ["FAILED", "FAILED", "PASSED"], done.stdout
