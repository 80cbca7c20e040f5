import io

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from tests.helpers.films import moving_disc
from vidcolor_utils.cli import screen
from vidcolor_utils.cli.screen import fail, folder_table, score_table, show, warn
from vidcolor_utils.pictures.active_area import Area
from vidcolor_utils.tool.folder.book import Result
from vidcolor_utils.tool.score import MEASURES, ROWS, score_frames


def shown(table):
    console = Console(file=io.StringIO(), width=100)
    console.print(table)
    return console.file.getvalue()


def test_scores_are_shown_for_gray_candidate_and_true():
    frame = moving_disc(1, 48, 64)
    text = shown(score_table(score_frames(frame, frame, area=Area(0, 48, 0, 60))))
    assert "rows 0 to 48, columns 0 to 60" in text
    for word in (*ROWS, *(label for label, _, _ in MEASURES.values())):
        assert word in text
    cdc = next(line for line in text.splitlines() if " CDC " in line)
    assert cdc.count(" - ") == 3  # one frame has none


def test_a_folder_is_shown_file_by_file_and_counted():
    results = [
        Result("a.mp4", "out/a.mp4", "done", frames=50, seconds=20.0),
        Result("b.mp4", "out/b.mp4", "failed", error="no film"),
        Result("c.png", "out/c.png", "there already", frames=1),
    ]
    text = shown(folder_table(results))
    assert "1 done, 1 failed, 1 there already" in text
    (line,) = (line for line in text.splitlines() if "a.mp4" in line)
    assert [word for word in line.split() if np.char.isnumeric(word.replace(".", ""))] == ["50", "20", "2.5"]


def test_in_a_narrow_terminal_a_cell_is_folded_and_nothing_cut():
    table = Table("measure")
    table.add_row("21.09876")
    show(table, console := Console(file=io.StringIO(), force_terminal=True, width=9))
    printed = console.file.getvalue()
    assert "21.09" in printed and "876" in printed and "…" not in printed


def test_what_would_steer_a_terminal_is_shown_as_a_mark(capsys):
    warn("sound in language \x1b]0;owned\x07\nnext line, žluťoučký kůň")
    assert (
        capsys.readouterr().err
        == "vidcolor: warning: sound in language \ufffd]0;owned\ufffd\nnext line, žluťoučký kůň\n"
    )
    with pytest.raises(SystemExit):
        fail("\x1b[2Jfilm.mp4: no such file", 2)
    assert capsys.readouterr().err == "vidcolor: \ufffd[2Jfilm.mp4: no such file\n"


def test_a_bar_has_no_name_that_steers_a_terminal(monkeypatch):
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, color_system=None)
    monkeypatch.setattr(screen, "Console", lambda **_: terminal)
    with screen.progress_bars() as open_bar:
        open_bar("a\x1b]0;title\x1b\\[b].png")(1, 2)
    assert "\x1b]0;" not in shown.getvalue() and "a\ufffd]0;title\ufffd\\[b].png" in shown.getvalue()
