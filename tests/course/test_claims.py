from __future__ import annotations

import pytest

from vidcolor_utils.course.claims import (
    Claim,
    Finding,
    claims,
    growth,
    mean_scores,
    rank_correlation,
    reference_scores,
)


def run(*, mse: float, sharpness: float = 0.3, to_true: tuple[float, ...] = (4, 2), closed: float = 0) -> dict:
    """A network's record; `closed` is what feeding back adds to the error of the last frames."""
    scores = {"mse": mse, "sharpness": sharpness, "change": 1.0}
    errors = [mse] * 20
    return {
        "history": [{"to_true": value} for value in to_true],
        "open": {"clips": {"a": scores, "b": scores | {"mse": mse + 2}}, "errors": errors},
        "closed": {"clips": {"a": scores}, "errors": [mse] * 10 + [mse + closed] * 10},
    }


@pytest.fixture
def study() -> dict:
    """Two seeds in which all claims hold."""
    runs = {
        "AlexNet, beta 0.8": [run(mse=90, to_true=(8, 4), closed=5)] * 2,
        "AlexNet, beta 1": [run(mse=80, to_true=(4, 3))] * 2,
        "VGG16, beta 0.8": [run(mse=50, to_true=(8, 4))] * 2,
        "VGG16, beta 1": [run(mse=40, to_true=(4, 2))] * 2,
        "VGG16 random, beta 0.8": [run(mse=70)] * 2,
        "no current colorization": [run(mse=90, closed=60)] * 2,
    }
    references = {
        "gray": {"clips": {"a": {"mse": 60}}},
        "baseline": {"clips": {"a": {"pixel_match": 20}}},
        "true, one level brighter": {"clips": {"a": {"pixel_match": 0}}},
    }
    speed = {
        "video": {"speed": [1, 0, 2, 3], "error": [10, 10, 30, 90]},  # the second frame repeats the first
        "video-sunset_gray_mp4": {"speed": [1, 2, 3], "error": [3, 2, 1]},
        "still": {"speed": [0, 0, 0], "error": [1, 2, 3]},
        "photo-1": {"speed": [1, 2, 3], "error": [3, 2, 1]},
    }
    return {"runs": runs, "references": references, "speed": speed}


def test_all_seven_claims_are_judged(study: dict):
    judged = claims(study)
    assert [claim.verdict for claim in judged] == ["holds"] * 7
    beta, networks, pretrained, blur, checkpoint, speed, match = judged
    assert beta.findings[1].values == pytest.approx([100 / 3] * 2)  # 4 is a third more than 3
    assert [finding.values for finding in networks.findings] == [[40, 40], [40, 40]]
    assert pretrained.findings[0].values == [20, 20]
    assert blur.findings[0].values == pytest.approx([70, 70])
    assert checkpoint.findings[0].values == [55, 55]
    assert speed.findings[0].values == pytest.approx([1])  # photographs and stills do not count
    assert match.findings[0].values == [20]


def test_one_seed_against_a_claim_makes_it_depend(study: dict):
    study["runs"]["VGG16, beta 0.8"][1] = run(mse=95)
    verdicts = [claim.verdict for claim in claims(study)]
    assert verdicts[1:3] == ["depends", "depends"]


def test_what_draws_worse_than_gray_tests_nothing(study: dict):
    study["references"]["gray"]["clips"]["a"]["mse"] = 30
    verdicts = [claim.verdict for claim in claims(study)]
    assert verdicts == [*["not tested at this scale"] * 3, "holds", "not tested at this scale", "holds", "holds"]


def test_verdicts():
    findings = [Finding("a", [1, 2], ""), Finding("b", [3], "")]
    assert Claim("", findings).verdict == "holds"
    assert Claim("", [*findings, Finding("c", [-1], "")]).verdict == "depends"
    assert Claim("", [Finding("c", [-1, 0], "")]).verdict == "does not hold"


def test_means_are_over_clips_and_growth_over_the_last_frames(study: dict):
    assert mean_scores(study, "AlexNet, beta 0.8", "mse") == [91, 91]
    assert growth(study, "AlexNet, beta 0.8") == [5, 5]


def test_rank_correlation_sees_order_only():
    assert rank_correlation([1, 2, 3, 4], [1, 10, 100, 1000]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3, 4], [8, 6, 4, 2]) == pytest.approx(-1)


def test_a_claim_is_told_with_its_verdict_and_numbers():
    claim = Claim(
        "Snow is white", [Finding("white less black", [2.0, 0.12345], "levels"), Finding("hue", [1], "")]
    )
    assert str(claim).splitlines() == [
        "Snow is white: holds",
        "    white less black: 2, 0.123 levels",
        "    hue: 1 ",
    ]


def test_scores_of_a_reference_are_those_of_its_clips(study: dict):
    study["references"] = {"gray": {"clips": {"a": {"mse": 3.0}, "b": {"mse": 5.0}}}}
    assert reference_scores(study, "gray", "mse") == [3.0, 5.0]


def test_a_claim_without_a_value_is_not_tested(study: dict):
    study["speed"] = {name: clip for name, clip in study["speed"].items() if name.startswith("photo")}
    speed = claims(study)[5]
    assert speed.text == "Fast frames are worse" and speed.verdict == "not tested at this scale"
    assert Claim("", []).verdict == "not tested at this scale"
