"""How films are cut, in numbers of frames worked out by hand."""

from fractions import Fraction

import pytest

from vidcolor_utils.colorizers.defaults import STRENGTH
from vidcolor_utils.colorizers.steady import BATCH, LOOKAHEAD
from vidcolor_utils.film.record import SegmentRecord
from vidcolor_utils.film.tape import (
    MAX_LEAD,
    START,
    Cutting,
    Place,
    Tape,
    frames_after,
    plan_cutting,
    unfinished,
)
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import WHOLE

CUTTING = Cutting(length=4, lead=2, ahead=1)


@pytest.fixture
def reader(make_video):
    with VideoReader(make_video("in.mkv", codec="ffv1", frames=10, times=[4 * n for n in range(10)])) as reader:
        yield reader


def numbers(reader, frames):
    return [round(frame.pts * reader.time_base * 25) for frame in frames]


def test_a_lead_is_as_long_as_colours_are_remembered():
    # 0.92 ** 47 < 0.02 < 0.92 ** 46, rounded up to whole batches of every third frame.
    cutting = plan_cutting(Fraction(25), seconds=30, strength=0.92, every=3, offline=False)
    batch = 3 * BATCH
    assert cutting == Cutting(750, -(-47 // batch) * batch, 0)
    assert plan_cutting(Fraction(25), seconds=30, strength=0, every=1, offline=True) == Cutting(750, 0, LOOKAHEAD)
    assert plan_cutting(Fraction(25), seconds=30, strength=0.999, every=1, offline=False).lead == MAX_LEAD
    assert plan_cutting(Fraction(25), seconds=0.2, strength=0.92, every=1, offline=False) == Cutting(5, 5, 0)


def test_the_longest_lead_leaves_little_of_what_lies_before_it():
    assert STRENGTH**MAX_LEAD < 0.06  # a twentieth, whatever the batches of the network are


def test_segments_overlap_by_lead_and_what_is_looked_at_ahead(reader):
    tape, own, beside, place = Tape(reader, WHOLE, CUTTING, START), [], [], START
    while place is not None:
        items = list(tape.segment())
        own.append(numbers(reader, (frame for frame, is_own in items if is_own)))
        beside.append(numbers(reader, (frame for frame, is_own in items if not is_own)))
        place = tape.following()
    assert own == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert beside == [[4], [2, 3, 8], [6, 7]]


def test_a_lead_is_what_is_remembered_of_frames(reader):
    def without_luma(frame):
        return frame._replace(luma=frame.luma[:1])

    tape = Tape(reader, WHOLE, CUTTING, START, without_luma)
    assert [len(item.frame.luma) for item in tape.segment()] == [reader.info.height] * 5
    assert [len(item.frame.luma) for item in tape.segment()] == [1, 1] + [reader.info.height] * 5
    later = Tape(reader, WHOLE, CUTTING, Place(1, None), without_luma)
    assert [len(item.frame.luma) for item in later.segment()][:3] == [1, 1, reader.info.height]


def test_a_tape_can_begin_at_any_segment(reader):
    tape = Tape(reader, WHOLE, CUTTING, START)
    list(tape.segment())
    place = tape.following()
    assert place.segment == 1 and place.anchor.number == 2  # where its lead begins
    assert numbers(reader, frames_after(reader, WHOLE, place.anchor)) == list(range(2, 10))
    later = Tape(reader, WHOLE, CUTTING, place)
    assert numbers(reader, (item.frame for item in later.segment() if item.is_own)) == [4, 5, 6, 7]


def test_only_segments_without_a_record_are_given_out(reader):
    tape = Tape(reader, WHOLE, CUTTING, START)
    list(tape.segment())
    following = tape.following()
    record = SegmentRecord([0], [0], 4, following.anchor, None, 1)
    made = []
    for place, tape in unfinished(reader, WHOLE, CUTTING, {0: record}):
        made.append(place.segment)
        list(tape.segment())
    assert made == [1, 2]
