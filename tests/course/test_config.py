from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.clips import prepare_rendered
from tests.helpers.runs import TINY
from vidcolor_utils.course.config import ReportTrainConfig, build_model, compile_model, make_pairs
from vidcolor_utils.pairs.store import ClipStore


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_rendered(tmp_path_factory, frames=4)


def test_momentum_follows_the_length_of_the_training():
    momentum = {
        steps: build_model(TINY, steps=steps).get_layer("bn1").momentum for steps in (4, 100, 100_000, None)
    }
    assert momentum == {4: 0.5, 100: 0.9, 100_000: 0.99, None: 0.99}


@pytest.mark.parametrize(
    "options",
    [
        {"output": "chroma", "window": 2, "masked": True, "motion_compensated": True, "mixed_precision": True},
        {"as_published": True, "second_crop": True, "shuffle_frames": True},
    ],
    ids=["cures", "published defects"],
)
def test_options_of_the_ablations_take_a_step(clips: Path, options: dict):
    config = dataclasses.replace(TINY, schedule="constant", **options)  # a warm-up's first step is of size 0
    batches = make_pairs(config, ClipStore(clips), "train")
    keras.utils.set_random_seed(0)  # some first weights leave the open ReLU at zero, without gradient
    model = build_model(config)
    compile_model(model, config, steps=2)
    model.run_eagerly = True  # one step is not worth a graph
    head = model.get_layer("head").get_weights()[0].copy()
    loss, *_ = model.train_on_batch(*batches[0])
    assert np.isfinite(loss) and loss > 0
    assert (model.get_layer("head").get_weights()[0] != head).any()
    assert model.get_layer("conv1").compute_dtype == ("bfloat16" if config.mixed_precision else "float32")
    assert keras.config.dtype_policy().name == "float32"  # the precision was the run's alone


def test_clips_limits_the_training_clips_only(clips: Path):
    config = dataclasses.replace(TINY, clips=1)
    store = ClipStore(clips)
    assert make_pairs(config, store, "train").names == store.names("train")[:1]
    assert make_pairs(config, store, "dev").names == store.names("dev")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "resnet"},
        {"schedule": "step"},
        {"beta": 1.4},
        {"epochs": 0},
        {"flicker": -1.0},
        {"sample_every": -1},
        {"run_length": 0},
        {"batch_clips": 0},
        {"clips": 0},
        {"epoch_runs": 1},
        {"learning_rate": -1.0},
        {"window": 0},
        {"width": -3},
        {"output": "xyz"},
        {"seed": -5},
        {"masked": "no"},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict):
    with pytest.raises(ValueError, match="Received"):
        ReportTrainConfig(**wrong)
