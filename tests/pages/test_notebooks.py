"""The course: what must hold of the committed notebooks, and of the results that running them left.

`make test` runs all chapters just before, at the small sizes of `params/small.yaml`, and `make test-course` runs
them as they are. Without such a run the tests of results are skipped.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import yaml
from skimage.metrics import structural_similarity

from tests.helpers.cells import code_cells, defaults, is_guard, load, parameters_cell, source, tags
from tests.helpers.command import REPOSITORY
from tests.helpers.small import SIZES, small_parameters, with_parameters
from vidcolor_utils.course.runs import kept_clip
from vidcolor_utils.course.steady_parts import VARIANTS
from vidcolor_utils.pictures.color import gray_clip
from vidcolor_utils.video.files import iter_rgb

NOTEBOOKS = REPOSITORY / "notebooks"
RECORDS = REPOSITORY / "data" / "results"
RESULTS = REPOSITORY / "out" / "course"
SMALL = REPOSITORY / "out" / "small"
COURSE = (
    *("00_data_prep", "01_baseline", "02_loss_design"),
    *("03_train_alexnet", "03_train_vgg16", "04_results", "04b_memory", "04c_your_runs"),
    *("05_beyond_the_report", "07_copying_colours", "08_propagation", "09_feedback", "10_exemplar"),
    *("11_unpaired", "12_more_data"),
    *("13_who_judges", "14_why_store_colour", "15_key_frames"),
)
APP = "06_colorize_your_film"  # a page, not a chapter
TWINS = ("03_train_alexnet", "03_train_vgg16")
TRAINING = ("02_loss_design", *TWINS, *(name for name in COURSE if "07" <= name[:2] <= "12"))
MAX_BYTES = 1_500_000
MARKER = "NBVAL_CHECK_OUTPUT"
# A slash that starts a path with at least two parts, and is not inside a word, an address or a relative path.
ABSOLUTE_PATH = re.compile(r"(?<![\w./~:>-])/[A-Za-z][\w.-]*/[\w.-]+|\b[A-Z]:\\\\?\w")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
TWIN_SPECIFIC = {
    *("title", "box", "params-md", "params", "check", "config"),
    *("arch", "builder", "totals-md", "sizes-md", "maps-md", "discussion", "ex1", "refs"),
}
TOTALS = {
    "03_train_alexnet": {"total": 9_127_971, "trainable": 9_122_467},
    "03_train_vgg16": {"total": 21_783_396, "trainable": 7_065_438},
}

each_notebook = pytest.mark.parametrize("name", COURSE)
each_twin = pytest.mark.parametrize("name", TWINS)


def shown_text(cell: dict) -> str:
    """All text in the outputs of a cell: streams, plain text, HTML, tracebacks."""
    parts = []
    for output in cell.get("outputs", []):
        parts += [output.get("text", ""), *output.get("traceback", [])]
        parts += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    text = "\n".join(part if isinstance(part, str) else "".join(part) for part in parts)
    return re.sub(r"data:[a-z]+/[\w.+-]+;base64,[\w+/=]+", "", text)  # pictures inside HTML


def test_the_course_is_complete():
    assert sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]*_*.ipynb")) == sorted([*COURSE, APP])


def test_the_page_is_a_short_notebook_that_runs_without_a_browser(tmp_path):
    papermill = pytest.importorskip("papermill")
    assert sum(len(source(cell).splitlines()) for cell in code_cells(APP)) < 10
    notebook = papermill.execute_notebook(
        NOTEBOOKS / f"{APP}.ipynb",
        tmp_path / "out.ipynb",
        parameters={"max_megabytes": 5},
        cwd=NOTEBOOKS,
        progress_bar=False,
    )
    shown = notebook.cells[-2]["outputs"][0]["data"]
    assert shown["text/plain"] == "ColorizePage(waiting)"
    (state,) = (state for state in widget_states(notebook) if "max_megabytes" in state)
    assert (state["max_megabytes"], state["stage"]) == (5, "waiting")


def widget_states(notebook: dict) -> list[dict]:
    saved = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    return [widget["state"] for widget in saved.values()]


@each_notebook
def test_parameters_are_lower_case_literals_with_type_and_comment(name):
    cell = parameters_cell(name)
    assert defaults(name)
    tokens = tokenize.generate_tokens(StringIO(source(cell)).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    for statement in ast.parse(source(cell)).body:
        line = ast.unparse(statement)
        assert comments.get(statement.end_lineno), f"no comment: {line}"
        # papermill cannot read `str | None` as an annotation, and would warn that the name is unknown.
        assert isinstance(statement, ast.AnnAssign) or comments[statement.lineno].startswith("# type: "), line
        assert not isinstance(getattr(statement, "annotation", None), ast.BinOp), line
    assert all(key == key.lower() for key in defaults(name))


@each_notebook
def test_papermill_reads_every_parameter(name):
    papermill = pytest.importorskip("papermill")
    assert set(papermill.inspect_notebook(NOTEBOOKS / f"{name}.ipynb")) == set(defaults(name))


@each_notebook
def test_the_parameters_are_guarded_by_name_before_anything_else_is_defined(name):
    cells = code_cells(name)
    position = cells.index(parameters_cell(name))
    guards = [node for node in ast.walk(ast.parse(source(cells[position + 1]))) if is_guard(node)]
    assert len(guards) == 1, "the cell after the parameters must call check_parameters"
    declared = ast.Expression(guards[0].args[1])
    assert eval(compile(declared, name, "eval"), {}) == tuple(defaults(name))


@each_notebook
def test_checked_cells_are_committed_with_their_output(name):
    marked = [cell for cell in code_cells(name) if MARKER in source(cell) or "nbval-check-output" in tags(cell)]
    assert marked, "no cell is checked"
    for cell in marked:  # nbval compares nothing if one of the two is missing
        assert cell["execution_count"], source(cell)
        assert cell["outputs"], source(cell)


@each_notebook
def test_it_was_executed_from_top_to_bottom_without_errors(name):
    cells = [cell for cell in code_cells(name) if source(cell).strip()]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert "error" not in {output["output_type"] for output in cell["outputs"]}, source(cell)


@each_notebook
def test_it_is_small_and_runs_on_any_machine(name):
    notebook = load(name)
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < MAX_BYTES
    # As JupyterLab writes it: else opening a chapter changes it, and asks to save what nobody touched.
    assert notebook["metadata"]["kernelspec"] == KERNEL
    assert notebook["metadata"]["language_info"]["pygments_lexer"] == "ipython3"
    assert "papermill" not in notebook["metadata"]
    assert "injected-parameters" not in {tag for cell in notebook["cells"] for tag in tags(cell)}
    for cell in notebook["cells"]:
        found = ABSOLUTE_PATH.search(source(cell) + "\n" + shown_text(cell))
        assert not found, f"a path of one machine: {found[0]}"
        assert not {"papermill", "execution"} & set(cell["metadata"]), "timings"


@pytest.mark.parametrize("record", sorted(RECORDS.rglob("*.json")), ids=lambda record: record.stem)
def test_a_committed_record_names_no_path_of_one_machine(record):
    found = ABSOLUTE_PATH.search(record.read_text())
    assert not found, found[0]


def test_absolute_paths_are_told_from_other_slashes():
    for text in ("in /home/me/x", '"/tmp/a.txt"', "(/usr/lib/python)", "C:\\Users"):
        assert ABSOLUTE_PATH.search(text), text
    for text in (
        "../out/course",
        "https://host.org/a/b",
        "80/10/10 split",
        "~/.keras/models",
        "a / b",
        "</td></tr>",
    ):
        assert not ABSOLUTE_PATH.search(text), text


@each_notebook
def test_the_first_code_cell_holds_the_imports_and_its_output_is_not_compared(name):
    first = code_cells(name)[0]
    assert "nbval-ignore-output" in tags(first)
    assert "import" in source(first)


def test_the_twins_differ_only_in_builder_parameters_and_discussion():
    pairs = list(zip(*(load(name)["cells"] for name in TWINS), strict=True))
    for alexnet, vgg16 in pairs:
        assert (alexnet["id"], tags(alexnet)) == (vgg16["id"], tags(vgg16))
        if alexnet["id"] not in TWIN_SPECIFIC:
            assert source(alexnet) == source(vgg16), alexnet["id"]


def test_the_code_of_the_twins_differs_only_in_model_and_encoder():
    by_id = [{cell["id"]: source(cell) for cell in load(name)["cells"]} for name in TWINS]
    for cell in ("check", "config"):
        alexnet, vgg16 = (cells[cell] for cells in by_id)
        without_encoder = re.sub(r'"encoder_weights",? ?|    encoder_weights=encoder_weights,\n', "", vgg16)
        assert without_encoder.replace("vgg16", "alexnet") == alexnet
    alexnet, vgg16 = (defaults(name) for name in TWINS)
    assert set(vgg16) - set(alexnet) == {"encoder_weights"}
    assert set(alexnet) <= set(vgg16)
    assert alexnet["beta"] == vgg16["beta"] == 0.8  # the report's choice


@pytest.mark.parametrize("name", TRAINING)
def test_a_chapter_that_trains_names_the_device_first(name):
    assert re.match(r"Keras [\d.]+ on \w+ computes on ", shown_text(code_cells(name)[0]))


@each_twin
def test_the_committed_parameter_totals_are_the_authors(name):
    (cell,) = (cell for cell in code_cells(name) if cell["id"] == "totals")
    assert f"total {TOTALS[name]['total']:,}, trainable {TOTALS[name]['trainable']:,}" in shown_text(cell)


def read_results(name: str) -> dict:
    """What the last run left, at small size or as the chapter is; of other runs nothing is asked."""
    ours = [defaults(name) | small_parameters(name), defaults(name)]
    paths = [folder / f"{name}.json" for folder in (SMALL, RESULTS)]
    for path in sorted(filter(Path.exists, paths), key=lambda path: path.stat().st_mtime, reverse=True):
        results = json.loads(path.read_text())
        if results["parameters"] in ours:
            return results
    pytest.skip(f"{name} was not run here: `make test` and `make test-course` run it")


def numbers(content: object) -> Iterator[float]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for entry in content:
            yield from numbers(entry)
    elif isinstance(content, int | float):
        yield content


@each_notebook
def test_results_hold_the_parameters_and_finite_numbers(name):
    results = read_results(name)
    del results["parameters"]
    found = list(numbers(results))
    assert found
    assert all(math.isfinite(number) for number in found)


def test_prepared_clips_are_split_by_clip_and_stored_once():
    results = read_results("00_data_prep")
    counts, split = results["counts"], results["split"]
    names = [name for part in split.values() for name in part]
    assert len(names) == len(set(names)) == counts["clips"] == results["parameters"]["clips"]
    assert [counts[part] for part in ("train", "dev", "test")] == [12, 2, 2]  # 80/10/10 of 16
    assert counts["frames"] == counts["clips"] * results["parameters"]["frames"]
    assert results["share_of_report_bytes"] <= 0.4
    assert results["skipped"] == 1 and results["resumed_equals_uninterrupted"] is True


def test_the_baseline_is_scored_beside_gray():
    results = read_results("01_baseline")
    assert len(results["scores"]) == results["parameters"]["clips"]
    for rows in results["scores"].values():
        assert rows["true"]["mae_ab"] == 0 and rows["gray"]["chroma_warp_error"] < 0.1
    assert results["bins"] == 261
    assert results["mean_weight"] == pytest.approx(1)
    ratio = results["flicker_ratio"]
    assert ratio["Zhang, frame by frame"] > 2 > 1.2 > ratio["ours"] > 0  # what the chapter opens with
    wins = [films["gray"]["whole"] > films["Zhang"]["whole"] for films in results["pixel_match"].values()]
    assert wins == [True] * 3


def test_the_loss_is_that_of_the_hand_calculation():
    results = read_results("02_loss_design")
    assert results["by_hand"] == pytest.approx(0.8 * 16 / 3 + 0.2 * 52 / 3)
    assert results["price_of_truth"]["motion-compensated"] < 0.25 * results["price_of_truth"]["plain"]
    assert results["trained"]["mse"] > 0


def test_what_the_chapter_on_the_loss_says_is_recorded_with_three_seeds():
    runs = json.loads((RECORDS / "losses" / "losses.json").read_text())["runs"]
    assert {len(scores) for scores in runs.values()} == {3}
    assert all(run["brightness"] < 0.1 for run in runs["as published"])
    for cure in ("centre crop", "masked loss", "chroma"):
        for run, bounded in zip(runs[cure], runs["bounded output"], strict=True):
            assert run["brightness"] > 0.5
            assert run["mse"] < bounded["mse"]


@each_twin
def test_training_results_are_sane(name):
    results = read_results(name)
    assert results["model_parameters"]["total"] <= TOTALS[name]["total"]
    history = results["history"]
    assert [row["epoch"] for row in history] == list(range(1, results["parameters"]["epochs"] + 1))
    # A network that begins as its input is near at once, and errs before it learns; a few steps do no more.
    assert history[-1]["loss"] < max(row["loss"] for row in history) or len(history) == 1
    beta = results["parameters"]["beta"]
    for row in history:  # the loss is the weighted sum of its terms
        terms = beta * row["val_to_true"] + (1 - beta) * row["val_to_previous"]
        assert row["val_loss"] == pytest.approx(terms, rel=1e-3)
    assert_rows_are_sane(results["scores"]["dev"], models={"model"})


def test_vgg16_says_where_its_encoder_comes_from():
    results = read_results("03_train_vgg16")
    assert results["encoder"].startswith(("imagenet", "hed"))


def test_the_own_runs_are_compared_with_gray():
    results = read_results("04c_your_runs")
    models = set(results["final_loss"])
    if models:
        assert_rows_are_sane(results["scores"], models=models)


@each_twin
def test_the_recorded_default_run_ends_nearer_to_the_truth_than_gray_and_than_its_input(name):
    path = RECORDS / "first_run" / name.removeprefix("03_train_") / "runs.json"
    runs = json.loads(path.read_text())["runs"]
    assert len(runs) == 3
    for run in runs:
        rows = run["scores"]["dev"]
        assert rows["model"]["mse"] < min(rows["gray"]["mse"], rows["baseline"]["mse"])


@each_twin
def test_what_is_recorded_is_what_the_chapter_does_by_default(name):
    from records.quality.first_run import NETWORKS  # imports Keras

    asked = defaults(name)
    renamed = {"frames": "run_length"}
    fields = {renamed.get(key, key): value for key, value in asked.items()}
    fields |= {key: fields[key] or None for key in ("clips", "epoch_runs")}  # 0: all
    recorded = dataclasses.asdict(NETWORKS[name.removeprefix("03_train_")])
    assert recorded == recorded | {key: value for key, value in fields.items() if key in recorded}
    runs = json.loads((RECORDS / "first_run" / recorded["model"] / "runs.json").read_text())["runs"]
    assert [run["config"] for run in runs] == [recorded | {"seed": seed} for seed in range(3)]


def shows_a_table(cell: dict) -> bool:
    return any("<table" in "".join(output.get("data", {}).get("text/html", "")) for output in cell["outputs"])


@each_notebook
def test_every_table_is_compared_with_what_a_run_shows(name):
    for cell in code_cells(name):
        if "restless" in tags(cell):  # of networks that play against each other: each processor has other numbers
            assert name == "11_unpaired"
        elif shows_a_table(cell) and name != "04c_your_runs":  # whose tables are of the runs that a reader has
            assert {"nbval-check-output", "nearly"} <= set(tags(cell)), source(cell)


def test_the_drawn_rows_of_figure_3_resemble_the_truth():
    folder = RECORDS / "report" / "figure_3"
    record = json.loads((folder / "full.json").read_text())
    assert record["shown"] and "AlexNet, beta 0.8" in record["runs"]
    for name, run in record["runs"].items():
        assert run["config"]["output"] == "rgb"  # the whole picture is drawn, luma is not kept
        for clip in record["shown"]:
            rows = [gray_clip(np.stack(list(iter_rgb(kept_clip(folder, clip, row))))) for row in ("true", name)]
            similar = [structural_similarity(*pair, data_range=255) for pair in zip(*rows, strict=True)]
            assert np.mean(similar) >= 0.5, (name, clip)


def test_the_simulated_judges_are_called_so_and_find_gray_steady_and_the_truth_best():
    results = read_results("13_who_judges")
    if results["simulated_only"]:
        assert results["judges"] == results["parameters"]["simulated"]
        for question, ranking in results["ranking"].items():
            is_of_steadiness = "steadier" in question
            assert ranking[0] == ("gray" if is_of_steadiness else "true")
            assert ranking[-1] == ("Zhang" if is_of_steadiness else "gray")
    assert all(len(ranking) == 4 for ranking in results["ranking"].values())


def test_colour_is_cheap_to_store_and_dear_to_guess():
    results = read_results("14_why_store_colour")
    ways = results["ways"]
    assert ways["gray"]["bytes a frame"] < ways["everything"]["bytes a frame"]
    assert results["saved_percent"] < 20
    errors = {name: row["CIEDE2000"] for name, row in ways.items()}
    assert errors["everything"] < errors["chroma in squares of 32"] < errors["colorized"] < errors["gray"]


def test_a_key_frame_helps_and_a_second_one_helps_more():
    results = read_results("15_key_frames")
    psnr = {name: row["PSNR of ab, dB"] for name, row in results["ways"].items()}
    assert psnr["hold"] < psnr["key frame: first"] < psnr["key frames: first and last"]
    assert psnr["automatic"] < psnr["key frame: first"] and results["new_ratio"] > 0
    assert all(of["wrong over automatic, dB, least of all clips"] for of in results["holds"].values())


def test_what_the_results_say_of_the_full_runs_and_the_claims():
    results = read_results("04_results")
    scores, verdicts = results["full_scores"], results["verdicts"]
    assert verdicts["Outputs are blurry"] == verdicts["Pixel match misleads"] == "holds"
    assert list(verdicts.values()).count("not tested at this scale") == 4 and "encoder hed" in results["scale"]
    ours = scores.pop("VGG16 chroma, beta 0.8")
    assert ours["mse"] < scores["baseline"]["mse"] < scores["gray"]["mse"] and ours["sharpness"] > 0.95
    for loop in ("chroma_warp_error", "fed_back"):
        assert ours[loop] < scores["baseline"][loop] - 0.03
    for name in set(scores) - {"gray", "baseline", "true"}:
        assert scores[name]["mse"] > scores["gray"]["mse"] and scores[name]["sharpness"] < 0.2, name


def test_the_pieces_buy_steadiness_and_a_little_truth():
    results = read_results("05_beyond_the_report")
    assert results["by_hand"] == [[30, 1], [18, 1.5], [10, 1.375]]
    rows = results["ablation"]
    assert set(rows) - {"other"} == {"gray", *VARIANTS, "true"}
    flicker = {name: row["chroma_warp_error_ratio"] for name, row in rows.items()}
    # What the notebook says of its table.
    assert flicker["offline"] < flicker["causal"] < flicker["no closed loop"] < flicker["per frame"]
    assert flicker["causal"] < flicker["no flow"] and flicker["causal"] < flicker["running average"]
    assert rows["running average"]["psnr_ab"] < rows["per frame"]["psnr_ab"]
    assert flicker["no confidence"] < 1.1 * flicker["causal"]
    for name in ("no confidence", "window 2", "window 4", "causal", "offline"):
        assert 0.15 < rows[name]["psnr"] - rows["per frame"]["psnr"] < 0.45, name
    for name in ("causal", "offline"):
        assert abs(rows[f"{name}, in turn"]["psnr"] - rows[name]["psnr"]) < 0.1, name  # "about as near"
    for name in ("causal", "offline"):
        assert rows[name]["colorfulness_ratio"] > 0.95 * rows["per frame"]["colorfulness_ratio"], name
    assert results["worst"] == min(results["gain_over_gray"], key=results["gain_over_gray"].get)


def assert_rows_are_sane(rows: dict[str, dict[str, float]], *, models: set[str]) -> None:
    assert set(rows) == {"gray", "baseline", "true"} | models
    assert rows["true"]["mse"] == 0
    assert rows["true"]["change"] > 0, "the clips stand still"
    # Black for white on every other pixel is 255^2 / 2, 3 dB; a network of a few steps comes near a half of that.
    for name in {"gray", "baseline"} | models:
        assert 0 < rows[name]["mse"] < 255**2 / 2, name
        assert 3 < rows[name]["psnr"] < rows["true"]["psnr"], name
    for name in models:
        assert 0 < rows[name]["change"] < 255**2 / 2, name


@each_notebook
def test_the_small_sizes_are_parameters_of_their_chapter(name):
    assert set(small_parameters(name)) <= set(defaults(name))
    assert set(yaml.safe_load(SIZES.read_text())) <= {"every", *COURSE}


def test_small_sizes_replace_values_alone():
    cell = "beta: float = 0.8  # weight\nname = None  # type: str|None, which\nout: str = 'a'  # where"
    changed = with_parameters(cell, {"beta": 1.0, "out": "b"})
    assert changed == cell.replace("0.8", "1.0").replace("'a'", "'b'")
    with pytest.raises(ValueError, match="betta"):
        with_parameters(cell, {"betta": 1.0})


def test_a_misspelt_parameter_is_an_error(tmp_path):
    papermill = pytest.importorskip("papermill")
    with pytest.raises(papermill.PapermillExecutionError, match="splitt"):
        papermill.execute_notebook(
            NOTEBOOKS / "04_results.ipynb",
            tmp_path / "out.ipynb",
            parameters={"splitt": "test"},
            cwd=NOTEBOOKS,
            progress_bar=False,
        )
