import json
from importlib.metadata import PackageNotFoundError

import pytest

from vidcolor_utils.film import record as record_module
from vidcolor_utils.film.record import RUNTIMES, SegmentRecord, identify, versions
from vidcolor_utils.video.counts import Anchor

LAST = SegmentRecord(times=[0, 4], order=[1, 0], end=8, following=None, warning="cut short", bytes=4)


FIRST = LAST._replace(following=Anchor(2, 8, 99, 3, 0), warning=None)


def test_a_record_comes_back_from_json_as_it_went():
    for record in (FIRST, LAST):
        assert SegmentRecord.from_json(json.loads(json.dumps(record._asdict()))) == record
    with pytest.raises(TypeError):
        SegmentRecord.from_json({"times": [0]})


@pytest.mark.parametrize("build", RUNTIMES)
def test_whichever_build_of_the_runtime_is_there_is_noted(monkeypatch, build):
    def version(name):
        if name in RUNTIMES and name != build:
            raise PackageNotFoundError(name)
        return f"1 of {name}"

    monkeypatch.setattr(record_module, "version", version)
    assert [name for name in versions() if name in RUNTIMES] == [build]


def test_a_file_that_is_not_there_is_told_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.png: no such file"):
        identify(tmp_path / "none.png")
