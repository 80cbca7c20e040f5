import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.times import parse_time, time_text


@pytest.mark.parametrize(
    ("text", "seconds"), [("83", 83), ("83.5", 83.5), ("1:23.5", 83.5), ("0:01:23.5", 83.5), ("2:00:00", 7200)]
)
def test_times_are_read(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1:", "1:2:3:4", "1e3"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00.000"), (83.5, "1:23.500"), (7199.9996, "2:00:00.000")])
def test_times_are_written(seconds, text):
    assert time_text(seconds) == text
