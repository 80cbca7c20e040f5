"""The sweep behind 02; nothing is trained here, each training hands back what it was given."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from records.quality import losses
from tests.helpers.clips import prepare_rendered
from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[ReportTrainConfig]:
    """The configurations that were trained."""
    asked: list[ReportTrainConfig] = []

    def untouched(store: ClipStore, config: ReportTrainConfig) -> list[np.ndarray]:
        asked.append(config)
        return [store.read(name).baseline for name in store.names("dev")]

    monkeypatch.setattr(losses, "_train", untouched)
    return asked


def test_a_sweep_goes_on_with_what_is_missing_and_scores_all_on_the_same_pixels(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, trained: list[ReportTrainConfig]
):
    clips, work, output = prepare_rendered(tmp_path_factory, frames=6), tmp_path / "work", tmp_path / "losses"
    losses.record_losses(clips, work, output, seeds=1)
    variants = losses.PLAIN | losses.BOXED
    assert [config.seed for config in trained] == [0] * len(variants)
    assert [config.beta for config in trained[:5]] == [1.0, 0.8, 0.5, 0.2, 0.0]
    record = losses.record_losses(clips, work, output, seeds=2)
    assert [config.seed for config in trained] == [0] * len(variants) + [1] * len(variants)
    assert record == json.loads((output / losses.RECORD).read_text())
    assert {name: len(runs) for name, runs in record["runs"].items()} == dict.fromkeys(variants, 2)
    store = ClipStore(clips)
    true, sepia = store.read(store.names("dev")[0])
    error = float(np.square(np.subtract(true, sepia, dtype=np.float32)).mean())
    assert record["runs"]["shuffle"][0]["mse"] == pytest.approx(error)
    whole, cropped = record["runs"]["masked loss"][0], record["runs"]["centre crop"][0]
    assert whole["mse_of_black"] == pytest.approx(cropped["mse_of_black"], rel=0.02)  # the same part of the frame
    assert whole["brightness"] == pytest.approx(1, abs=0.05)  # gray is as bright as the truth
    for picture, names in losses.PICTURES.items():
        assert read_image(output / f"{picture}.png").rgb.shape[1] >= 128 * (1 + len(names))
        (output / f"{picture}.png").write_bytes(b"as it was")
    assert losses.record_losses(clips, tmp_path / "fresh", output, seeds=2) == record  # its frames are not there
    assert {(output / f"{picture}.png").read_bytes() for picture in losses.PICTURES} == {b"as it was"}
    other = tmp_path / "other"
    shutil.copytree(clips, other)
    (other / MANIFEST).write_text((other / MANIFEST).read_text() + "\n")
    with pytest.raises(InputError, match=r"other settings \(manifest\)"):
        losses.record_losses(other, work, output, seeds=2)
    with pytest.raises(InputError, match=r"other settings \(epochs\)"):
        losses.record_losses(clips, work, output, base=dataclasses.replace(losses.BASE, epochs=1))


def test_other_clips_and_longer_ones_are_refused(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clips, path = prepare_rendered(tmp_path_factory, frames=6), tmp_path / losses.RECORD
    config, names = (
        dataclasses.asdict(losses.BASE),
        {split: ClipStore(clips).names(split) for split in ("train", "dev")},
    )
    record = {"config": config, "frames": losses.FRAMES, "bars": losses.BARS, "clips": names, "runs": {}}
    path.write_text(json.dumps({**record, "clips": {**names, "dev": ["another"]}}))
    with pytest.raises(InputError, match=r"other settings \(dev\)"):
        losses.record_losses(clips, tmp_path / "work", tmp_path)
    path.write_text(json.dumps(record))
    monkeypatch.setattr(losses, "FRAMES", losses.FRAMES + 1)
    with pytest.raises(InputError, match=r"other settings \(frames\)"):
        losses.record_losses(clips, tmp_path / "work", tmp_path)
