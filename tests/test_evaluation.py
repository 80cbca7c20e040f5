import shutil

import cv2
import numpy as np
import pytest

from vidcolor_utils.demo import write_gray
from vidcolor_utils.errors import InputError
from vidcolor_utils.evaluation import evaluate_clips, evaluate_photos, evaluate_single_frames


def test_evaluate_photos_compares_with_gray(colorizer, tmp_path):
    x = np.linspace(0, 255, 96).astype(np.uint8)
    photo = np.dstack([np.tile(x, (80, 1)), np.full((80, 96), 90, np.uint8), np.tile(x[::-1], (80, 1))])
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    scores = evaluate_photos(tmp_path, colorizer)
    assert scores["photos"] == 1
    assert scores["mae_ab_ratio"] == pytest.approx(scores["mae_ab"] / scores["mae_ab_gray"])
    assert 0 < scores["colorfulness_ratio"] < 3


def test_evaluate_clips_scores_pairs(make_video, colorizer, tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    true = folder / "color_1.mp4"
    shutil.move(make_video(size=(64, 96)), true)
    write_gray(true, folder / "bw_1.mp4")
    shutil.copy(true, folder / "colorized_1.mp4")
    record = evaluate_clips(folder, colorizer)
    rows = record["clips"]["1.mp4"]
    assert list(rows) == ["gray", "vidcolor", "other", "true"]
    assert rows["other"]["pixel_match"] == 100
    assert record["mean"]["true"]["colorfulness_ratio"] == 1
    assert record["luma_mae"]["1.mp4"] < 1


def test_evaluate_clips_needs_pairs(colorizer, tmp_path):
    with pytest.raises(InputError, match="no pairs"):
        evaluate_clips(tmp_path, colorizer)


def test_single_frames_are_scored_in_videos_with_colour(make_video, colorizer, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    shutil.move(make_video(size=(64, 96)), folder / "a.mp4")
    write_gray(folder / "a.mp4", folder / "b.mp4")
    record = evaluate_single_frames(folder, colorizer)
    assert list(record["clips"]) == ["a.mp4"]
    assert record["mean"]["gray"]["colorfulness_ratio"] == 0
    assert record["mean"]["candidate"]["chroma_warp_error_ratio"] > 0


def test_single_frames_need_colour(make_video, colorizer, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    write_gray(make_video(size=(64, 96)), folder / "b.mp4")
    with pytest.raises(InputError, match="no video with colour"):
        evaluate_single_frames(folder, colorizer)
