from math import inf
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import moving_disc, run_vidcolor
from PIL import Image

from vidcolor_utils import direction
from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.direction import Album, Director, Reference
from vidcolor_utils.errors import InputError
from vidcolor_utils.shots import Span
from vidcolor_utils.video_io import iter_rgb


class Gray:
    def predict_ab(self, lumas):
        return np.zeros((len(lumas), 48, 64, 2), np.float32)


def pictures(count):
    """One frame a second."""
    return (
        SimpleNamespace(frame=SimpleNamespace(seconds=float(second)), luma=np.full((8, 8), second))
        for second in range(count)
    )


@pytest.fixture
def photograph(tmp_path):
    Image.fromarray(moving_disc(1, 48, 64)[0]).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def album(photograph, monkeypatch):
    spans = {2.0: Span(1, 4), 5.0: Span(4, 6)}
    monkeypatch.setattr(direction, "shot_around", lambda source, seconds: spans[seconds])
    return Album([Reference(photograph, 2.0), Reference(photograph, 5.0), Reference(photograph)], "film.mp4")


def test_each_shot_is_guided_by_its_photographs_and_by_those_for_all(album):
    guides = [album.guides_at(second) for second in (0, 1, 3.9, 4, 6)]
    assert guides == [(2,), (0, 2), (0, 2), (1, 2), (2,)]


def test_parts_are_coloured_by_their_guides_in_order_without_reading_across(album):
    """The colours are (guides, frames read when they were made): whole parts of 1, 3, 2 and 2 frames."""

    def make(guides):
        return lambda lumas: (
            (guides, int(last[0, 0])) for whole in [list(lumas)] for last in [whole[-1]] * len(whole)
        )

    found = list(Director(make, album)(pictures(8)))
    assert found == [((2,), 0)] + [((0, 2), 3)] * 3 + [((1, 2), 5)] * 2 + [((2,), 7)] * 2


def test_the_same_guides_go_on_where_they_stopped(album):
    made = []
    list(Director(lambda guides: made.append(guides) or (lambda lumas: (0 for _ in lumas)), album)(pictures(8)))
    assert made == [(2,), (0, 2), (1, 2)]


def test_a_photograph_colours_a_video_and_a_still(make_video, photograph, tmp_path):
    colorize_file(make_video(), tmp_path / "out.mp4", Gray(), references=[Reference(photograph, 0.1)])
    colorize_file(make_video(), tmp_path / "plain.mp4", Gray())
    guided, plain = (
        np.mean([np.ptp(rgb.astype(int), axis=-1).mean() for rgb in iter_rgb(tmp_path / f"{name}.mp4")])
        for name in ("out", "plain")
    )
    assert guided > plain + 40
    Image.fromarray(moving_disc(1, 48, 64)[0]).convert("L").save(tmp_path / "in.png")
    colorize_file(tmp_path / "in.png", tmp_path / "out.png", Gray(), references=[Reference(photograph)])
    assert np.ptp(np.asarray(Image.open(tmp_path / "out.png")).astype(int), axis=-1).mean() > 40
    with pytest.raises(InputError, match="no times"):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", Gray(), references=[Reference(photograph, 1.0)])


def test_a_span_contains_its_start_only():
    assert Span(1, 2).holds(1.0) and not Span(1, 2).holds(2.0) and Span(-inf, inf).holds(-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--at", "0"), "0 --reference and 1 --at"),
        (("--reference", "photo.png", "--at", "soon"), "is no time"),
        (("--reference", "none.png"), "none.png: no such file"),
        (("--reference", "photo.png", "--at", "9"), "before 0:09.000"),
    ],
)
def test_wrong_references_end_in_one_line(make_video, photograph, options, message):
    result = run_vidcolor("colorize", make_video(), "-o", "out.mp4", *options, cwd=photograph.parent)
    assert result.returncode == 2 and message in result.stderr and len(result.stderr.splitlines()) == 1
    assert not (photograph.parent / "out.mp4").exists()
