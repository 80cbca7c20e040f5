"""The options that decide colours: checked before anything is touched, and the same from all sides."""

import json
from dataclasses import fields
from fractions import Fraction
from math import inf, nan
from typing import get_type_hints

import numpy as np
import pytest

from tests.helpers.command import fails_in_one_line, run_vidcolor
from vidcolor_utils.cli import vidcolor
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film import director
from vidcolor_utils.film.look import Hint, Look, LookOptions, Reference, hint_from, hints_from
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.folder.colorize import colorize_folder
from vidcolor_utils.tool.plan import plan_file
from vidcolor_utils.tool.preview import preview_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.times import Span, checked_span

WRONG = {
    "method": "crayons",
    "quality": "best",
    "device": "abacus",
    "strength": 1.0,
    "every": 0,
    "offline": "yes",
    "saturation": 9,
    "skip_colored": None,
    "restore": 1,
    "restore_luma": 0,
    "references": ["photo.png"],
    "keyframes": 12,
    "hints": (Hint(1.0, 5, 5, "red"),),
}


@pytest.fixture
def untouched(make_video, tmp_path, monkeypatch):
    """A film, and a folder that must stay as it is; a network that is loaded fails the test."""
    monkeypatch.setattr(director, "shared_colorizer", lambda *_: pytest.fail("a network was loaded"))
    film, before = make_video(), sorted(tmp_path.rglob("*"))
    yield film
    assert sorted(tmp_path.rglob("*")) == before


def test_every_option_has_a_wrong_value_here():
    assert list(WRONG) == [field.name for field in fields(Look)]


@pytest.mark.parametrize(("name", "value"), WRONG.items())
@pytest.mark.parametrize("work", [colorize_file, colorize_folder, preview_file, plan_file])
def test_a_wrong_option_is_one_sentence_and_touches_nothing(untouched, tmp_path, work, name, value):
    source = tmp_path if work is colorize_folder else untouched
    output = tmp_path / ("out.png" if work is preview_file else "out.mp4")
    with pytest.raises(ValueError, match=rf"^`{name}` must be [^\n]*\. Received: [^\n]*$"):
        work(source, output, **{name: value})


def test_a_wrong_time_or_segment_is_one_sentence_too(untouched, tmp_path):
    with pytest.raises(ValueError, match="`at` must be"):
        Look(references=(Reference("photo.png", -1.0),))
    with pytest.raises(ValueError, match="`segment_s` must be in"):
        colorize_file(untouched, tmp_path / "out.mp4", segment_s=0)


@pytest.mark.parametrize(
    "span", [Span(-1), Span(nan), Span(inf), Span(1, 1), Span(2, 1), Span("1"), Span(0, nan), Span(True)]
)
@pytest.mark.parametrize("work", [colorize_file, colorize_folder, preview_file, plan_file])
def test_a_part_that_is_none_is_one_sentence(untouched, tmp_path, work, span):
    source = tmp_path if work is colorize_folder else untouched
    output = tmp_path / ("out.png" if work is preview_file else "out.mp4")
    with pytest.raises(ValueError, match=r"^`span` must start at 0 or later and end after its start\."):
        work(source, output, span=span)


def test_numbers_of_other_kinds_are_kept_as_pythons():
    span = checked_span(Span(np.float32(0.5), Fraction(3, 2)))
    assert json.loads(json.dumps(span)) == [0.5, 1.5] and checked_span(Span(1, np.float32(inf))) == Span(1, None)
    look = Look(strength=np.float32(0.5), every=np.int64(2), saturation=Fraction(1, 2))
    assert json.loads(json.dumps([look.strength, look.every, look.saturation])) == [0.5, 2, 0.5]
    hint, photograph = Hint(np.float32(0.5), np.int64(100), Fraction(9, 2), np.str_("#aa3322")), "photo.png"
    look = Look(hints=(hint,), references=(Reference(photograph, np.float32(0.5)), Reference(photograph)))
    assert json.loads(json.dumps(look.hints)) == [[0.5, 100, 4.5, "#aa3322"]]
    assert json.loads(json.dumps(look.references)) == [[photograph, 0.5], [photograph, None]]


