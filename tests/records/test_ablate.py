import json
import shutil

import numpy as np
import pytest

from records.quality import ablate
from records.quality.ablate import ablate_clips
from tests.helpers.command import run_afresh
from vidcolor_utils.colorizers.defaults import STRENGTH
from vidcolor_utils.colorizers.links import Link
from vidcolor_utils.colorizers.steady import Evidence, LinkedFrame, SteadyColorizer
from vidcolor_utils.course.steady_parts import VARIANTS, LinkedClip, link_clip
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.demo import write_gray
from vidcolor_utils.tool.evaluate import mean_rows

SIZE = (32, 40)


def still(colors, trust):
    """A clip that stands still, with one colour a frame and the same trust everywhere."""
    ones = np.ones(SIZE, np.float32)
    link = Link(np.zeros((*SIZE, 2), np.float32), trust * ones)
    fresh = [Evidence(np.full((*SIZE, 2), color, np.float32), ones) for color in colors]
    frames = [LinkedFrame(ab, None if t == 0 else link, None if t == 0 else link) for t, ab in enumerate(fresh)]
    return LinkedClip([np.full(SIZE, 128, np.uint8)] * len(colors), frames, frames)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Colours 6, 0, 0; strength 0.5, trust 0.5, so that a weight falls to a quarter; by hand.
        ("per frame", [6, 0, 0]),
        ("causal", [6, 6 / 5, (1.25 / 4 * 6 / 5) / (1 + 1.25 / 4)]),
        ("no flow", [6, 2, (1.5 / 2 * 2) / (1 + 1.5 / 2)]),  # its own trust: the gray does not change at all
        ("no confidence", [6, 2, (1.5 / 2 * 2) / (1 + 1.5 / 2)]),
        ("running average", [6, 2, (1.5 / 2 * 2) / (1 + 1.5 / 2)]),
        ("no closed loop", [6, 6 / 5, 0]),
        # The two results: 6 of weight 1/16 and 6/5 of weight 1.25/4; their weighted mean has the mean weight.
        ("window 2", [6, 6 / 5, 6 * 0.0625 + 1.2 * 0.3125]),
        ("offline", [6 * 16 / 21, 6 * 4 / 24, 6 / 21]),
    ],
)
def test_variants_by_hand(name, expected):
    if name == "window 2":
        weight = (0.0625 + 0.3125) / 2
        expected[2] = expected[2] / 0.375 * weight / (1 + weight)
    results = list(VARIANTS[name](still([6, 0, 0], 0.5), 0.5))
    np.testing.assert_allclose([ab.mean() for ab in results], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "per frame"])
def test_every_variant_calms_and_ends_at_a_cut(name):
    clip = still([10, 0] * 6 + [30, 40] * 2, 1)
    clip.frames[12] = clip.frames[12]._replace(back=None, ahead=None)
    means = np.array([ab.mean() for ab in VARIANTS[name](clip, 0.9)])
    assert np.abs(np.diff(means[:12])).mean() < 6
    assert means[:12].max() <= 10 and means[12:].min() >= 30


class Fixed:
    """A colour that depends on the frame's luma alone."""

    def __init__(self):
        self.calls = 0

    def predict_ab(self, lumas):
        self.calls += 1
        return np.stack([np.dstack([40 * luma, 20 - 40 * luma]).astype(np.float32) for luma in lumas])


def test_causal_and_offline_are_those_of_the_colorizer():
    lumas = [np.random.default_rng(t).random((64, 80)).astype(np.float32) for t in range(4)]
    clip = link_clip(lumas, Fixed())
    for name, offline in (("causal", False), ("offline", True)):
        expected = SteadyColorizer(Fixed(), every=1, offline=offline).predict_ab(lumas)
        np.testing.assert_array_equal(np.stack(list(VARIANTS[name](clip, STRENGTH))), expected)
        expected = SteadyColorizer(Fixed(), offline=offline).predict_ab(
            lumas
        )  # in a mirror, too, this one is the same
        np.testing.assert_array_equal(np.stack(list(VARIANTS[f"{name}, in turn"](clip, STRENGTH))), expected)


