"""What becomes of a run when a call of it fails, and that the judge of it sees what is wrong."""

import os
import shutil

import pytest

from records.strain import failing
from records.strain.failing import CALLS, run_failing
from vidcolor_utils.system.errors import OutputError

EVERY = 7
SAID = "out.mkv: cannot be written (Input/output error)"


@pytest.fixture
def film(make_video):
    return make_video("in.mp4", frames=9, times=[50 * index for index in range(9)], sound="aac")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_calls_that_fail_cost_one_line_and_no_frame(film, folder, codec):
    record = run_failing(film, folder, every=EVERY, codec=codec)
    assert set(record["calls"]) == set(CALLS) and record["tried"] >= sum(record["calls"].values()) // EVERY
    assert record["failures"] == {}


def copy(source, output, failed):
    """Stand in for colouring: make a copy under another name and give it its own, or else do `failed`."""
    part = output.with_name(".part")
    shutil.copy(source, part)
    try:
        os.replace(part, output)
    except OSError as error:
        failed(error, part, output)


def in_one_line(error, part, output):
    part.unlink()
    raise OutputError(SAID) from error


def other_frames(error, part, output):
    part.unlink()
    failing.write_film(output)


def other_frames_next_time(error, part, output):
    failing.write_film(output.with_name("other.mkv"))
    raise OutputError(SAID) from error


def raw(error, part, output):
    raise error


def in_two_lines(error, part, output):
    raise OutputError(f"{SAID}\n{error}") from error


def a_hidden_name(error, part, output):
    raise OutputError(f"{part}: cannot be written") from error


def half_an_output(error, part, output):
    part.rename(output)
    raise OutputError(SAID) from error


def a_rest(error, part, output):
    part.rename(output.with_name(".rest"))
    raise OutputError(SAID) from error


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (in_one_line, None),
        (other_frames, "said nothing, and its frames are others"),
        (other_frames_next_time, "the same command then gives other frames"),
        (raw, "a traceback: OSError: "),
        (in_two_lines, "the message is "),
        (a_hidden_name, "the message is "),
        (half_an_output, "there is an output although the run failed"),
        (a_rest, "left behind: ['.rest']"),
    ],
)
def test_what_is_wrong_is_found(film, folder, monkeypatch, failed, said):
    def colorize(source, output, codec):
        other = output.with_name("other.mkv")
        copy(other if other.exists() else source, output, failed)

    monkeypatch.setattr(failing, "colorize", colorize)
    record = run_failing(film, folder)
    assert record["calls"] == {"rename": 1} and record["tried"] == 1
    assert said in record["failures"]["rename 1"] if said else not record["failures"]


def test_a_call_that_is_not_made_proves_nothing(film, folder, monkeypatch):
    monkeypatch.setattr(failing, "colorize", lambda source, output, codec: copy(source, output, in_one_line))
    assert "no call failed" in failing.outcome(film, folder / "out.mkv", ("rename", 2), failing.checksum(film))
