"""Training the network that cleans key frames' colours."""

import cv2
import numpy as np
import pytest

from vidcolor_utils.pairs.synthetic import render_clip

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        rgb = render_clip(seed, frames=1, size=(160, 200))[0]
        cv2.imwrite(str(folder / f"{seed}.png"), rgb[..., ::-1])
    return folder


def test_it_learns_and_what_it_learned_is_what_is_written(tmp_path, photos):
    from vidcolor_utils.colorizers.networks import load_network
    from vidcolor_utils.system.files import file_sha256
    from vidcolor_utils.training.config import KeyTrainConfig
    from vidcolor_utils.training.keys.damage import batch_of, views_of
    from vidcolor_utils.training.keys.fit import train_cleaner

    output = tmp_path / "key_colors.onnx"
    config = KeyTrainConfig(steps=60, batch=8, ema=0.9)
    record = train_cleaner([photos], [], output, config)
    assert record["gain_db"] > 0.05
    assert record["sha256"] == file_sha256(output) and (tmp_path / "key_colors.onnx.sha256").is_file()
    assert (record["photos"], record["frames"]) == (3, 0)
    planes, true = batch_of(list(views_of(render_clip(7, frames=1, size=(160, 200))[0], np.random.default_rng(0))))
    made = load_network(output)(planes)
    assert np.square(made - true).mean() < np.square(planes[..., 2:] - true).mean()


def test_pictures_that_are_too_small_are_refused_in_a_line(tmp_path):
    from vidcolor_utils.system.errors import InputError
    from vidcolor_utils.training.config import KeyTrainConfig
    from vidcolor_utils.training.keys.fit import train_cleaner

    cv2.imwrite(str(tmp_path / "small.png"), np.full((70, 70, 3), 90, np.uint8))
    with pytest.raises(InputError, match="too small"):
        train_cleaner([tmp_path], [], tmp_path / "key_colors.onnx", KeyTrainConfig(steps=1))
    assert not (tmp_path / "key_colors.onnx").exists()


def test_an_interrupted_training_goes_on_where_it_was(tmp_path, photos, monkeypatch):
    from vidcolor_utils.system.errors import InputError
    from vidcolor_utils.training.config import KeyTrainConfig
    from vidcolor_utils.training.keys import fit, progress

    monkeypatch.setattr(progress, "MINUTES", 0)
    monkeypatch.setattr(fit, "SAID", 2)
    output, config, said = tmp_path / "key_colors.onnx", KeyTrainConfig(steps=6, batch=2), []

    def interrupt(step, gain):
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit.train_cleaner([photos], [], output, config, interrupt)
    checkpoint = tmp_path / "key_colors.onnx.checkpoint.pt"
    assert sorted(tmp_path.iterdir()) == [checkpoint, photos]
    with pytest.raises(InputError, match="other parameters or data"):
        fit.train_cleaner([photos], [], output, KeyTrainConfig(steps=7, batch=2))
    fit.train_cleaner([photos], [], output, config, lambda step, gain: said.append(step))
    assert said == [6] and output.is_file() and not checkpoint.exists()
