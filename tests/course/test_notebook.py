import json

import pytest

from vidcolor_utils.course.notebook import check_parameters, write_results
from vidcolor_utils.system.errors import InputError

DECLARED = ("beta", "epochs", "masked", "folder")
ANNOTATIONS = {"beta": float, "epochs": int, "masked": bool, "folder": str | None}


def notebook(**changes):
    """What `globals()` holds after the imports and the parameters cell, in IPython."""
    ipython = {"In": [""], "Out": {}, "_i1": "import json", "__name__": "__main__", "json": json, "open": open}
    values = {"beta": 0.8, "epochs": 2, "masked": False, "folder": None}
    return ipython | {"__annotations__": ANNOTATIONS} | values | changes


def test_declared_parameters_pass():
    check_parameters(notebook(), DECLARED)
    check_parameters(notebook(beta=1, folder="clips"), DECLARED)  # whole numbers are fine as float


@pytest.mark.parametrize("value", [0.8, 1, True, "x", None, [1], {"a": 1}])
def test_misspelt_parameter_is_named(value):
    with pytest.raises(InputError, match="no parameter is named bta: this notebook has beta, epochs"):
        check_parameters(notebook(bta=value), DECLARED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": "0.8"}, "parameter beta must be float. Received: '0.8'"),
        ({"epochs": 2.5}, "parameter epochs must be int. Received: 2.5"),
        ({"epochs": True}, "parameter epochs must be int. Received: True"),
        ({"masked": "true"}, "parameter masked must be bool. Received: 'true'"),  # what papermill -p gives
        ({"masked": 1}, "parameter masked must be bool. Received: 1"),
        ({"folder": 3}, "parameter folder must be str or None. Received: 3"),
    ],
)
def test_wrong_type_is_named(changes, message):
    with pytest.raises(InputError) as caught:
        check_parameters(notebook(**changes), DECLARED)
    assert str(caught.value) == message


def test_parameters_cell_must_have_run():
    namespace = notebook()
    del namespace["epochs"]
    with pytest.raises(InputError, match="no parameter named epochs: run the parameters cell first"):
        check_parameters(namespace, DECLARED)


def test_cells_can_be_run_again():
    namespace = notebook()
    check_parameters(namespace, DECLARED)
    namespace["share"] = 0.4  # defined by a later cell
    check_parameters(namespace, DECLARED)
    namespace["epochs"] = "many"
    with pytest.raises(InputError, match="epochs must be int"):
        check_parameters(namespace, DECLARED)


def test_parameters_without_annotation_may_be_anything():
    namespace = notebook(beta="x")
    del namespace["__annotations__"]
    check_parameters(namespace, DECLARED)


def test_results_hold_parameters_and_numbers(tmp_path):
    namespace = notebook(epochs=7)
    check_parameters(namespace, DECLARED)
    path = write_results(tmp_path / "new" / "folder", "02_loss_design", namespace, loss=1.5, split={"dev": ["a"]})
    assert path == tmp_path / "new" / "folder" / "02_loss_design.json"
    assert json.loads(path.read_text()) == {
        "parameters": {"beta": 0.8, "epochs": 7, "masked": False, "folder": None},
        "loss": 1.5,
        "split": {"dev": ["a"]},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "parameter epochs must be at least 1. Received: 0"),
        ({"counts": [4, 0]}, "parameter counts must hold numbers of at least 1. Received: [4, 0]"),
        ({"counts": []}, "parameter counts must hold numbers of at least 1. Received: []"),
        ({"counts": ["4"]}, "parameter counts must hold numbers of at least 1. Received: ['4']"),
    ],
)
def test_what_is_too_small_is_named(changes, message):
    least = {"epochs": 1, "counts": 1}
    check_parameters(notebook(counts=[1, 2]), (*DECLARED, "counts"), least=least)
    with pytest.raises(InputError) as caught:
        check_parameters(notebook(counts=[1, 2]) | changes, (*DECLARED, "counts"), least=least)
    assert str(caught.value) == message
