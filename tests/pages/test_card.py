"""The figures of the model card are those of the records."""

import json

import pytest

from tests.helpers.command import REPOSITORY

RESULTS = REPOSITORY / "data" / "results"
CARD = (REPOSITORY / "vidcolor_utils" / "weights" / "MODEL_CARD.md").read_text()
TEXT = " ".join(CARD.split())
WAYS = {
    "as predicted": "as predicted",
    "all chroma times 1.4": "all times 1.4",
    "all chroma times 1.6": "all times 1.6",
    "the mean as it is, differences times 1.6": "differences times 1.6",
    "the mean as it is, differences times 1.8": "differences times 1.8",
    "usual spread": "usual spread",
    "**usual spread, within edges**": "usual spread, within edges",
}
NOW, BEFORE, AS_PREDICTED = "**this version**", "previous version", "this version, as predicted"
FILM_KEYS = ("psnr", "ciede2000", "colorfulness_ratio", "cdc_ratio", "chroma_warp_error_ratio")


def record(name):
    return json.loads((RESULTS / name).read_text())


def table_after(words):
    """The rows of the first table behind some words, each as its cells."""
    lines = CARD[CARD.index(words) :].splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


def test_the_ways_to_change_chroma():
    spread = record("spread.json")
    ways = [spread[group]["ways"] for group in ("films", "photographs")]
    assert list(WAYS.values()) == list(ways[0]) == list(ways[1])
    assert table_after("By `make spread`") == [
        [said, *(f"{way[name][key]:.2f}" for way in ways for key in ("mae_ab_ratio", "colorfulness_ratio"))]
        for said, name in WAYS.items()
    ]


def film_row(name, means, row="vidcolor"):
    means, gray = means[row], means["gray"]
    return [name, f"{means['mae_ab'] / gray['mae_ab']:.2f}", *(f"{means[key]:.2f}" for key in FILM_KEYS)]


def test_the_scores_of_films():
    now, before = record("frame.json"), record("frame_previous.json")
    predicted, expected = record("spread.json")["as_predicted"], []
    for group, name in (("clips", "three hiking clips: gray"), ("films", "eight DAVIS clips: gray")):
        means = now[group]["mean"]
        expected.append(film_row(name, means, "gray"))
        if "other" in means:
            expected.append(film_row("Zhang et al. 2016, frame by frame", means, "other"))
        expected.append(film_row(BEFORE, before[group]["mean"]))
        expected.append(film_row(AS_PREDICTED, predicted[group]))
        expected.append(film_row(NOW, means))
    assert table_after("Films, all frames, default settings") == expected
    assert [len(now[group]["clips"]) for group in ("clips", "films")] == [3, 8]


def test_what_is_said_of_each_film():
    clips = {name.removesuffix(".mp4"): rows for name, rows in record("frame.json")["films"]["clips"].items()}
    said = [
        f"{name} {rows['vidcolor']['mae_ab'] / rows['gray']['mae_ab']:.2f} and "
        f"{rows['vidcolor']['colorfulness_ratio']:.2f}"
        for name, rows in clips.items()
    ]
    assert f"over the truth's: {', '.join(said)}." in TEXT
    gains = {name: rows["vidcolor"]["psnr"] - rows["gray"]["psnr"] for name, rows in clips.items()}
    assert [name for name, gain in gains.items() if gain < 0] == ["car-roundabout"]
    assert f"on `soapbox` by {gains['soapbox']:.2f} dB only" in TEXT
    assert f"on `car-roundabout` it is {-gains['car-roundabout']:.2f} dB below" in TEXT
    nearer = [name for name, rows in clips.items() if rows["gray"]["ciede2000"] < rows["vidcolor"]["ciede2000"]]
    assert f"on four of them ({', '.join(nearer)})" in TEXT and len(nearer) == 4


def photograph_row(name, now, before):
    ratios = (now["mae_ab_ratio"], before["mae_ab_ratio"], now["chroma_ratio"])
    worse = (now["worse_than_gray"], before["worse_than_gray"])
    return [name, str(now["photos"]), *(f"{ratio:.2f}" for ratio in ratios), *map(str, worse)]


def test_the_scores_of_photographs():
    now, before, expected = record("frame.json")["photos"], record("frame_previous.json")["photos"], []
    for group, name in (("val_images", "**first kinds**"), ("val_more", "**new kinds**")):
        expected.append(photograph_row(name, now[group], before[group]))
        kinds = now[group]["kinds"]
        expected += [photograph_row(kind, kinds[kind], before[group]["kinds"][kind]) for kind in sorted(kinds)]
    assert table_after("Photographs, each by itself, looked at in two sizes") == expected


def test_the_trainings():
    training = record("frame_training.json")
    cores, gpu = training["minutes"] / 60, training["minutes_on_a_gpu"]
    assert f"Hours so far: {cores:.1f} on two cores" in TEXT and f"and {gpu} minutes on a GPU" in TEXT
    runs = [run for run in training["runs"] if "scores" in run.get("record", {})]
    scores = [run["record"]["scores"]["all"] for run in runs]
    rows = table_after("| run | views | error / gray's")
    assert len(rows) == 4 and len(scores) == 3
    for (_, _, error, chroma), found in zip(rows[1:], scores, strict=True):
        assert float(error.strip("*")) == pytest.approx(found["error"], abs=6e-4)  # itself rounded to four digits
        assert chroma == f"{found['chroma']:.2f}"
    assert [row[1] for row in rows[2:]] == [f"{round(run['views'], -3):,}" for run in runs[1:]]
    (mended,) = (run for run in training["runs"] if run["stage"] == "lost variances")
    assert f"their error at {mended['before']['error']:.3f} instead of {scores[-1]['error']:.3f}" in TEXT
    assert f"the network has {mended['after']['error']:.3f} now" in TEXT
    lost, (_, run, _) = (
        training["not_shipped"]["from_the_damaged_network"]["runs"],
        training["not_shipped"]["stopped"],
    )
    assert f"{lost[0]['seconds']} seconds on the GPU, {lost[1]['minutes'] / 60:.1f} hours on two cores" in TEXT
    assert f"where what ships has {run['what_ships']}" in TEXT
    assert f"{mended['cut']} of the {mended['channels']} of the decoder's first" in TEXT


@pytest.mark.parametrize("words", ["{parameters:,} parameters", "It brings such pictures {gain_db:.2f} dB nearer"])
def test_the_network_of_key_frames(words):
    keys = record("key_training.json")
    assert words.format(**keys) in TEXT
    assert (
        f"in {keys['seconds'] / 60:.0f} minutes on two cores" in TEXT and f"{keys['frames']} frames of 16" in TEXT
    )
