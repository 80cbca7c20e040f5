import json
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import SHARED_DATA
from tests.helpers.films import moving_disc
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.active_area import Area, find_active_area
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.stills.images import StillImage, write_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.demo import write_gray
from vidcolor_utils.tool.score import MEASURES, ROWS, score_candidates, score_files, score_frames
from vidcolor_utils.video.files import iter_rgb

TEMPORAL = ("cdc", "cdc_ratio", "warp_error", "chroma_warp_error", "chroma_warp_error_ratio")


def moving_clip(frames: int = 6, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """A smooth colour texture that moves two pixels to the right in each frame."""
    values = np.random.default_rng(0).random((height, width + 2 * frames, 3), np.float32)
    smooth = cv2.normalize(cv2.GaussianBlur(values, (0, 0), 2.5), None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)
    starts = range(2 * frames, 0, -2)
    return [np.ascontiguousarray(smooth[:, start : start + width]) for start in starts]


def with_red_flicker(frames: list[np.ndarray], amount: int = 30) -> list[np.ndarray]:
    return [cv2.add(frame, np.array([amount * (index % 2), 0, 0, 0], float)) for index, frame in enumerate(frames)]


def write_video(path: Path, frames: list[np.ndarray]) -> Path:
    """Write frames without loss."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=25, options={"qp": "0"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "rgb24"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_scores_are_json_and_every_row_has_every_measure():
    true = moving_clip()
    scores = score_frames(true, with_red_flicker(true))
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert scores["frames"] == 6
    assert scores["active_area"] is None
    assert scores["warnings"] == []
    assert tuple(scores["rows"]) == ROWS
    for row in scores["rows"].values():
        assert list(row) == list(MEASURES)
        assert all(type(value) is float for value in row.values())


def test_a_candidate_equal_to_the_truth_scores_as_the_true_row():
    rows = score_frames(moving_clip(), moving_clip())["rows"]
    assert rows["candidate"] == pytest.approx(rows["true"], abs=1e-6)
    exact = {"psnr": metrics.PSNR_CAP, "ssim": 1, "psnr_ab": metrics.PSNR_CAP, "pixel_match": 100}
    exact |= {"mae_ab": 0, "ciede2000": 0, "luma_mae": 0}
    exact |= {"colorfulness_ratio": 1, "cdc_ratio": 1, "chroma_warp_error_ratio": 1}
    assert {key: rows["true"][key] for key in exact} == pytest.approx(exact, abs=1e-6)


def test_the_gray_row_is_the_luma_of_the_truth():
    rows = score_frames(moving_clip(), moving_clip())["rows"]
    assert rows["gray"]["colorfulness"] == 0
    assert rows["gray"]["luma_mae"] < 0.2  # rounding to 8 bits
    assert rows["gray"]["chroma_warp_error"] < 0.02
    assert rows["gray"]["psnr"] < 30


def test_flicker_shows_in_the_chroma_warp_error_only_of_the_row_that_flickers():
    rows = score_frames(moving_clip(), with_red_flicker(moving_clip()))["rows"]
    assert rows["candidate"]["chroma_warp_error_ratio"] > 3
    assert rows["candidate"]["cdc_ratio"] > 2
    assert rows["true"]["chroma_warp_error"] < 2


def test_the_warp_error_follows_the_motion():
    frames = moving_clip()
    rows = score_frames(frames, frames)["rows"]
    standing = np.mean([np.square(a / 255.0 - b / 255.0).mean() for a, b in pairwise(frames)])
    assert rows["true"]["warp_error"] < 0.2 * standing


def test_a_given_gray_video_is_the_gray_row():
    true = moving_clip()
    gray = [np.full_like(frame, 128) for frame in true]
    row = score_frames(true, true, gray)["rows"]["gray"]
    assert row["psnr"] == pytest.approx(np.mean([metrics.psnr(a, b) for a, b in zip(true, gray, strict=True)]))


def test_of_a_gray_video_that_has_colours_the_luma_is_the_gray_row():
    assert score_frames(moving_clip(), moving_clip(), moving_clip())["rows"]["gray"]["colorfulness"] == 0


def test_psnr_is_the_mean_over_frames():
    black = np.zeros((16, 16, 3), np.uint8)
    rows = score_frames([black, black], [black + 10, black + 100])["rows"]
    expected = [metrics.psnr(black, black + value) for value in (10, 100)]
    assert rows["candidate"]["psnr"] == pytest.approx(np.mean(expected))


def test_only_the_area_counts():
    true = moving_clip()
    candidate = [frame.copy() for frame in true]
    for frame in candidate:
        frame[:8] = 0
    scores = score_frames(true, candidate, area=Area(8, 48, 0, 64))
    assert scores["active_area"] == [8, 48, 0, 64]
    assert scores["rows"]["candidate"]["pixel_match"] == 100


def test_frames_of_another_size_are_refused_with_both_sizes():
    with pytest.raises(InputError, match=r"32x24.*64x48"):
        score_frames(moving_clip(), moving_clip(height=24, width=32))


def test_videos_of_another_length_are_scored_as_far_as_both_go():
    scores = score_frames(moving_clip(6), moving_clip(6)[:4])
    assert scores["frames"] == 4
    (warning,) = scores["warnings"]
    assert warning == "numbers of frames differ (true 6, candidate 4): scored was what all have, the first 4"
    assert scores["rows"]["candidate"]["pixel_match"] == 100


def test_no_frames_are_refused():
    with pytest.raises(InputError, match="no frames"):
        score_frames([], [])


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 3)])
def test_tiny_frames_have_no_ssim_but_all_else(shape):
    frames = list(np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8))
    rows = score_frames(frames, frames)["rows"]
    assert rows["candidate"]["ssim"] is None
    assert rows["candidate"]["ciede2000"] == 0
    assert rows["candidate"]["cdc"] > 0


def test_memory_does_not_grow_with_length():
    most, given = 0, []

    def frames() -> Iterator[np.ndarray]:
        nonlocal most
        for index in range(60):
            frame = np.full((8, 8, 3), index, np.uint8)
            given.append(weakref.ref(frame))
            most = max(most, sum(reference() is not None for reference in given))
            yield frame

    assert score_frames(frames(), frames())["frames"] == 60
    assert most <= 10


def test_progress_counts_the_frames():
    seen = []
    score_frames(moving_clip(3), moving_clip(3), progress=lambda done, total: seen.append(done))
    assert seen == [1, 2, 3]


def test_files_are_scored_with_bars_left_out(tmp_path):
    true = [cv2.copyMakeBorder(frame, 10, 6, 4, 8, cv2.BORDER_CONSTANT) for frame in moving_clip()]
    candidate = [frame // 2 for frame in true]
    seen = []
    scores = score_files(
        write_video(tmp_path / "wahr und schön.mkv", true),
        write_video(tmp_path / "candidate.mkv", candidate),
        active_area=True,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert scores["active_area"] == [10, 58, 4, 68]
    inner = [(a[10:58, 4:68], b[10:58, 4:68]) for a, b in zip(true, candidate, strict=True)]
    assert scores["rows"]["candidate"]["psnr"] == pytest.approx(np.mean([metrics.psnr(a, b) for a, b in inner]))
    assert [done for done, _ in seen] == [1, 2, 3, 4, 5, 6]


def test_still_images_are_one_frame_without_temporal_measures(tmp_path):
    frame = moving_clip(1)[0]
    for name, picture in {"true.png": frame, "candidate.png": frame // 2}.items():
        Image.fromarray(picture).save(tmp_path / name)
    scores = score_files(tmp_path / "true.png", tmp_path / "candidate.png")
    assert scores["frames"] == 1
    for row in scores["rows"].values():
        assert {key for key, value in row.items() if value is None} == set(TEMPORAL)
    assert scores["rows"]["candidate"]["psnr"] == pytest.approx(metrics.psnr(frame, frame // 2))


def test_a_missing_candidate_is_reported_before_any_frame_is_scored(tmp_path):
    true = write_video(tmp_path / "true.mkv", moving_clip())
    seen = []
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mp4"):
        score_files(true, tmp_path / "nowhere.mp4", progress=lambda *counts: seen.append(counts))
    assert not seen


@pytest.mark.skipif(
    not (SHARED_DATA / "hiking").is_dir(), reason="needs the report's clips in ../shared/data/hiking"
)
@pytest.mark.parametrize(("clip", "match", "decibel"), [(1, 25.456, 22.5), (3, 24.716, 19.8), (5, 41.706, 21.6)])
def test_the_recorded_scores_of_the_official_baseline(clip, match, decibel):
    true, zhang = (SHARED_DATA / "hiking" / f"{name}_{clip}.mp4" for name in ("color", "colorized"))
    area = find_active_area(map(luma_from_rgb, iter_rgb(true)))
    matches, decibels = [], []
    for true_rgb, rgb in zip(iter_rgb(true), iter_rgb(zhang), strict=True):
        matches.append(metrics.pixel_match(true_rgb, rgb))
        decibels.append(metrics.psnr(area.cut(true_rgb), area.cut(rgb)))
    assert np.mean(matches) == pytest.approx(match, abs=0.01)
    assert np.mean(decibels) == pytest.approx(decibel, abs=0.05)


def test_several_candidates_have_the_rows_that_each_has_alone():
    true, films = moving_clip(), {"red": with_red_flicker(moving_clip()), "same": moving_clip()}
    rows = score_candidates(true, films)["rows"]
    assert list(rows) == ["gray", "red", "same", "true"]
    for name, frames in films.items():
        alone = score_frames(true, frames)["rows"]
        assert rows[name] == alone["candidate"] and rows["gray"] == alone["gray"] and rows["true"] == alone["true"]
    with pytest.raises(InputError, match="named gray"):
        score_candidates(true, {"gray": moving_clip()})


def test_doubtful_scores_are_said_to_be(make_video, tmp_path):
    true = make_video(size=(96, 128))
    other = make_video("other.mp4", size=(96, 128), times=[0, 5, 10, 15, 20, 25])
    assert score_files(true, true)["warnings"] == []
    (rates,) = [text for text in score_files(true, other)["warnings"] if "a second" in text]
    assert "true 25, candidate 20" in rates and "by their numbers" in rates
    black = [np.zeros((96, 128, 3), np.uint8)] * 6
    (luma,) = score_files(true, write_video(tmp_path / "black.mkv", black))["warnings"][-1:]
    assert "is it the same film?" in luma and "black.mkv" in luma
    gray = tmp_path / "gray.mp4"
    write_gray(true, gray)
    scores = score_files(gray, true)
    assert any("no truth to hold colours against" in text for text in scores["warnings"])
    assert {row["chroma_warp_error_ratio"] for row in scores["rows"].values()} == {None}


def test_frames_in_a_folder_score_as_those_of_the_film(make_video, tmp_path):
    film, folder = make_video(size=(96, 128), frames=11), tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(iter_rgb(film), start=1):
        write_image(folder / f"frame {number}.png", StillImage(frame, None))
    expected = score_files(film, film)["rows"]["candidate"]
    for frames in (folder, folder / "frame %d.png"):
        scores = score_files(film, frames)
        assert scores["frames"] == 11 and scores["rows"]["candidate"] == expected
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="without images"):
        score_files(film, tmp_path / "none")


def test_an_animation_scores_as_the_film_that_it_is(tmp_path):
    frames = [Image.fromarray(frame) for frame in moving_disc(5, 48, 64)]
    for name in ("true.webp", "true.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=40, lossless=True)
    rows = score_files(tmp_path / "true.webp", tmp_path / "true.webp", active_area=True)["rows"]
    assert rows["candidate"] == rows["true"] and rows["true"]["colorfulness"] > 5
    assert score_files(tmp_path / "true.gif", tmp_path / "true.webp")["frames"] == 5
