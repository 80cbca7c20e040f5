"""Bounds over seeds, read from records small enough to be worked out by hand."""

import pytest

from vidcolor_utils.related.criteria import (
    Criterion,
    colas_criteria,
    colornn_criteria,
    exemplar_criteria,
    exemplar_rows,
    pointer_criteria,
    propagation_criteria,
    unpaired_criteria,
)


def test_every_seed_must_be_within_the_bounds():
    assert Criterion("x", (0.1, 0.3), least=0.1).holds
    assert not Criterion("x", (0.05, 0.3), least=0.1).holds
    assert Criterion("x", (0.1, 0.3), most=0.3).holds
    assert not Criterion("x", (), least=0.1).holds
    row = Criterion("x", (0.1, 0.3), most=0.3, control=True).row
    assert row == {"": "control", "bound": "≤ 0.3", "lowest": 0.1, "highest": 0.3, "holds": "yes"}


def test_the_pointer_is_compared_after_ten_frames():
    def curve(last):
        return {"overlap": [0.9] * 9 + [last], "rank_correlation": 0.5}

    record = {
        "controls": {"hold": curve(0.2)},
        "seeds": {
            "0": {
                "trained on ab": curve(0.5),
                "random weights": curve(0.25),
                "colours of another pair": curve(0.22),
            }
        },
    }
    found = pointer_criteria(record)
    assert [each.values[0] for each in found] == pytest.approx([0.3, 0.25, 0.5, 0.05, 0.02])
    assert all(each.holds for each in found)


def test_propagation_is_compared_after_fifteen_hops():
    def hops(energy, psnr):
        return {"energy": [1.0] * 14 + [energy], "psnr_ab": [40.0] * 14 + [psnr]}

    record = {
        "controls": {"hold": hops(0.95, 38)},
        "seeds": {
            "0": {
                "forward only": {"0.05": hops(0.86, 36), "0.03": hops(0.94, 37.5)},
                "round trip of probes": {"0.05": hops(0.92, 37.8), "0.03": hops(0.95, 37.4)},
            }
        },
    }
    found = propagation_criteria(record)
    expected = [1 - 0.86 / 0.95, 0.06, 1.8, -0.02, 0.3, 0.01, -0.1]
    assert [each.values[0] for each in found] == pytest.approx(expected)
    assert [each.holds for each in found] == [True, True, True, False, True, True, False]


def test_colas_is_compared_with_its_own_first_frame():
    def curve(first, tenth, thirtieth):
        values = [1.0] + [first] * 59
        values[10], values[30] = tenth, thirtieth
        return {"accuracy": values}

    record = {
        "seeds": {
            "0": {
                "teacher forcing": {"fed the truth": curve(0.4, 0.4, 0.36), "fed its own": curve(0.4, 0.04, 0.01)},
                "closed loop": {"fed its own": curve(0.2, 0.1, 0.07)},
            }
        }
    }
    assert [each.values[0] for each in colas_criteria(record)] == pytest.approx([0.9, 0.1, 0.35])
    assert all(each.holds for each in colas_criteria(record))


def test_colornn_is_compared_with_the_network_without_feedback():
    def row(psnr, unsteady):
        return {"psnr_ab": psnr, "unsteadiness": unsteady}

    record = {
        "seeds": {
            "0": {
                "per frame": {"previous is zero": row(25, 2.0)},
                "with feedback": {
                    "closed loop": row(24.9, 1.5),
                    "previous is zero": row(25, 2.0),
                    "a random earlier frame": row(24, 1.9),
                },
            }
        }
    }
    assert [each.values[0] for each in colornn_criteria(record)] == pytest.approx([0.25, -0.1, 0, 0.05])
    assert all(each.holds for each in colornn_criteria(record))


def test_exemplars_are_compared_over_all_gaps():
    def gaps(value):
        return dict.fromkeys(("10", "20", "30", "50"), value)

    record = {
        "controls": {"right": {"no exemplar": gaps(25.0), "--reference": gaps(27.0)}},
        "seeds": {
            "0": {
                "two-way": {"right": gaps(28.0), "wrong": {"psnr_ab": 24.8, "no exemplar": 25.0}},
                "forward likeness only": {"wrong": {"psnr_ab": 24.0, "no exemplar": 25.0}},
                "calibration": {"rank_correlation": -0.9},
            }
        },
    }
    assert [each.values[0] for each in exemplar_criteria(record)] == pytest.approx([3, 1, -0.2, -0.9, -0.8])
    assert all(each.holds for each in exemplar_criteria(record))
    assert exemplar_criteria(record, tokens=True)[0].values == ()
    record["seeds"]["1"] = record["seeds"]["0"] | {
        "ViT tokens": {
            "right": gaps(26.0),
            "wrong": {"psnr_ab": 24.9, "no exemplar": 25.0},
            "calibration": {"rank_correlation": -0.7},
        }
    }
    found = exemplar_criteria(record, tokens=True)
    assert [each.values[0] for each in found] == pytest.approx([1, -1, -0.1, -0.7])
    assert [each.holds for each in found] == [False, False, True, False]


def test_rows_of_a_table_are_means_over_seeds():
    def seed(value):
        return {"two-way": {"right": dict.fromkeys(("10", "20", "30", "50"), value)}}

    record = {"controls": {"right": {"hold": {"10": 1.0}}}, "seeds": {"0": seed(20.0), "1": seed(30.0)}}
    rows = exemplar_rows(record)
    assert list(rows) == ["hold", "learned, two-way"] and rows["learned, two-way"]["50"] == 25


def test_unpaired_is_read_at_the_end():
    record = {
        "controls": {"all red": {"between": 0.07}, "true": {"between": 0.7}},
        "seeds": {
            "0": {
                "(2+1)-D": [{"within": 9.0}, {"within": 0.2, "between": 0.4, "true_between": 0.7}],
                "frame by frame": [{"within": 0.8}],
            }
        },
    }
    assert [each.values[0] for each in unpaired_criteria(record)] == pytest.approx([0.25, 4 / 7, 0.1])
    assert all(each.holds for each in unpaired_criteria(record))
