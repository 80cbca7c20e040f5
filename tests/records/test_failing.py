from records.strain.failing import CALLS, run_failing

EVERY = 7


def test_calls_that_fail_cost_one_line_and_no_frame(make_video, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    record = run_failing(
        make_video("in.mp4", frames=9, times=[50 * index for index in range(9)], sound="aac"), folder, every=EVERY
    )
    assert set(record["calls"]) == set(CALLS) and record["tried"] >= sum(record["calls"].values()) // EVERY
    assert record["failures"] == {}
