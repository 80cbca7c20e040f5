import os
import signal
import sys
import time

import pytest

from records.strain.damage import MUTATIONS
from records.strain.fuzz import Case, judge, run_case, run_fuzz


@pytest.mark.parametrize(
    ("code", "stderr", "names", "kind"),
    [
        (0, "", {"out.mp4"}, "done"),
        (0, "vidcolor: warning: cut short\n", {"out.mp4"}, "done, with a warning"),
        (2, "vidcolor: in.mp4: no video\n", set(), "input error"),
        (1, "vidcolor: out.mp4: cannot be written\n", set(), "output error"),
    ],
)
def test_judge_lets_good_ends_pass(code, stderr, names, kind):
    outcome = judge(code, stderr, names, "out.mp4")
    assert outcome.good and outcome.kind == kind


@pytest.mark.parametrize(
    ("code", "stderr", "names", "kind"),
    [
        (0, "", set(), "no output"),
        (0, "", {"out.mp4", ".out.part-1.mp4"}, "partial output"),
        (2, "vidcolor: no\n", {".out.part-1.mp4"}, "partial output"),
        (2, "", set(), "stray lines"),
        (2, "one\nvidcolor: two\n", set(), "stray lines"),
        (0, "chatter\n", {"out.mp4"}, "stray lines"),
        (1, "Traceback (most recent call last):\n", set(), "exit 1"),
        (3, "vidcolor: what\n", set(), "exit 3"),
        (99, "", {"out.mp4"}, "unplayable output"),
        (-signal.SIGSEGV, "", set(), "crash (SIGSEGV)"),
        (-signal.SIGXCPU, "", set(), "hang"),
    ],
)
def test_judge_tells_bad_ends(code, stderr, names, kind):
    outcome = judge(code, stderr, names, "out.mp4")
    assert not outcome.good and outcome.kind == kind


def abort(case):
    os.abort()


def sleep(case):
    time.sleep(60)


def take_memory(case):
    try:
        bytearray(5 << 30)
    except MemoryError:
        sys.exit("vidcolor: no memory")


def leave_half(case):
    (case.source.parent / ".out.part-1.mp4").write_bytes(b"half")
    sys.exit(2)


@pytest.mark.parametrize(
    ("command", "kind", "seconds"),
    [
        (abort, "crash (SIGABRT)", 5),
        (sleep, "hang", 0.5),
        (take_memory, "output error", 5),
        (leave_half, "partial output", 5),
    ],
)
def test_a_run_is_watched(tmp_path, monkeypatch, command, kind, seconds):
    monkeypatch.setattr("records.strain.fuzz.WALL_S", seconds)
    source = tmp_path / "in.mp4"
    source.write_bytes(b"x")
    case = Case(0, "in.mp4", "none", source, ("colorize",), tmp_path / "out.mp4", False)
    assert run_case(case, command).kind == kind


def test_damaged_files_end_in_a_playable_output_or_one_line(tmp_path):
    record = run_fuzz(36, 7, keep=tmp_path)
    assert record["failures"] == [] and list(tmp_path.iterdir()) == []
    assert sum(record["outcomes"].values()) == 36 and len(record["mutations"]) == len(MUTATIONS)
    assert record["outcomes"]["done"] > 10 and record["outcomes"]["input error"] > 10