@pytest.mark.parametrize("wrong", [True, nan, inf, -1, "1", None, np.array([0.1, 0.2])])
def test_a_point_is_of_numbers(wrong):
    for hint in (Hint(wrong, 5, 5, "#aa3322"), Hint(0, wrong, 5, "#aa3322"), Hint(0, 5, wrong, "#aa3322")):
        with pytest.raises(OptionError, match="`hints` must be"):
            Look(hints=(hint,))


@pytest.mark.parametrize("segment_s", [0, 1e308, inf, nan, True])
@pytest.mark.parametrize("work", [colorize_file, colorize_folder, plan_file])
def test_a_segment_has_a_length_that_can_be(untouched, tmp_path, work, segment_s):
    source = tmp_path if work is colorize_folder else untouched
    with pytest.raises(OptionError, match="`segment_s` must be in"):
        work(source, tmp_path / "out.mp4", segment_s=segment_s)


def test_a_film_is_made_with_numbers_of_other_kinds(make_video, tmp_path):
    """All of them go into the record of its segments, which is JSON."""
    encoding, span = Encoding(crf=np.int64(20)), Span(np.float64(0.04), inf)
    options = {"segment_s": np.float32(0.08), "encoding": encoding, "span": span}
    report = colorize_file(make_video(frames=6), tmp_path / "out.mp4", GrayColorizer(), **options)
    assert report.frames == 5


def test_keywords_and_object_have_the_same_options_and_types():
    types = get_type_hints(Look)
    assert get_type_hints(LookOptions) == types and list(LookOptions.__annotations__) == list(types)


def test_the_command_line_offers_each_option_with_its_default():
    offered = {option.name: option for option in vidcolor.commands["colorize"].params}
    for field in fields(Look):
        if field.name == "references":  # in two options that belong together
            assert {"photographs", "times"} <= offered.keys()
        else:
            assert offered[field.name].default == field.default and offered[field.name].help


@pytest.mark.parametrize("option", [("--strength", "1"), ("--every", "0"), ("--saturation", "3.1")])
def test_the_command_line_names_its_own_options(make_video, tmp_path, option):
    result = run_vidcolor("colorize", make_video(), "-o", tmp_path / "out.mp4", *option)
    assert fails_in_one_line(result, 2) and option[0] in result.stderr


@pytest.mark.parametrize("option", [{"quality": "fast"}, {"device": "cpu"}])
def test_what_another_method_does_not_take_is_refused(option):
    with pytest.raises(OptionError, match=r"are of the method frame\. Received: zhang"):
        Look(method="zhang", **option)
    assert Look(method="frame", **option) != Look() != Look(method="zhang")


def test_points_are_read_from_texts_and_files(tmp_path):
    point = Hint(80.0, 310.0, 95.5, "#8b2f1f")
    assert hint_from(" 1:20  310,95.5 #8B2F1F ") == hint_from("80 310, 95.5 #8b2f1f") == point
    path = tmp_path / "points.json"
    path.write_text('["1:20 310,95.5 #8b2f1f", "2 1,1 #000000"]', encoding="utf-8-sig")
    found = hints_from(["1:20 310,95.5 #8b2f1f", str(path)])
    assert found == (point, point, Hint(2.0, 1.0, 1.0, "#000000")) and Look(hints=found).hints == found


@pytest.mark.parametrize(
    "text", ["", "1:20 310 #8b2f1f", "1:20 310,95 red", "soon 310,95 #8b2f1f", "1 3.1.1,9 #8b2f1f"]
)
def test_texts_that_are_no_points(text):
    with pytest.raises(OptionError, match="is no point"):
        hint_from(text)


@pytest.mark.parametrize("content", ["no JSON", '{"a": 1}', "[1, 2]"])
def test_files_that_hold_no_points(tmp_path, content):
    (tmp_path / "points.json").write_text(content)
    with pytest.raises(InputError, match=r"points\.json"):
        hints_from([str(tmp_path / "points.json")])
    with pytest.raises(FileNotFoundError, match="no such file"):
        hints_from([str(tmp_path / "none.json")])


def test_a_file_with_a_text_that_is_no_point_is_named(tmp_path):
    (tmp_path / "points.json").write_text('["1:20 310,95 red"]')
    with pytest.raises(OptionError, match=r"points\.json.*is no point"):
        hints_from([str(tmp_path / "points.json")])
