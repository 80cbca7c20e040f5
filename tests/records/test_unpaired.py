import json

import pytest

from records.related import unpaired
from vidcolor_utils.related.unpaired.digits import FLICKER
from vidcolor_utils.system.errors import InputError


def test_a_painter_that_makes_all_red_fails_between_clips_only():
    found = unpaired.controls()
    assert found["all red"]["within"] < 0.1 and found["true"]["within"] < 0.1
    assert found["all red"]["between"] < 0.1 < 0.5 < found["true"]["between"]


def test_seeds_and_tries_are_made_once(tmp_path, monkeypatch):
    made = []

    def both_twins(config, title, say):
        made.append((config.seed, config.flicker))
        return {"(2+1)-D": [], "frame by frame": []}

    monkeypatch.setattr(unpaired, "both_twins", both_twins)
    output, options = tmp_path / "unpaired.json", {"steps": 3, "say": print}
    unpaired.record_unpaired(None, output, seeds=1, **options)
    assert made == [(0, FLICKER), (0, None)]
    unpaired.record_unpaired(None, output, seeds=2, **options)
    assert made[2:] == [(1, FLICKER)]
    record = json.loads(output.read_text())
    assert set(record["seeds"]) == {"0", "1"} and set(record["tries"]) == set(unpaired.TRIES)
    with pytest.raises(InputError, match="other settings"):
        unpaired.record_unpaired(None, output, seeds=1, steps=4, say=print)


def test_readings_are_taken_on_the_way(monkeypatch):
    def train_unpaired(config, *, watch, every):
        for step in range(every, config.steps + 1, every):
            watch(step, None)

    painted = unpaired.spreads(*(unpaired.digit_clips(2, colored=False, seed=1),) * 2)
    monkeypatch.setattr(unpaired, "train_unpaired", train_unpaired)
    monkeypatch.setattr(unpaired, "painted", lambda pair, **options: (painted, painted))
    found = unpaired.readings(unpaired.UnpairedConfig(steps=2 * unpaired.READ_EVERY))
    assert [each["step"] for each in found] == [unpaired.READ_EVERY, 2 * unpaired.READ_EVERY]
    assert set(found[0]) == {"step", "within", "between", "overlap", "true_between"}
