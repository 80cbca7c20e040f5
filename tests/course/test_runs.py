from __future__ import annotations

import dataclasses
import json

import pytest

from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.runs import finished_runs, full_name
from vidcolor_utils.system.errors import InputError


def test_full_names():
    assert full_name(ReportTrainConfig(model="vgg16", beta=1.0)) == "VGG16, beta 1"
    assert full_name(ReportTrainConfig(model="vgg16", encoder_weights=None)) == "VGG16 random, beta 0.8"
    assert full_name(ReportTrainConfig(model="vgg16", output="chroma")) == "VGG16 chroma, beta 0.8"
    assert full_name(ReportTrainConfig(model="vgg16", output="cbcr")) == "VGG16 cbcr, beta 0.8"


def test_runs_that_have_one_name_are_told(tmp_path):
    for name, seed in (("first", 0), ("second", 1)):
        (tmp_path / name).mkdir()
        config = dataclasses.asdict(ReportTrainConfig(model="alexnet", seed=seed))
        (tmp_path / name / "run.json").write_text(json.dumps({"config": config}))
    with pytest.raises(InputError, match=r"second: is called AlexNet, beta 0\.8, as first is"):
        finished_runs(tmp_path)
