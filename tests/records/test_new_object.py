import json

import numpy as np
import pytest

from records.quality import new_object
from records.quality.new_object import error_inside, measure_new, scene_of
from tests.helpers.keyed import panned
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import InputError


@pytest.fixture(scope="module")
def scene():
    return scene_of("pan", panned(9), panned(3, seed=4))


def test_a_disc_of_the_other_film_slides_to_the_middle(scene):
    assert [disc.any() for disc in scene.inside[:3]] == [False] * 3
    row, column = (places.mean() for places in np.nonzero(scene.inside[-1]))
    height, width = scene.inside[-1].shape
    assert row == pytest.approx(height / 2, abs=1) and column == pytest.approx(width / 2, abs=1)
    frame = scene.clip.rgb[-1]
    np.testing.assert_array_equal(frame[scene.inside[-1]], panned(3, seed=4)[-1][scene.inside[-1]])
    np.testing.assert_array_equal(frame[~scene.inside[-1]], panned(9)[-1][~scene.inside[-1]])


def test_only_the_disc_counts(scene):
    wrong_outside = [ab + 20 * ~disc[..., None] for ab, disc in zip(scene.clip.ab, scene.inside, strict=True)]
    assert error_inside(scene, wrong_outside) == 0
    assert error_inside(scene, [ab + 5 for ab in scene.clip.ab]) == pytest.approx(5, abs=1e-4)


def test_what_is_measured_stays_in_the_record(tmp_path, make_video, monkeypatch):
    monkeypatch.setattr(new_object, "FRAMES", 4)
    for name in ("one", "two"):
        make_video(f"{name}.mp4", frames=4)
    output = tmp_path / "record.json"
    output.write_text(json.dumps({"sets": {"made": {"mean": 1}}}))
    said: list[str] = []
    sets = {"made": tmp_path}
    record = measure_new(sets, GrayColorizer(), output, say=said.append)
    assert list(record["sets"]["made"]["new_object"]["clips"]) == ["one", "two"] and len(said) == 2
    assert record["sets"]["made"]["mean"] == 1
    assert measure_new(sets, GrayColorizer(), output, say=said.append) == record and len(said) == 2
    (tmp_path / "two.mp4").unlink()
    make_video("zebra.mp4", frames=4)
    found = measure_new(sets, GrayColorizer(), output, say=said.append)["sets"]["made"]["new_object"]
    assert list(found["clips"]) == ["one", "two", "zebra"]
    assert found["first"] == np.mean([found["clips"][name]["first"] for name in ("one", "zebra")])
    assert found["ratio"] == found["first"] / found["automatic"]
    monkeypatch.setattr(new_object, "RADIUS", 1 / 5)
    with pytest.raises(InputError, match=r"other settings \(radius\)"):
        measure_new(sets, GrayColorizer(), output, say=said.append)


def test_one_film_alone_shows_nothing_new(tmp_path, make_video):
    make_video("only.mp4", frames=4)
    output, said = tmp_path / "record.json", []
    output.write_text(json.dumps({"sets": {"one": {"mean": 1}}}))
    record = measure_new({"one": tmp_path}, GrayColorizer(), output, say=said.append)
    assert record == {"sets": {"one": {"mean": 1}}} and "without another" in said[0]
