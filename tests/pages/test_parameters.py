"""What chapters say to parameters and films that they cannot run with: a sentence, before any work is done."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.cells import code_cells, defaults, is_guard, source
from vidcolor_utils.course.notebook import check_parameters
from vidcolor_utils.system.errors import InputError

RATIOS = {"chroma_warp_error_ratio": 1.0, "cdc_ratio": 1.0, "colorfulness_ratio": 1.0}


def cell(name: str, id: str) -> str:
    (found,) = (each for each in code_cells(name) if each["id"] == id)
    return source(found)


def run(name: str, id: str, **namespace: object) -> tuple[dict, list[str]]:
    """Run one cell of a chapter; returns what it leaves, and what it says."""
    said: list[str] = []
    namespace = {"Path": Path, "np": np, "InputError": InputError, "say": said.append, **namespace}
    exec(cell(name, id), namespace)
    return namespace, said


def least(name: str) -> dict[str, float]:
    """The smallest values of parameters that a chapter says it runs with."""
    calls = [node for each in code_cells(name) for node in ast.walk(ast.parse(source(each))) if is_guard(node)]
    given = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    return ast.literal_eval(given["least"])


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("01_baseline", {"clips": 0}),
        ("04_results", {"frames": 0}),
        ("04c_your_runs", {"frames": 0}),
        ("05_beyond_the_report", {"clips": 0}),
        ("07_copying_colours", {"discs": 3}),
        ("07_copying_colours", {"frames": 4}),
        ("08_propagation", {"frames": 8}),
        ("08_propagation", {"hops": 0}),
        ("09_feedback", {"frames": 4}),
        ("10_exemplar", {"frames": 10}),
        ("10_exemplar", {"rendered": 1}),
        ("11_unpaired", {"every": 0}),
        ("11_unpaired", {"filters": 3}),
        ("12_more_data", {"unseen": 0}),
        ("12_more_data", {"counts": []}),
        ("14_why_store_colour", {"clips": 0}),
        ("15_key_frames", {"frames": 2}),
    ],
)
def test_a_parameter_that_is_too_small_is_told_by_its_name(name: str, changed: dict):
    values = defaults(name)
    check_parameters(dict(values), tuple(values), least=least(name))
    with pytest.raises(InputError, match=f"parameter {next(iter(changed))} must"):
        check_parameters(values | changed, tuple(values), least=least(name))


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("10_exemplar", {"gap": 40}, "gap must be below frames, 40"),
        ("11_unpaired", {"filters": 6}, "filters must be a multiple of 4"),
    ],
)
def test_parameters_that_do_not_go_with_others_are_told(name: str, changed: dict, message: str):
    with pytest.raises(InputError, match=message):
        run(name, "check", check_parameters=lambda *given, **least: None, **defaults(name) | changed)


@pytest.mark.parametrize(
    ("name", "id", "splits"),
    [
        ("02_loss_design", "02-05", {"dev"}),
        ("03_train_alexnet", "folder", {"dev", "test"}),
        ("03_train_vgg16", "folder", {"dev", "test"}),
        ("04c_your_runs", "runs", {"split"}),
    ],
)
def test_chapters_ask_for_the_clips_that_they_show(name: str, id: str, splits: set):
    calls = [node for node in ast.walk(ast.parse(cell(name, id))) if isinstance(node, ast.Call)]
    (asked,) = (node.args[1:] for node in calls if ast.unparse(node.func) == "open_clips")
    assert {ast.unparse(each).strip("'") for each in asked} == splits


@pytest.mark.parametrize("name", ["03_train_alexnet", "03_train_vgg16"])
def test_without_samples_a_training_shows_none(name: str, tmp_path: Path):
    left, _ = run(name, "watch", samples=tmp_path, math=math)
    assert left["paths"] == []


def test_clips_without_a_ratio_are_left_out_and_counted():
    rows = [{"mae_ab": 1.0, "chroma_warp_error_ratio": ratio} for ratio in (0.5, 2.0, None)]
    scores = {str(n): {"candidate": row, "gray": {"mae_ab": 2.0}} for n, row in enumerate(rows)}
    _, (sentence,) = run("01_baseline", "clips-say", scores=scores)
    assert "in 1 of 2 it is steadier than the truth; of 1 there is no such ratio" in sentence
    del scores["2"]
    _, (sentence,) = run("01_baseline", "clips-say", scores=scores)
    assert "in 1 of 2 it is steadier than the truth. (The" in sentence


@pytest.mark.parametrize("shown", [["ours", "gray"], ["true"], []])
def test_a_survey_shows_the_truth_and_another_film(shown: list):
    with pytest.raises(InputError, match="must name true and another film"):
        run("13_who_judges", "words", shown=shown, films={"hike": {}})
    with pytest.raises(InputError, match="no folder of films"):
        run("13_who_judges", "words", shown=["true", "ours"], films={}, films_dir="films")


def test_films_without_a_ratio_are_left_out_of_the_measures():
    films = {"hike": {"true": "h", "ours": "o"}, "still": {"true": "s", "ours": "o"}}

    def scored(true: list, candidates: dict) -> dict:
        return {"rows": {name: RATIOS | {"cdc_ratio": None if true == ["s"] else 1.0} for name in candidates}}

    left, (sentence,) = run(
        "13_who_judges", "measured", films=films, iter_rgb=list, score_candidates=scored, TRUE="true"
    )
    assert set(left["measured"]) == {("hike", "true"), ("hike", "ours")} and set(left["rated"]) == {"hike"}
    assert "leave out 1 of 2 clips" in sentence and sentence.endswith(": still.")


@pytest.mark.parametrize(
    ("simulated", "rated", "message"),
    [(0, {"hike": {}}, "simulated must be at least 1"), (3, {}, "judges cannot be simulated")],
)
def test_judges_are_simulated_while_nobody_has_answered(simulated: int, rated: dict, message: str, tmp_path: Path):
    nobody = {
        "answer_files": lambda folder: [],
        "read_answers": lambda *paths: [],
        "answered_all": lambda *given: [],
    }
    with pytest.raises(InputError, match=message):
        run(
            *("13_who_judges", "simulated"),
            **nobody,
            **{"answers_dir": tmp_path, "films_dir": "films", "trials": []},
            **{"simulated": simulated, "rated": rated},
        )


def test_a_record_without_a_wrong_key_frame_has_no_bar_for_it():
    rows = {name: {"psnr_ab": 30.0} for name in ("automatic", "DIS", "first", "first, edited")}
    mean = rows | {name: {"psnr_ab": 31.0} for name in ("first and last", "every 25")}
    mean["first"] = mean["first"] | {"colorfulness_ratio": 1.0, "chroma_warp_error_ratio": 1.0}
    left, _ = run("15_key_frames", "bars", means={})
    without = left["bars_of"]({"a": rows}, mean, {"ratio": 1.0})
    asked = left["bars_of"]({"a": rows | {"first, wrong": {"psnr_ab": 29.0}}}, mean, {"ratio": 1.0})
    assert set(asked) - set(without) == {"wrong over automatic, dB, least of all clips"}
