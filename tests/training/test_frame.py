"""Training the frame colorizer, on photographs made here, with networks small enough for a test."""

import csv
import json
import shutil

import cv2
import numpy as np
import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.training.config import FrameTrainConfig
from vidcolor_utils.training.run_folder import CHECKPOINT

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


def photographs(folder, count=6):
    rng = np.random.default_rng(0)
    for index in range(count):
        kind = folder / ("streets" if index % 2 else "rooms")
        kind.mkdir(parents=True, exist_ok=True)
        small = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        cv2.imwrite(str(kind / f"{index}.png"), cv2.resize(small, (140, 100), interpolation=cv2.INTER_CUBIC))
    return folder


@pytest.fixture(scope="module")
def small():
    """A frozen transformer without weights, networks of a few filters: seconds instead of hours."""
    from vidcolor_utils.models import frame_colorizer, meaning
    from vidcolor_utils.training import frame

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_colorizer, "DECODER_FILTERS", (8, 8, 8))
        patch.setattr(meaning, "DEPTH", 1)
        patch.setattr(frame, "open_tokens", lambda *_: fake_tokens)
        patch.setattr(frame, "load_encoder_weights", lambda *_: None)
        yield frame


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return photographs(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def finished(small, photos, tmp_path_factory):
    """The folder of a finished run, and its record."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    return folder, small.train_frame_colorizer([photos], [photos], folder, config())


def fake_tokens(lumas):
    cells = lumas[:, 7::14, 7::14]
    return np.repeat(cells, 768, axis=-1)


def config(**changes):
    lengths = {"meaning_epochs": 8, "decoder_epochs": 4, "epochs": 4}
    return FrameTrainConfig(**{"views": 1, "sides": (64,), "batch": 2, "wear": 0.0, **lengths, **changes})


def rows(folder):
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_training_learns_scores_and_is_exported(tmp_path, small, finished):
    run, record = finished
    assert record["photos"] == 6 and set(record["scores"]) == {"all", "rooms", "streets"}
    assert json.loads((run / "run.json").read_text())["scores"] == record["scores"]
    seen = record["train_scores"]["all"]  # the same photographs
    assert seen == pytest.approx(record["scores"]["all"], abs=1e-3)
    stages = [row["stage"] for row in rows(run)]
    assert list(dict.fromkeys(stages)) == ["meaning", "decoder", "everything"]
    (tmp_path / "out").mkdir()
    digests = small.export_weights(run, tmp_path / "out" / "a.safetensors")
    names = {path.name for path in digests}
    assert names == {"a.safetensors", "a.onnx", "a_meaning.safetensors", "a_meaning.onnx", "a_vit.onnx"}
    for path, digest in digests.items():
        assert path.with_name(f"{path.name}.sha256").read_text().split()[0] == digest


def test_what_is_remembered_is_scored_on_as_many_photographs_of_the_same_kinds(small):
    from vidcolor_utils.stills.photos import Photo

    photos = [Photo(kind, bytes([index])) for kind in ("rooms", "streets") for index in range(5)]
    chosen = small._alike(photos, [Photo("streets", b"")] * 3 + [Photo("animals", b"")])
    assert [photo.encoded[0] for photo in chosen] == [0, 2, 4] and {photo.kind for photo in chosen} == {"streets"}
    others = small._alike(photos, [Photo("animals", b"")] * 2)
    assert [photo.kind for photo in others] == ["rooms", "streets"]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, small, photos, monkeypatch):
    from vidcolor_utils.training import fit

    run = tmp_path / "run"
    learn, steps = fit._Run.learn, []

    def stops_soon(self, loss):
        if self.stage.name == "decoder" and self.step == 5:
            raise KeyboardInterrupt
        steps.append((self.stage.name, self.step))
        learn(self, loss)

    monkeypatch.setattr(fit, "MINUTES", 0)  # a checkpoint after every step
    monkeypatch.setattr(fit._Run, "learn", stops_soon)
    with pytest.raises(KeyboardInterrupt):
        small.train_frame_colorizer([photos], [photos], run, config())
    before = list(steps)
    monkeypatch.setattr(
        fit._Run, "learn", lambda self, loss: (steps.append((self.stage.name, self.step)), learn(self, loss))[1]
    )
    small.train_frame_colorizer([photos], [photos], run, config())
    assert steps[len(before)] == ("decoder", 5)
    assert len(steps) == len(set(steps))


def test_a_run_that_goes_on_keeps_its_transformer(tmp_path, small, photos):
    begun = tmp_path / "begun.onnx"
    short = config(vit=str(begun), meaning_epochs=1, decoder_epochs=0, epochs=0)
    begun.write_bytes(b"the first")
    small.train_frame_colorizer([photos], [photos], tmp_path / "run", short)
    begun.write_bytes(b"what ships by then")
    small.train_frame_colorizer([photos], [photos], tmp_path / "run", short)
    assert (tmp_path / "run" / small.VIT).read_bytes() == b"the first"


def test_a_run_with_other_parameters_is_refused(small, photos, finished):
    with pytest.raises(InputError, match="other parameters"):
        small.train_frame_colorizer([photos], [photos], finished[0], config(seed=1))


def test_a_run_can_start_from_the_weights_of_another(tmp_path, small, finished):
    run = shutil.copytree(finished[0], tmp_path / "run")
    checkpoint = torch.load(run / CHECKPOINT, weights_only=True)
    checkpoint["averages"]["frame.parts.decoder0_bn.running_var"] += 3e5  # as large as a real one, beyond 16 bits
    torch.save(checkpoint, run / CHECKPOINT)
    weights = tmp_path / "a.safetensors"
    small.export_weights(run, weights)
    trainee, begun = small.new_trainee(), small.new_trainee(weights)
    trainee.load_state_dict(small.load_averages(run))
    for name, value in trainee.state_dict().items():
        stored = begun.state_dict()[name].float()
        assert (stored - value.float()).abs().max() <= 0.02 * max(value.abs().max().item(), 1e-3), name


def test_where_tokens_are_read_at_once_the_transformer_learns_along(tmp_path, small, photos, monkeypatch):
    from vidcolor_utils.models import vit
    from vidcolor_utils.training import fit, live

    monkeypatch.setattr(vit, "DEPTH", 2)
    monkeypatch.setattr(vit, "MIDDLE", 1)
    monkeypatch.setattr(live, "AHEAD", 1)
    monkeypatch.setattr(fit, "WARM_UP", 1)
    monkeypatch.setattr(small, "reads_at_once", lambda _: True)
    begun = tmp_path / "begun.onnx"
    vit.store_vit(vit.build_vit(), begun)
    kernels = {}
    for rate in (0.0, 1.0):
        run, output = tmp_path / f"run{rate}", tmp_path / f"{rate}.safetensors"
        changes = {"meaning_epochs": 0, "decoder_epochs": 0, "epochs": 1, "vit_rate": rate, "vit": str(begun)}
        record = small.train_frame_colorizer([photos], [photos], run, config(**changes))
        assert record["device"] == "cpu" and not (run / "views/0").exists()
        digests = small.export_weights(run, output)
        kernels[rate] = vit.load_vit(tmp_path / f"{rate}_vit.onnx").get_layer("block2_hidden").kernel.numpy()
        assert (digests[tmp_path / f"{rate}_vit.onnx"] == file_sha256(begun)) == (rate == 0)
    assert np.abs(kernels[0.0] - kernels[1.0]).max() > 1e-4
    monkeypatch.setattr(small, "reads_at_once", lambda _: False)
    with pytest.raises(InputError, match="begun on another kind of device"):
        small.train_frame_colorizer([photos], [photos], tmp_path / "run0.0", config(**changes | {"vit_rate": 0.0}))


def test_on_a_processor_the_transformer_cannot_learn(tmp_path, small):
    with pytest.raises(InputError, match="on a GPU only"):
        small.train_frame_colorizer([tmp_path], [tmp_path], tmp_path / "run", config(vit_rate=0.1), "cpu")


def test_a_folder_that_is_no_run_cannot_be_exported(tmp_path, small):
    with pytest.raises(InputError, match="not the folder of a training run"):
        small.export_weights(tmp_path, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="safetensors"):
        small.export_weights(tmp_path, tmp_path / "a.onnx")
