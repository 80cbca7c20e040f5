import shutil
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tests.helpers.films import moving_disc
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.demo import write_gray
from vidcolor_utils.tool.evaluate import evaluate_clips, evaluate_films
from vidcolor_utils.video.writer import VideoWriter


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


def test_all_rows_of_a_clip_are_of_the_frames_that_all_have(make_video, colorizer, tmp_path):
    true = tmp_path / "color_1.mp4"
    shutil.move(make_video(size=(64, 96), frames=8), true)
    write_gray(true, tmp_path / "bw_1.mp4")
    whole = evaluate_clips(tmp_path, colorizer)
    shutil.move(make_video(size=(64, 96), frames=5), tmp_path / "colorized_1.mp4")
    record = evaluate_clips(tmp_path, colorizer)
    (told,) = record["warnings"]["1.mp4"]
    assert "other 5" in told and "warnings" not in whole
    assert record["clips"]["1.mp4"]["vidcolor"] != whole["clips"]["1.mp4"]["vidcolor"]


def test_evaluate_clips_needs_pairs(colorizer, tmp_path):
    with pytest.raises(InputError, match="no pairs"):
        evaluate_clips(tmp_path, colorizer)


def test_films_with_colour_are_coloured_from_their_luma(make_video, colorizer, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    shutil.move(make_video(size=(64, 96)), folder / "a.mp4")
    write_gray(folder / "a.mp4", folder / "b.mp4")
    (folder / "._a.mp4").write_bytes(b"what macOS lays beside a film")
    record = evaluate_films(folder, colorizer)
    assert list(record["clips"]) == ["a.mp4"] and list(record["clips"]["a.mp4"]) == ["gray", "vidcolor", "true"]
    assert record["mean"]["gray"]["colorfulness_ratio"] == 0
    assert record["mean"]["vidcolor"]["chroma_warp_error_ratio"] > 0


def test_what_never_moves_has_no_ratio_of_motion(colorizer, tmp_path):
    photo = np.tile(np.linspace(40, 220, 96).astype(np.uint8)[:, None], (64, 1, 3)) // np.uint8([1, 2, 3])
    (tmp_path / "videos").mkdir()
    with VideoWriter(tmp_path / "videos" / "one.mp4", (64, 96), rate=Fraction(25)) as writer:
        writer.write_rgb(np.ascontiguousarray(photo), 0)
    mean = evaluate_films(tmp_path / "videos", colorizer)["mean"]
    assert mean["vidcolor"]["cdc_ratio"] is None and mean["vidcolor"]["colorfulness_ratio"] > 0


def test_films_need_colour(make_video, colorizer, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    write_gray(make_video(size=(64, 96)), folder / "b.mp4")
    with pytest.raises(InputError, match="no video with colour"):
        evaluate_films(folder, colorizer)


def test_a_film_that_begins_black_has_colour_and_what_is_passed_over_is_said(
    make_video, colorizer, tmp_path, caplog
):
    with VideoWriter(tmp_path / "fade.mp4", (64, 96), rate=25) as writer:
        for number, rgb in enumerate(moving_disc(24, 64, 96)):
            writer.write_rgb(rgb * (number > 11), number)
    write_gray(tmp_path / "fade.mp4", tmp_path / "gray.mp4")
    (tmp_path / "notes.txt").write_text("no film")
    cv2.imwrite(str(tmp_path / "photo.jpg"), moving_disc(1, 64, 96)[0])
    assert list(evaluate_films(tmp_path, colorizer)["clips"]) == ["fade.mp4"]
    told = sorted(record.getMessage().removeprefix(f"{tmp_path}/") for record in caplog.records)
    assert told == [
        "gray.mp4: passed over: it has no colour",
        "notes.txt: passed over: by its name it is no video",
        "photo.jpg: passed over: by its name it is no video",
    ]


def test_a_film_that_cannot_be_read_costs_no_other_one(make_video, colorizer, tmp_path, caplog):
    folder = tmp_path / "videos"
    folder.mkdir()
    film = make_video("videos/good.mp4", size=(64, 96)).read_bytes()
    (folder / "cut.mp4").write_bytes(film[: len(film) // 2])
    (folder / "empty.mp4").touch()
    assert list(evaluate_films(folder, colorizer)["clips"]) == ["good.mp4"]
    assert caplog.text.count("passed over: ") == 2
    (folder / "good.mp4").unlink()
    with pytest.raises(InputError, match="no video with colour in it"):
        evaluate_films(folder, colorizer)


def test_sizes_are_compared_before_any_work(make_video, tmp_path):
    for name in ("1", "2"):
        shutil.move(make_video(size=(64, 96)), tmp_path / f"color_{name}.mp4")
        write_gray(tmp_path / f"color_{name}.mp4", tmp_path / f"bw_{name}.mp4")
    shutil.move(make_video(size=(48, 64)), tmp_path / "bw_2.mp4")
    with pytest.raises(InputError, match=r"bw_2\.mp4: is 64x48, and .*color_2\.mp4 96x64"):
        evaluate_clips(tmp_path, None)


@pytest.mark.parametrize("evaluated", [evaluate_clips, evaluate_films])
def test_a_folder_that_is_not_there_is_named(evaluated, tmp_path):
    (tmp_path / "film.mp4").touch()
    for name in ("none", "film.mp4"):
        with pytest.raises(InputError, match=f"{name}: no such folder"):
            evaluated(tmp_path / name, None)
