import pytest

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.colorizers.load import LOADERS, load_colorizer, shared_colorizer
from vidcolor_utils.system.errors import InputError


def test_there_is_a_colorizer_for_each_method_that_can_be_named():
    assert tuple(LOADERS) == METHODS


def test_an_unknown_method_is_named():
    with pytest.raises(InputError, match=r"`method` must be one of frame, zhang\. Received: 'crayons'"):
        load_colorizer("crayons")


def test_the_fast_quality_does_without_the_transformer():
    fine, fast = (load_colorizer("frame", quality).fingerprint()["weights"] for quality in ("fine", "fast"))
    assert fast == fine[:1] and len(fine) == 3
    with pytest.raises(InputError, match=r"`quality` must be one of fine, fast\. Received: 'best'"):
        load_colorizer("frame", "best")


def test_a_colorizer_is_loaded_once_as_long_as_its_name_stays(monkeypatch):
    monkeypatch.setitem(LOADERS, "frame", lambda *_: GrayColorizer())
    shared_colorizer.cache_clear()
    first = shared_colorizer("frame")
    assert shared_colorizer("frame") is first and isinstance(first, GrayColorizer)
    shared_colorizer.cache_clear()
