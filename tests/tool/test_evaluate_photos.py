import cv2
import numpy as np
import pytest

from vidcolor_utils.tool.evaluate_photos import evaluate_photos


def test_evaluate_photos_compares_with_gray(colorizer, tmp_path):
    x = np.linspace(0, 255, 96).astype(np.uint8)
    photo = np.dstack([np.tile(x, (80, 1)), np.full((80, 96), 90, np.uint8), np.tile(x[::-1], (80, 1))])
    for name in ("vivid/a.png", "vivid/b.png", "gray/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(
            str(tmp_path / name), photo if "vivid" in name else np.full((80, 96, 3), (89, 90, 91), np.uint8)
        )
    scores = evaluate_photos(tmp_path, colorizer)
    assert scores["photos"] == 3
    assert scores["mae_ab_ratio"] == pytest.approx(scores["mae_ab"] / scores["mae_ab_gray"])
    assert 0 < scores["colorfulness_ratio"] < 3 and 0 < scores["chroma_ratio"] < 3
    kinds = scores["kinds"]
    assert {kind: of["photos"] for kind, of in kinds.items()} == {"vivid": 2, "gray": 1}
    assert scores["worse_than_gray"] == sum(of["worse_than_gray"] for of in kinds.values())
    assert kinds["gray"]["mae_ab_ratio"] > kinds["vivid"]["mae_ab_ratio"]
