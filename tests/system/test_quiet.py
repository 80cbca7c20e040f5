import os
from threading import Barrier, Thread

import pytest

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
