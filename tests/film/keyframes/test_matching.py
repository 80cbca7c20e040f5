import cv2
import numpy as np

from tests.helpers.keyed import SIZE, ab_of, gray_of, panned
from vidcolor_utils.film.keyframes.features import grid
from vidcolor_utils.film.keyframes.matching import find_match, library_of
from vidcolor_utils.film.keyframes.tracks import Carried, KeyFrame


def nothing_carried():
    ab, confidence = np.full((*SIZE, 2), 50, np.float32), np.zeros(SIZE, np.float32)
    return Carried(ab, confidence, 1, [np.zeros(np.prod(grid(SIZE)), np.intp)])


def test_a_frame_finds_its_own_colours_in_a_key_frame():
    rgb = panned(1)[0]
    key = KeyFrame(gray_of(rgb), ab_of(rgb))
    found = find_match(key.gray, nothing_carried(), [library_of(key)])
    there = cv2.resize(key.ab, grid(SIZE)[::-1], interpolation=cv2.INTER_AREA)  # as finely as points lie
    missed = np.linalg.norm(found.ab - cv2.resize(there, SIZE[::-1]), axis=-1)
    assert np.median(missed) < 6 and found.trust.mean() > 0.9
    assert found.share.mean() < 0.2  # motion says that all comes from one corner


def test_where_motion_is_sure_nothing_is_looked_for():
    rgb = panned(1)[0]
    key = KeyFrame(gray_of(rgb), ab_of(rgb))
    sure = nothing_carried()._replace(confidence=np.ones(SIZE, np.float32))
    found = find_match(key.gray, sure, [library_of(key)])
    np.testing.assert_allclose(found.ab, 50, rtol=1e-6)


def test_what_no_key_frame_shows_is_not_trusted_even_where_it_is_most_of_what_is_asked_for():
    old, new = panned(1)[0], panned(1, seed=1)[0]
    key = KeyFrame(gray_of(old), ab_of(old))
    mixed, confidence = key.gray.copy(), np.ones(SIZE, np.float32)
    mixed[:, 64:] = 255 - gray_of(new)[:, 64:] // 2  # brighter than all that was there
    confidence[:, 64:] = 0
    points = np.arange(np.prod(grid(SIZE)))
    carried = nothing_carried()._replace(confidence=confidence, sources=[points])
    trust = find_match(mixed, carried, [library_of(key)]).trust
    assert trust[:, 80:].mean() < 0.3 and trust[:, :48].mean() > 0.9
