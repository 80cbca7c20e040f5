"""What is said of films that hold less than they declare, worked out by hand."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from vidcolor_utils.video.counts import Anchor, Counts, truncation_warning


def declared(frames=None, duration_s=None):
    return SimpleNamespace(
        path="in.mp4", frames=frames, duration_s=duration_s, rate=Fraction(25), stored_size=(48, 64)
    )


@pytest.mark.parametrize(
    ("frames", "duration_s", "counts", "end_s", "said"),
    [
        (50, 2.0, Counts(50, 50), 2, None),
        (50, 2.0, Counts(30, 30), Fraction(30, 25), "cut short: 30 of 50 frames"),
        (50, 2.0, Counts(49, 50, damaged=1), 2, "49 frames could be read, 1 packets not"),
        (50, 2.0, Counts(50, 50, resized=7), 2, "7 frames of another size or format were made 64x48"),
        (None, 2.0, Counts(25, 25), 1, "cut short: 25 of 50 frames"),
        (None, 2.0, Counts(40, 40), Fraction(8, 5), None),  # 0.4 s: the sound may last so much longer
        (None, None, Counts(25, 25), 1, None),
    ],
)
def test_what_is_missing_is_said(frames, duration_s, counts, end_s, said):
    warning = truncation_warning(declared(frames, duration_s), counts, end_s=Fraction(end_s), declared_end_s=None)
    assert warning is said is None or said in warning


def test_frames_that_are_held_are_not_missed():
    counts = Counts(30, 30)
    assert truncation_warning(declared(50, 2.0), counts, end_s=Fraction(2), declared_end_s=Fraction(2)) is None


def test_an_anchor_is_found_by_time_and_picture():
    luma = np.arange(12, dtype=np.uint8).reshape(3, 4)
    anchor = Anchor.of(7, 280, luma, Counts(9, 10, 1, 2))
    assert anchor.counts == Counts(8, 10, 1, 2)
    assert anchor.is_same_frame(Anchor.of(7, 280, luma.copy(), Counts()))
    assert not anchor.is_same_frame(Anchor.of(7, 280, luma[::-1], Counts()))
