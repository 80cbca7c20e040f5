from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


@pytest.fixture
def run(tmp_path):
    from vidcolor_utils.training.batches import KeptViews
    from vidcolor_utils.training.config import FrameTrainConfig, Stage
    from vidcolor_utils.training.fit import _Run

    class Photographs(NamedTuple):
        kinds: list[str]

    class Small(torch.nn.Module):
        device = torch.device("cpu")

        def __init__(self):
            super().__init__()
            self.meaning = torch.nn.ModuleDict({"parts": torch.nn.ModuleDict({"narrow": torch.nn.Linear(1, 1)})})
            self.frame = torch.nn.ModuleDict({"parts": torch.nn.ModuleDict({"head": torch.nn.Linear(1, 1)})})

    begun = _Run(Small(), FrameTrainConfig(learning_rate=0.1), tmp_path)
    begun.enter(
        0, Stage("decoder", 100.0, {"decoder": 1.0}, (96,)), KeptViews([Photographs(["a"] * 320)], 32, 1.0)
    )
    return begun


def parameters(run):
    return {name: value.detach().clone() for name, value in run.trainee.named_parameters()}


def test_only_the_parts_of_a_stage_learn_and_averages_follow(run):
    before = parameters(run)
    for _ in range(3):
        head = run.trainee.frame["parts"]["head"]
        run.learn((head(torch.ones(1, 1)) - 5).square().sum())
    after = parameters(run)
    changed = {name for name in before if (before[name] != after[name]).any()}
    assert changed == {"frame.parts.head.weight", "frame.parts.head.bias"}
    name = "frame.parts.head.bias"
    average = run._averages[name]
    assert before[name].item() < average.item() < after[name].item()


def test_the_rate_grows_and_falls_to_nothing(run):
    assert run.steps == 1000
    rates = []
    for run.step in (0, 75, 400, 599, 850, 999):
        rates.append(run._schedule())
    assert rates[0] < rates[1] < rates[2] == rates[3] == 1 > rates[4] > rates[5] > 0


@pytest.mark.parametrize("kept", [True, False])
def test_batch_statistics_stay_if_asked_to(tmp_path, kept):
    from vidcolor_utils.training.config import FrameTrainConfig, Stage
    from vidcolor_utils.training.fit import _Run

    norm = torch.nn.BatchNorm2d(1)
    trainee = torch.nn.ModuleDict({"frame": torch.nn.ModuleDict({"parts": torch.nn.ModuleDict({"head": norm})})})
    trainee.device = torch.device("cpu")
    run = _Run(trainee, FrameTrainConfig(keep_statistics=kept, start_from="frame.safetensors"), tmp_path)
    run._learn_only(Stage("everything", 1.0, {"decoder": 1.0}, (96,)).rates)
    norm(torch.randn(8, 1, 4, 4) + 5)
    assert (norm.running_mean.item() == 0) == kept and norm.weight.requires_grad
