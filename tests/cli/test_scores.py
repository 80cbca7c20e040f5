import json

from tests.helpers.command import run_vidcolor


def test_score_prints_json_and_table(make_video, tmp_path):
    source = make_video(size=(96, 128))
    scores = json.loads(run_vidcolor("score", source, source, "--json").stdout)
    assert scores["frames"] == 6
    assert scores["rows"]["candidate"]["pixel_match"] == 100
    table = run_vidcolor("score", source, source).stdout
    assert all(row in table for row in ("gray", "true"))
