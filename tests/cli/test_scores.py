import json
import sys

from PIL import Image

from tests.helpers.command import fails_in_one_line, run_vidcolor
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.tool.demo import write_gray
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.weights.shipped import shipped_weights_path


def test_score_prints_json_and_table(make_video, tmp_path):
    source = make_video(size=(96, 128))
    scores = json.loads(run_vidcolor("score", source, source, "--json").stdout)
    assert scores["frames"] == 6
    assert scores["rows"]["candidate"]["pixel_match"] == 100
    table = run_vidcolor("score", source, source).stdout
    assert all(row in table for row in ("gray", "true"))


def test_a_truth_without_colour_is_said_to_be_none(make_video, tmp_path):
    source = make_video(size=(96, 128))
    write_gray(source, tmp_path / "gray.mp4")
    assert "no truth to hold colours against" in run_vidcolor("score", tmp_path / "gray.mp4", source).stderr
    assert not run_vidcolor("score", source, tmp_path / "gray.mp4").stderr


def test_score_by_distance_prints_table_and_json_and_draws(make_video, tmp_path):
    source, keys = make_video(frames=4, size=(96, 128)), tmp_path / "keys"
    keys.mkdir()
    Image.fromarray(next(iter_rgb(source))).save(keys / key_name(1, 0.0))
    words = ("score", source, source, "--by-distance", keys)
    rows = json.loads(run_vidcolor(*words, "--json", "--plot", tmp_path / "plot.svg").stdout)
    assert [(row["least"], row["frames"], row["mae_ab"]) for row in rows] == [(0, 1, 0), (1, 2, 0), (3, 1, 0)]
    assert (tmp_path / "plot.svg").exists() and "1 to 2" in run_vidcolor(*words).stdout
    assert fails_in_one_line(run_vidcolor(*words, "--active-area"), 2)
    assert fails_in_one_line(run_vidcolor("score", source, source, "--plot", tmp_path / "plot.svg"), 2)


def test_nothing_to_evaluate_leaves_the_record_as_it_is(tmp_path):
    (tmp_path / "record.json").write_text("kept")
    assert fails_in_one_line(run_vidcolor("evaluate", "-o", tmp_path / "record.json"), 2)
    assert (tmp_path / "record.json").read_text() == "kept"


def speaks_ascii():
    """Make of a process one in a locale without letters for the frame of a table."""
    sys.stdout.reconfigure(encoding="ascii")


def test_what_is_wrong_with_films_is_said_before_the_photographs(tmp_path):
    for name in ("films", "photos"):
        (tmp_path / name).mkdir()
    (tmp_path / "photos" / "a.png").write_text("looked at later: it would be the first to complain")
    words = "evaluate", "--photos", tmp_path / "photos", "-o", tmp_path / "record.json"
    for part, told in (("--films", "no video with colour in it"), ("--clips", "no pairs of")):
        result = run_vidcolor(*words, part, tmp_path / "films")
        assert fails_in_one_line(result, 2) and told in result.stderr
    result = run_vidcolor(*words, "--photos", tmp_path / "none")
    assert fails_in_one_line(result, 2) and "none: no such file or folder" in result.stderr


def test_a_table_is_whole_where_it_is_no_terminal_in_every_locale(make_video):
    source = make_video(size=(96, 128))
    printed = run_vidcolor("score", source, source, before=speaks_ascii)
    assert printed.returncode == 0 and "chroma warp error / true" in printed.stdout and "60.00" in printed.stdout
    listed = run_vidcolor("weights", "list", before=speaks_ascii)
    assert listed.returncode == 0 and str(shipped_weights_path()) in listed.stdout
