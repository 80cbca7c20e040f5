"""The chart says what the record says, and is the same whenever it is made."""

import re
from xml.etree import ElementTree

import matplotlib

from records.speed.chart import COLORS, chart_words, speed_chart

FILMS = {
    "480p": {"colorize_fps": 60.4, "copy_fps": 120.0, "ratio": 0.5},
    "720p": {"colorize_fps": 9.96, "copy_fps": 45.0, "ratio": 0.66},
}


def lengths(svg, color):
    """Widths of the bars of a colour."""
    paths = re.findall(rf'd="M ([\d.]+) [\d.]+\nL ([\d.]+) [^"]*" [^>]*style="fill: {color}"', svg)
    return [float(end) - float(start) for start, end in paths]


def test_bars_are_as_long_as_films_are_fast():
    svg = speed_chart(FILMS, 2)
    ElementTree.fromstring(svg)
    bars = [*lengths(svg, COLORS["decoding and encoding alone"])[:2], *lengths(svg, COLORS["colorized"])[:2]]
    assert [round(bar / bars[0], 3) for bar in bars] == [1, 0.375, 0.503, 0.083]


def test_it_is_the_same_for_the_same_record_whatever_is_set(monkeypatch):
    first = speed_chart(FILMS, 2)
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 30)
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    assert speed_chart(FILMS, 2) == first
    assert speed_chart(FILMS, 4) != first
    assert not re.search(r"<dc:date>|20\d\d-\d\d", first)


def test_its_background_is_white_on_dark_pages_too():
    assert "fill: #ffffff" in speed_chart(FILMS, 2).split("</g>")[0]


def test_it_is_put_into_words():
    assert chart_words(FILMS, 2).endswith(
        "on 2 cores, colorized, of those that are only decoded and encoded: 480p 60 of 120, 720p 10.0 of 45"
    )
