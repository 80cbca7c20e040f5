from itertools import pairwise

import numpy as np
import pytest

from tests.helpers.keyed import SIZE, ab_of, error, gray_of, panned
from vidcolor_utils.film.keyframes import tracks
from vidcolor_utils.film.keyframes.features import STRIDE, grid
from vidcolor_utils.film.keyframes.tracks import Carried, KeyFrame, StepFinder, Track, joined

FRAMES = 16


def carried_along(frames):
    """What a track of the first frame brings to the last."""
    finder, grays = StepFinder(), [gray_of(frame) for frame in frames]
    track, found = Track(KeyFrame(grays[0], ab_of(frames[0]))), None
    for before, gray in pairwise(grays):
        step = finder(before, gray)
        found = track.step(gray, step.back, step.ahead)
    return found


def test_colours_follow_the_picture_and_do_not_fade():
    frames = panned(FRAMES)
    found = carried_along(frames)
    held = error(ab_of(frames[0]), frames[-1])
    seen = (slice(0, 80), slice(0, 96))  # what the first frame shows as well
    inside = np.linalg.norm(found.ab - ab_of(frames[-1]), axis=-1)[seen]
    assert inside.mean() < held / 4
    assert abs(np.abs(found.ab[seen]).mean() / np.abs(ab_of(frames[-1])[seen]).mean() - 1) < 0.05
    assert found.distance == FRAMES - 1


def test_confidence_is_high_where_the_key_frame_shows_it_and_none_where_it_cannot():
    found = carried_along(panned(FRAMES))
    assert found.confidence[8:72, 8:90].mean() > 0.8
    assert found.confidence[:, -20:].mean() < 0.3  # came in from the right


def test_the_border_is_trusted_a_little_way_beyond():
    flow = np.zeros((4, 60, 2), np.float32)
    flow[..., 0] = 30
    inside = tracks._inside(flow)
    assert (inside[:, :30] == 1).all() and (np.diff(inside[0, 29:]) < 0).all()
    assert inside[0, -1] == pytest.approx(np.exp(-30 / tracks.BEYOND))


def flat(value, confidence, distance):
    return Carried(np.full((*SIZE, 2), value, np.float32), np.full(SIZE, confidence, np.float32), distance, [])


def test_the_nearer_side_counts_for_more_and_the_surer_one_too():
    both = joined([flat(0, 1, 1), flat(30, 1, 3)])  # weights 1/2 and 1/4
    np.testing.assert_allclose(both.ab, 10, atol=1e-3)
    np.testing.assert_allclose(joined([flat(0, 0.25, 1), flat(30, 1, 1)]).ab, 24, atol=1e-3)
    assert both.distance == 1


def test_packing_keeps_what_is_carried():
    found = flat(12.5, 0.5, 2)
    again = found.packed().unpacked()
    np.testing.assert_array_equal(again.ab, found.ab)
    assert again.ab.dtype == np.float32 and found.packed().ab.nbytes == found.ab.nbytes / 2


def test_points_come_from_those_that_the_flow_of_shrunk_frames_says():
    shape = (6 * STRIDE, 9 * STRIDE)
    flow = np.zeros((shape[0] // 2, shape[1] // 2, 2), np.float32)
    flow[..., 0], flow[..., 1] = STRIDE / 2, -STRIDE  # of frames half as large: one point to the right, two up
    rows, columns = grid(shape)
    found = np.array(np.unravel_index(tracks._points_at(flow, shape), (rows, columns)))
    row, column = np.mgrid[:rows, :columns].reshape(2, -1)
    np.testing.assert_array_equal(found, [np.maximum(row - 2, 0), np.minimum(column + 1, columns - 1)])
