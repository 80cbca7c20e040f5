import numpy as np

from tests.helpers.keyed import SIZE, ab_of, gray_of, panned
from vidcolor_utils.film.keyframes.matching import find_match, library_of
from vidcolor_utils.film.keyframes.tracks import Carried, KeyFrame


def nothing_carried():
    ab, confidence = np.full((*SIZE, 2), 50, np.float32), np.zeros(SIZE, np.float32)
    return Carried(ab, confidence, 1, [np.zeros(12 * 16, np.intp)])


def test_a_frame_finds_its_own_colours_in_a_key_frame():
    rgb = panned(1)[0]
    key = KeyFrame(gray_of(rgb), ab_of(rgb))
    found = find_match(key.gray, nothing_carried(), [library_of(key)])
    missed = np.linalg.norm(found.ab - key.ab, axis=-1)
    assert np.median(missed) < 6 and found.trust.mean() > 0.9
    assert found.share.mean() < 0.2  # motion says that all comes from one corner


def test_where_motion_is_sure_nothing_is_looked_for():
    rgb = panned(1)[0]
    key = KeyFrame(gray_of(rgb), ab_of(rgb))
    sure = nothing_carried()._replace(confidence=np.ones(SIZE, np.float32))
    found = find_match(key.gray, sure, [library_of(key)])
    np.testing.assert_allclose(found.ab, 50)
