from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from records.quality.compare import compare_methods, paired_films, prepared_films
from vidcolor_utils.pairs.sources import rendered_clips
from vidcolor_utils.video.writer import VideoWriter


class Bluish:
    """Predicts one colour everywhere."""

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        return np.tile(np.array([2.0, -9.0], np.float32), (len(lumas), 8, 8, 1))


def write_video(path: Path, frames: np.ndarray) -> None:
    with VideoWriter(path, frames.shape[1:3], rate=10) as writer:
        for number, frame in enumerate(frames):
            writer.write_rgb(frame, number)


def test_all_rows_are_scored_on_the_middle_of_the_frames(tmp_path: Path):
    ((name, film),) = prepared_films(rendered_clips(1, frames=3))
    seen = []

    def network(baseline: np.ndarray) -> np.ndarray:
        seen.append(baseline.shape)
        return np.zeros_like(baseline)

    record = compare_methods({"mine": [(name, film)]}, Bluish(), {"black": network}, tmp_path / "out.json")
    assert record == json.loads((tmp_path / "out.json").read_text())
    rows = record["groups"]["mine"]["clips"][name]
    assert list(rows) == ["gray", "per frame", "black", "causal", "offline", "true"]
    assert seen == [(3, 128, 128, 3)]
    assert rows["black"]["psnr"] < rows["gray"]["psnr"] < rows["true"]["psnr"]
    assert rows["per frame"]["colorfulness"] > 0 == rows["black"]["colorfulness"]
    assert rows["per frame"]["luma_mae"] < 0.5
    # One colour everywhere stays what it is when it is made steady.
    assert abs(rows["causal"]["psnr"] - rows["per frame"]["psnr"]) < 0.05
    assert list(record["groups"]["mine"]["mean"]) == list(rows)


def test_pairs_bring_the_other_method(tmp_path: Path):
    true = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3)).astype(np.uint8)
    for kind in ("bw", "color", "colorized"):
        write_video(tmp_path / f"{kind}_one.mp4", true)
    ((name, film),) = paired_films(tmp_path)
    assert name == "one"
    assert film.true.shape == film.other.shape == (2, 256, 256, 3)
    assert film.gray.shape == (2, 256, 256)
