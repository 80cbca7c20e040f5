"""What a checkpoint keeps of a training of the network that cleans key frames' colours."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


@pytest.fixture
def begin(tmp_path):
    from vidcolor_utils.training.config import KeyTrainConfig
    from vidcolor_utils.training.keys.network import Cleaner
    from vidcolor_utils.training.keys.progress import Progress

    return lambda **identity: Progress(Cleaner(), KeyTrainConfig(), tmp_path / "key_colors.onnx", identity)


def test_a_checkpoint_brings_back_weights_averages_steps_gains_and_seconds(begin):
    first = begin(steps=5)
    first.averages = {name: value + 1 for name, value in first.averages.items()}
    first.stepped(0.5)
    first.save()
    second = begin(steps=5)
    for kept, found in (
        (first.network.state_dict(), second.network.state_dict()),
        (first.averages, second.averages),
    ):
        assert all(torch.equal(kept[name], found[name]) for name in kept)
    assert (second.step, second.gains) == (1, [0.5]) and second.seconds > 0
    second.remove()
    assert not second.path.exists() and begin(steps=5).step == 0


def test_a_checkpoint_of_another_training_or_of_none_is_refused(begin):
    from vidcolor_utils.system.errors import InputError

    first = begin(steps=5)
    first.save()
    with pytest.raises(InputError, match="other parameters or data: remove it"):
        begin(steps=6)
    for held in (b"", b"no checkpoint", first.path.read_bytes()[:200]):
        first.path.write_bytes(held)
        with pytest.raises(InputError, match="not the checkpoint of a training: remove it"):
            begin(steps=5)
