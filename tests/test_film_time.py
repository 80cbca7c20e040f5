import pytest

from vidcolor_utils.film_time import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1:30", 90), ("00:01:30.5", 90.5), ("2:00:00", 7200), ("0.04", 0.04), ("0", 0)],
)
def test_times_are_read(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "abc", "1:75", "1:2:3:4", "-5", "1:", "75:00", "1e3", "nan"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="written as"):
        parse_time(text)


def test_times_are_written():
    assert [format_time(s) for s in (0, 59.6, 3725)] == ["0:00:00", "0:01:00", "1:02:05"]
