import os
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from tests.helpers.command import REPOSITORY
from vidcolor_utils.system.quiet import quiet_native_logs


def test_what_native_code_says_is_held_back_and_errors_are_not(capfd):
    os.write(2, b"before ")
    with pytest.raises(ValueError, match="loud"), quiet_native_logs():
        os.write(2, b"chatter ")
        raise ValueError("loud")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_threads_that_overlap_leave_stderr_as_it_was(capfd):
    both_inside, one_left = Barrier(2), Barrier(2)

    def first_in_first_out():
        with quiet_native_logs():
            both_inside.wait()
        one_left.wait()

    thread = Thread(target=first_in_first_out)
    thread.start()
    with quiet_native_logs():
        both_inside.wait()
        one_left.wait()
        os.write(2, b"chatter ")
    thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs a POSIX shell")
def test_where_stderr_is_closed_there_is_nothing_to_hold_back(tmp_path):
    code = "from vidcolor_utils.system.quiet import quiet_native_logs as q\nwith q(): pass\nprint('went on')"
    (tmp_path / "a.py").write_text(code)
    words = f"'{sys.executable}' '{tmp_path / 'a.py'}' 2>&-"
    paths = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.run(["/bin/sh", "-c", words], stdout=subprocess.PIPE, text=True, timeout=60, env=paths)
    assert run.stdout == "went on\n"
