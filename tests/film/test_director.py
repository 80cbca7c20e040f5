import json
import pickle
from math import inf
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import run_vidcolor
from tests.helpers.films import moving_disc
from vidcolor_utils.film import director
from vidcolor_utils.film.director import Album, FilmColors, Manner, Photographs
from vidcolor_utils.film.look import Look, Reference
from vidcolor_utils.film.record import identify
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.times import Span


class Gray:
    def predict_ab(self, lumas):
        return np.zeros((len(lumas), 48, 64, 2), np.float32)


class Fixed(Gray):
    def fingerprint(self):
        return {"fixed": 1}


class Vivid(Gray):
    """Says 3; looked at closely 1 less, as predicted one half less."""

    def __init__(self, length=3.0):
        self._length = length

    def predict_ab(self, lumas):
        return np.full((len(lumas), 48, 64, 2), self._length, np.float32)

    def closely(self):
        return Vivid(self._length - 1)

    def as_predicted(self):
        return Vivid(self._length - 0.5)


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
    monkeypatch.setattr(director, "shot_around", lambda source, seconds: spans[seconds])
    references = [Reference(photograph, 2.0), Reference(photograph, 5.0), Reference(photograph)]
    return Album(references, "film.mp4", Photographs())


def test_each_shot_is_guided_by_its_photographs_and_by_those_for_all(album):
    guides = [album.guides_at(second) for second in (0, 1, 3.9, 4, 6)]
    assert guides == [(2,), (0, 2), (0, 2), (1, 2), (2,)]


class Guided:
    """Colours that tell the guides of a part, and the last of its frames when they were made."""

    begun: ClassVar[list] = []

    def __init__(self, colors, copies, guides):
        self.begun.append(guides)
        self._guides = guides

    def __call__(self, lumas):
        whole = list(lumas)
        return ((self._guides, int(whole[-1][0, 0])) for _ in whole)


@pytest.fixture
def film_colors(album, monkeypatch):
    """The colours of a film whose shots are guided by three photographs, with `Guided` for the network."""
    monkeypatch.setattr(FilmColors, "_steady", lambda self, *arguments: Guided(self, *arguments))
    monkeypatch.setattr(FilmColors, "_album", album)
    monkeypatch.setattr(Guided, "begun", [])
    return FilmColors("film.mp4", Look())


def test_photographs_and_what_a_photograph_guides_are_coloured_as_predicted(photograph, monkeypatch):
    monkeypatch.setattr(director, "ReferenceColorizer", lambda colorizer, photographs: colorizer)
    luma = np.zeros((48, 64), np.float32)

    def length(colorizer):
        return float(colorizer.predict_ab([luma]).max())

    plain = FilmColors("film.mp4", Look(), Vivid())
    assert (length(plain.at(1.0)), length(plain.of_still())) == (2.0, 1.5)
    (film,) = {float(ab.max()) for ab in plain.colors(pictures(2))}
    guided = FilmColors("film.mp4", Look(references=(Reference(photograph),)), Vivid())
    (told,) = {round(float(ab.min()), 3) for ab in guided.colors(pictures(2))}
    assert (film, told) == (3.0, 2.5)


def test_parts_are_coloured_by_their_guides_in_order_without_reading_across(film_colors):
    """Whole parts of 1, 3, 2 and 2 frames."""
    found = list(film_colors.colors(pictures(8)))
    assert found == [((2,), 0)] + [((0, 2), 3)] * 3 + [((1, 2), 5)] * 2 + [((2,), 7)] * 2


def test_the_same_guides_go_on_where_they_stopped(film_colors):
    list(film_colors.colors(pictures(8)))
    assert Guided.begun == [(2,), (0, 2), (1, 2)]


def test_a_network_of_one_s_own_is_not_asked_for_by_name(photograph):
    colors = pickle.loads(pickle.dumps(FilmColors("film.mp4", Look(saturation=2.0))))
    own = FilmColors("film.mp4", Look(saturation=2.0, references=(Reference(photograph),)), Fixed())
    settings = json.loads(json.dumps(own.settings()))
    assert settings["colorizer"] == {"fixed": 1} and settings["saturation"] == 2.0 and "method" not in settings
    assert settings["references"][0][1]["bytes"] == photograph.stat().st_size
    assert colors._look.saturation == 2.0


def test_a_photograph_is_looked_at_once_in_each_view_of_each_colorizer(photograph):
    photographs, gray, fixed = Photographs(), Gray(), Fixed()
    first = photographs.guided(gray, Manner(), [photograph, str(photograph)])
    assert photographs.guided(gray, Manner(), [photograph]) is first
    assert photographs.guided(gray, Manner(mirrored=True), [photograph]) is not first
    assert photographs.guided(fixed, Manner(), [photograph]) is not first
    assert photographs.identity(photograph) == identify(photograph)


def test_photographs_that_cannot_be_read_are_tried_again_and_none_are_sent(photograph):
    photographs, content = Photographs(), photograph.read_bytes()
    photograph.write_bytes(b"no picture")
    with pytest.raises(InputError, match="not an image"):
        photographs.identity(photograph)
    photograph.write_bytes(content)
    photographs.guided(Gray(), Manner(), [photograph])
    elsewhere = pickle.loads(pickle.dumps(photographs))
    photograph.unlink()
    with pytest.raises(FileNotFoundError):
        elsewhere.identity(photograph)
    assert photographs.identity(photograph)["bytes"] == len(content)


def test_a_photograph_colours_a_video_and_a_still(make_video, photograph, tmp_path):
    colorize_file(make_video(), tmp_path / "out.mp4", Gray(), references=(Reference(photograph, 0.1),))
    colorize_file(make_video(), tmp_path / "plain.mp4", Gray())
    guided, plain = (
        np.mean([np.ptp(rgb.astype(int), axis=-1).mean() for rgb in iter_rgb(tmp_path / f"{name}.mp4")])
        for name in ("out", "plain")
    )
    assert guided > plain + 40
    Image.fromarray(moving_disc(1, 48, 64)[0]).convert("L").save(tmp_path / "in.png")
    colorize_file(tmp_path / "in.png", tmp_path / "out.png", Gray(), references=(Reference(photograph),))
    assert np.ptp(np.asarray(Image.open(tmp_path / "out.png")).astype(int), axis=-1).mean() > 40
    with pytest.raises(InputError, match="no times"):
        colorize_file(tmp_path / "in.png", tmp_path / "out.png", Gray(), references=(Reference(photograph, 1.0),))


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


def test_a_gray_photograph_is_refused(tmp_path):
    Image.new("RGB", (60, 40), (90, 90, 90)).save(tmp_path / "gray.png")
    for method in (Photographs().identity, lambda path: Photographs().guided(Gray(), Manner(), [path])):
        with pytest.raises(InputError, match=r"gray\.png: a reference must be in colour"):
            method(tmp_path / "gray.png")
