import pytest

from vidcolor_utils.app.incoming import Incoming
from vidcolor_utils.system.errors import InputError


def test_pieces_become_a_file(tmp_path):
    incoming = Incoming("film.mp4", 5, 1)
    for piece in (b"abc", memoryview(b"de")):
        assert not incoming.complete
        incoming.append(piece, tmp_path / "film")
    assert incoming.complete and incoming.received == 5
    assert (tmp_path / "film").read_bytes() == b"abcde"


@pytest.mark.parametrize(
    ("size", "message"), [(0, "is empty"), (float("nan"), "is empty"), (2_500_000, "of 2 MB is too large")]
)
def test_what_cannot_be_taken_is_refused_at_once(size, message):
    with pytest.raises(InputError, match=f"^film.mp4: .*{message}"):
        Incoming("film.mp4", size, 1)


def test_more_than_was_announced_is_refused(tmp_path):
    with pytest.raises(InputError, match="more bytes came"):
        Incoming("film.mp4", 2, 1).append(b"abc", tmp_path / "film")
    assert not (tmp_path / "film").exists()
