import json

from click.testing import CliRunner

from records.film_commands import keyframes, spread
from records.quality.spread import WAYS
from records.speed.photographs import write_photographs
from tests.helpers.keyed import panned, write_film


def test_a_usual_spread_is_scored_on_films_and_photographs(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for name in ("bw_pan.mp4", "color_pan.mp4"):
        write_film(films / name, panned(6))
    write_photographs(tmp_path / "photos", 1, (48, 64))
    output = tmp_path / "spread.json"
    arguments = ["--films", films, "--clips", films, "--photos", tmp_path / "photos", "--output", output]
    result = CliRunner().invoke(spread, list(map(str, arguments)), catch_exceptions=False)
    record = json.loads(output.read_text())
    shown = json.loads(result.output[result.output.index("{") :])
    assert shown == {name: record[name] for name in ("films", "photographs")}
    assert list(record["films"]["ways"]) == list(WAYS)
    assert record["weights"]


def test_both_ask_for_what_they_measure():
    for command in (spread, keyframes):
        result = CliRunner().invoke(command, [])
        assert result.exit_code == 2 and "Missing option" in result.output
