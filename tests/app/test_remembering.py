import numpy as np

from vidcolor_utils.app.remembering import Looks, RememberingColorizer


class Counting:
    """Predicts the mean of a frame, and counts."""

    def __init__(self):
        self.asked = 0

    def predict_ab(self, lumas):
        self.asked += len(lumas)
        return np.stack([np.full((2, 3, 2), luma.mean(), np.float32) for luma in lumas])


def test_each_frame_is_asked_for_once():
    counting = Counting()
    colorizer = RememberingColorizer(counting)
    first, second = np.zeros((4, 6), np.float32), np.ones((4, 6), np.float32)
    assert colorizer.predict_ab([first, second])[:, 0, 0, 0].tolist() == [0, 1]
    assert colorizer.predict_ab([second, first, second])[:, 0, 0, 0].tolist() == [1, 0, 1]
    assert counting.asked == 2
    colorizer.predict_ab([second.reshape(6, 4)])  # the same bytes in another shape are another frame
    assert counting.asked == 3


def test_a_page_looks_at_films_and_pictures_and_forgets_the_pictures():
    counting = Counting()
    looks = Looks(counting)
    assert looks.film is counting
    for look in (looks.quick, looks.quick, looks.close, looks.moments):
        look.predict_ab([np.zeros((4, 6), np.float32)])
    assert counting.asked == 3
    looks.forget()
    for look in (looks.quick, looks.close, looks.moments):
        look.predict_ab([np.zeros((4, 6), np.float32)])
    assert counting.asked == 6
