from __future__ import annotations

from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.runs import full_name


def test_full_names():
    assert full_name(ReportTrainConfig(model="vgg16", beta=1.0)) == "VGG16, beta 1"
    assert full_name(ReportTrainConfig(model="vgg16", encoder_weights=None)) == "VGG16 random, beta 0.8"
    assert full_name(ReportTrainConfig(model="vgg16", output="chroma")) == "VGG16 chroma, beta 0.8"
