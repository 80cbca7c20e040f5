"""Films of all kinds, each coloured and judged by an independent reader; `make test` takes a sample."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.release import Row, judge, make, rows, see
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.tool.colorize import colorize_file

ROWS = rows()
STEP = 29  # every so many rows are the sample; prime, so that it goes through all columns


def faults_of(row: Row, folder) -> list[str]:
    source, output = folder / f"in.{row.container}", folder / f"out.{row.output}"
    make(row, source)
    colorize_file(source, output, GrayColorizer())
    return judge(row, see(source), see(output))


@pytest.mark.parametrize("row", ROWS[::STEP], ids=lambda row: row.name)
def test_a_sample(row, tmp_path):
    assert faults_of(row, tmp_path) == []


@pytest.mark.release
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_all(row, tmp_path):
    assert faults_of(row, tmp_path) == []


def test_there_are_enough():
    assert len(ROWS) >= 300 and len(set(ROWS)) == len(ROWS)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    row, path = Row("libx264", "yuv420p", "mkv", tags="pq"), tmp_path_factory.mktemp("judge") / "in.mkv"
    make(row, path)
    return row, see(path)


def test_the_judge_finds_nothing_wrong_with_the_source_itself(seen):
    row, film = seen
    assert judge(row, film, film) == []


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        ("luma differs", lambda film: {"luma": [mean + 1.01 for mean in film.luma]}),
        ("frames of", lambda film: {"luma": film.luma[:-1]}),
        ("tags", lambda film: {"tags": (14, *film.tags[1:])}),
        ("times differ", lambda film: {"times": [*film.times[:-1], film.times[-1] + 0.02]}),
        ("packets of sound", lambda film: {"sound_packets": film.sound_packets - 1}),
        ("s of sound", lambda film: {"sound_s": film.sound_s - 0.05}),
    ],
)
def test_the_judge_finds_planted_faults(seen, fault, change):
    row, film = seen
    assert [fault in text for text in judge(row, film, replace(film, **change(film)))] == [True]
