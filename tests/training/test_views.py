import time

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends

from vidcolor_utils.stills.photos import Photo  # noqa: E402


def photo(kind="rooms", size=(200, 300)):
    small = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Photo(kind, cv2.imencode(".png", cv2.resize(small, size[::-1]))[1].tobytes())


def tokens(lumas):
    return np.repeat(lumas[:, 7::14, 7::14], 768, axis=-1)


def test_the_central_view_is_the_middle_with_its_own_colours():
    from vidcolor_utils.pictures.color import luma_from_rgb
    from vidcolor_utils.training.views import SIDE, central_view

    view = central_view(photo(size=(SIDE, SIDE + 40)))
    middle = photo(size=(SIDE, SIDE + 40)).decoded()[:, 20:-20]
    np.testing.assert_allclose(view.luma, luma_from_rgb(middle) * 255, atol=0.51)
    assert view.ab.shape == (SIDE // 2, SIDE // 2, 2) and view.ab.dtype == np.int8


def test_random_views_are_repeatable_and_differ():
    from vidcolor_utils.training.views import random_view

    first, again, other = (
        random_view(photo(), np.random.default_rng(seed), min_crop=0.5, wear=0.4) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.luma, again.luma)
    assert (first.luma != other.luma).any()


def test_an_interrupted_making_of_views_goes_on(tmp_path, monkeypatch):
    from vidcolor_utils.training import views

    monkeypatch.setattr(views, "BATCH", 2)
    photos, looked = [photo()] * 5, []

    def look(each, index):
        looked.append(index)
        return views.central_view(each)

    def fails_at_the_second(lumas):
        if len(looked) > 2:
            raise OSError("no space left")
        return tokens(lumas)

    with pytest.raises(OSError):
        views.keep_views(photos, tmp_path, look, lambda lumas: fails_at_the_second(lumas))
    kept = views.keep_views(photos, tmp_path, look, tokens)
    assert len(kept.luma) == 5 and (kept.luma == kept.luma[0]).all() and (kept.tokens == kept.tokens[0]).all()
    before = len(looked)
    views.keep_views(photos, tmp_path, look, tokens)
    assert len(looked) == before


def test_few_views_wait_for_a_slow_transformer(tmp_path, monkeypatch):
    from vidcolor_utils.training import views

    monkeypatch.setattr(views, "BATCH", 2)
    looked, waiting = [], []

    def look(each, index):
        looked.append(index)
        return views.central_view(each)

    def slow(lumas):
        time.sleep(0.2)
        waiting.append(len(looked) - 2 * (len(waiting) + 1))
        return tokens(lumas)

    views.keep_views([photo()] * 12, tmp_path, look, slow)
    assert len(looked) == 12 and max(waiting) <= 2
