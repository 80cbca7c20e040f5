import sys

import pytest

from tests.helpers.command import fails_in_one_line, run_vidcolor
from vidcolor_utils.cli import main
from vidcolor_utils.training.run_folder import CHECKPOINT


def test_help_shows_the_options_of_the_configuration_without_keras():
    shown = run_vidcolor("train", "frame", "--help").stdout
    assert "--encoder-rate" in shown and "0<=x<=1" in shown.replace(" ", "")


def test_a_value_that_cannot_be_is_one_line_before_any_file(tmp_path):
    words = ("train", "frame", "--images", tmp_path, "--val-images", tmp_path, "-o", tmp_path / "run")
    assert fails_in_one_line(run_vidcolor(*words, "--wear", "2"), 2)
    assert not (tmp_path / "run").exists()


def test_nothing_to_export_is_one_line(tmp_path):
    made = run_vidcolor("export", tmp_path, "-o", tmp_path / "frame.safetensors")
    assert fails_in_one_line(made, 2) and not (tmp_path / "frame.safetensors").exists()


def test_without_pytorch_training_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "vidcolor_utils.training.frame", raising=False)
    (tmp_path / CHECKPOINT).touch()
    words = ["vidcolor", "export", str(tmp_path), "-o", str(tmp_path / "a.safetensors")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and "pip install torch" in capsys.readouterr().err
