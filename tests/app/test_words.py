from vidcolor_utils.app.words import duration_text, progress_text


def test_progress_in_words():
    assert progress_text(1, 101, 0.0) == (1 / 101, "frame 1 of 101")
    assert progress_text(26, 101, 5.0) == (26 / 101, "frame 26 of 101, about 15 s left")
    assert progress_text(3, None, 1.0) == (0.0, "frame 3")
    assert progress_text(12, 10, 1.0) == (1.0, "frame 12 of 12, about 0 s left")  # the file held more than it said


def test_durations_in_words():
    assert [duration_text(seconds) for seconds in (0.4, 59, 61, 3540, 3900)] == [
        *("0 s", "59 s", "1 min", "59 min", "1 h 5 min"),
    ]
