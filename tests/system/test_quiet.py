import os

import pytest

from vidcolor_utils.system.quiet import quiet_native_logs


def test_what_native_code_says_is_held_back_and_errors_are_not(capfd):
    os.write(2, b"before ")
    with pytest.raises(ValueError, match="loud"), quiet_native_logs():
        os.write(2, b"chatter ")
        raise ValueError("loud")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"