@pytest.fixture
def pairs(make_video, tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    for name in "12":
        shutil.move(make_video(frames=4, size=(48, 64)), folder / f"color_{name}.mp4")
        write_gray(folder / f"color_{name}.mp4", folder / f"bw_{name}.mp4")
    shutil.copy(folder / "color_1.mp4", folder / "colorized_1.mp4")
    return folder


def test_record_holds_all_rows_and_goes_on_where_it_ended(pairs, tmp_path, monkeypatch):
    output, colorizer = tmp_path / "record.json", Fixed()
    monkeypatch.setattr(ablate, "VARIANTS", {name: VARIANTS[name] for name in ("per frame", "causal")})
    (pairs / "bw_2.mp4").rename(pairs / "aside.mp4")
    ablate_clips(pairs, lambda: colorizer, output, max_frames=3)
    (pairs / "aside.mp4").rename(pairs / "bw_2.mp4")
    assert list(json.loads(output.read_text())["clips"]) == ["1.mp4"] and colorizer.calls == 4
    record = ablate_clips(pairs, lambda: colorizer, output, max_frames=3)
    assert record == json.loads(output.read_text()) and colorizer.calls == 8
    assert list(record["clips"]["1.mp4"]) == ["gray", "other", "per frame", "causal", "true"]
    assert list(record["clips"]["2.mp4"]) == ["gray", "per frame", "causal", "true"]
    assert record["clips"]["1.mp4"]["other"]["pixel_match"] == 100
    assert record["mean"]["other"]["colorfulness_ratio"] == record["mean"]["true"]["colorfulness_ratio"] == 1
    with pytest.raises(InputError, match="other settings"):
        ablate_clips(pairs, lambda: colorizer, output, max_frames=2)
    assert record == json.loads(output.read_text()) and colorizer.calls == 8


def test_means_are_over_the_folder_and_a_film_is_known_by_what_is_in_it(pairs, make_video, tmp_path, monkeypatch):
    output = tmp_path / "record.json"
    monkeypatch.setattr(ablate, "VARIANTS", {"per frame": VARIANTS["per frame"]})
    both = ablate_clips(pairs, Fixed, output, max_frames=3)
    assert sorted(both["files"]) == ["bw_1.mp4", "bw_2.mp4", "color_1.mp4", "color_2.mp4", "colorized_1.mp4"]
    (pairs / "bw_1.mp4").rename(pairs / "aside.mp4")
    one = ablate_clips(pairs, lambda: pytest.fail("there is nothing to do"), output, max_frames=3)
    assert one["clips"] == both["clips"] and one["mean"] == mean_rows([both["clips"]["2.mp4"]])
    shutil.move(make_video(frames=5, size=(48, 64)), pairs / "color_2.mp4")
    before = output.read_text()
    with pytest.raises(InputError, match=r"made of other files \(color_2.mp4\): remove it or name another file"):
        ablate_clips(pairs, Fixed, output, max_frames=3)
    assert output.read_text() == before


def test_folders_without_pairs_and_strange_records_are_refused(pairs, tmp_path):
    with pytest.raises(InputError, match="no pairs"):
        ablate_clips(tmp_path, Fixed, tmp_path / "record.json")
    (tmp_path / "notes.json").write_text("[]")
    with pytest.raises(InputError, match="no such record"):
        ablate_clips(pairs, Fixed, tmp_path / "notes.json")


def test_command_line_refuses_in_one_line(tmp_path):
    result = run_afresh("-m", "records", "ablate", "--clips", tmp_path, "-o", tmp_path / "out.json")
    assert result.returncode == 2 and len(result.stderr.splitlines()) == 1 and "no pairs" in result.stderr
