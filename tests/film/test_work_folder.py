"""What is kept of a film between two runs."""

import pickle

import pytest

from vidcolor_utils.film.record import SegmentRecord
from vidcolor_utils.film.work_folder import WorkFolder, work_folder_path
from vidcolor_utils.system.errors import OutputError, RefusedError, UnreadableError
from vidcolor_utils.video.counts import Anchor

FILM = {"source": {"bytes": 3}, "settings": {"strength": 0.5}}
LAST = SegmentRecord(times=[0, 4], order=[1, 0], end=8, following=None, warning="cut short", bytes=4)
FIRST = LAST._replace(following=Anchor(2, 8, 99, 3, 0), warning=None)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.mp4").write_bytes(b"abc")
    return lambda: WorkFolder(tmp_path / "out.mp4", source=tmp_path / "in.mp4", suffix=".nut")


def make(work, index, record=None):
    with work.segment(index) as part:
        part.write_bytes(b"film")
    if record:
        work.keep(index, record)


def test_what_has_a_record_is_taken_over_and_what_has_none_removed(folder):
    with folder() as work:
        assert work.claim(FILM) == {}
        make(work, 0, FIRST)
        make(work, 1)
        make(work, 2, LAST)
    with folder() as work:
        assert work.claim(FILM) == {0: FIRST, 2: LAST}
        assert [work.segment_path(index).exists() for index in range(3)] == [True, False, True]


def test_a_second_run_leaves_the_first_alone(folder):
    with folder() as work:
        work.claim(FILM)
        make(work, 0, FIRST)
        with pytest.raises(OutputError, match="another run is at work"), folder():
            pass
        assert pickle.loads(pickle.dumps(work)).finished() == work.finished() == {0: FIRST}
    with folder() as work:
        assert work.claim(FILM) == {0: FIRST}


@pytest.mark.parametrize("record", ["", "{}", '{"times": [0], "next": null}', "[]"])
def test_a_record_that_is_damaged_or_of_an_earlier_version_does_not_count(folder, record):
    with folder() as work:
        work.claim(FILM)
        make(work, 0, FIRST)
        make(work, 1, LAST)
        (work.path / "000001.json").write_text(record)
        assert work.finished() == {0: FIRST}


def test_a_file_of_another_size_does_not_count(folder):
    with folder() as work:
        work.claim(FILM)
        make(work, 0, FIRST._replace(bytes=5))
        assert work.finished() == {}


def test_other_settings_start_over_and_are_named(folder, caplog):
    with folder() as work:
        work.claim(FILM)
        make(work, 0, FIRST)
    with folder() as work:
        assert work.claim(FILM | {"settings": {"strength": 0.6}}) == {}
    assert "settings strength changed" in caplog.text


def test_a_segment_that_cannot_be_read_any_more_is_made_anew(folder):
    with pytest.raises(OutputError, match="repeat the command, which makes it anew"), folder() as work:
        work.claim(FILM)
        for index in (0, 1):
            make(work, index, FIRST)
        raise UnreadableError("damaged", work.segment_path(0))
    with folder() as work:
        assert list(work.claim(FILM)) == [1]


def test_a_segment_that_cannot_be_read_back_is_not_named_by_its_hidden_file(folder, tmp_path):
    with pytest.raises(OutputError, match="repeat the command") as raised, folder() as work:
        work.claim(FILM)
        raise UnreadableError(f"{work.segment_path(0)}: damaged", work.segment_path(0))
    assert "/." not in str(raised.value) and not list(tmp_path.glob(".*"))


def test_segments_are_kept_for_want_of_space_and_not_for_a_container_that_refuses(folder, tmp_path):
    for error, is_kept in ((OutputError("no space"), True), (RefusedError("no such codec"), False)):
        with pytest.raises(type(error)) as raised, folder() as work:
            work.claim(FILM)
            make(work, 0, FIRST)
            raise error
        assert work_folder_path(tmp_path / "out.mp4").exists() == is_kept
        assert ("1 finished segments are kept" in str(raised.value)) == is_kept
