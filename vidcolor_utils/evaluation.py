"""Score the shipped colorizer on held-out photographs and on pairs of gray and true clips, in one recorded run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils import metrics
from vidcolor_utils.active_area import find_active_area
from vidcolor_utils.chroma import with_chroma
from vidcolor_utils.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import FrameColorizer, colorize_frames, predict_full_size
from vidcolor_utils.errors import InputError
from vidcolor_utils.film import Progress
from vidcolor_utils.photos import read_photos
from vidcolor_utils.scoring import RATIOS, score_files, score_frames
from vidcolor_utils.video_io import iter_rgb

GRAY, TRUE, OTHER = "bw_", "color_", "colorized_"  # how the files of a clip begin
LOOKED_AT = 24  # frames of a clip, in `evaluate_single_frames`
SMALL_SIDE = 160  # short side in pixels to which it shrinks them
COLORLESS = 2.0  # colourfulness under which a video counts as gray
VIDEO_KEYS = (
    "psnr",
    "psnr_ab",
    "mae_ab",
    "ciede2000",
    "colorfulness",
    "cdc",
    "warp_error",
    "chroma_warp_error",
)


def evaluate_photos(
    source: str | Path, colorizer: FrameColorizer, progress: Progress | None = None
) -> dict[str, float]:
    """Colorize every photograph of a folder or tar from its luma, and compare.

    Args:
        source: the photographs, see `photos.read_photos`.
        colorizer: predicts the chroma.
        progress: called after each photograph.

    Returns:
        `photos`, their number; `mae_ab` and `mae_ab_gray`, the mean absolute error of ab of ours and of gray;
        `mae_ab_ratio`, one over the other; `colorfulness_ratio`, mean colourfulness over that of the truth;
        `psnr`, `psnr_gray`; `ciede2000`, `ciede2000_gray`.
    """
    photos = read_photos(source)
    rows = []
    for index, photo in enumerate(photos, start=1):
        rows.append(_photo_scores(photo, colorizer))
        if progress:
            progress(index, len(photos))
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return {
        "photos": len(photos),
        "mae_ab_ratio": means["mae_ab"] / means["mae_ab_gray"],
        "colorfulness_ratio": means["colorfulness"] / means["colorfulness_true"],
        **means,
    }


def _photo_scores(photo: np.ndarray, colorizer: FrameColorizer) -> dict[str, float]:
    luma = luma_from_rgb(photo)
    (ab,) = predict_full_size(colorizer, [luma], find_active_area([luma]))
    rgb = with_chroma(luma, ab)
    gray = with_chroma(luma, np.zeros_like(ab))
    scores = {"colorfulness": metrics.colorfulness(rgb), "colorfulness_true": metrics.colorfulness(photo)}
    true_lab = lab_from_rgb(photo)
    for suffix, candidate in (("", rgb), ("_gray", gray)):
        lab = lab_from_rgb(candidate)
        scores[f"mae_ab{suffix}"] = metrics.mae_ab(true_lab[..., 1:], lab[..., 1:])
        scores[f"psnr{suffix}"] = metrics.psnr(photo, candidate)
        scores[f"ciede2000{suffix}"] = metrics.mean_ciede2000(true_lab, lab)
    return scores


def evaluate_clips(
    folder: str | Path, colorizer: FrameColorizer, progress: Callable[[str], Progress] | None = None
) -> dict[str, dict]:
    """Colorize each `bw_NAME` video of a folder and score it against `color_NAME`, inside the active area.

    Where there is a `colorized_NAME`, another method's output, it is scored too.

    Args:
        folder: holds the clips.
        colorizer: predicts the chroma.
        progress: gives the progress callback for a named step.

    Returns:
        `clips`: name to rows (gray, vidcolor, other, true) to scores; `mean`: rows to the means over clips,
        with the colourfulness, CDC and chroma warp error ratios taken of the means; `luma_mae`: name to the mean
        absolute difference between the luma of input and output, in Lab units.

    Raises:
        InputError: if the folder holds no such pair.
    """
    clips, luma_mae = {}, {}
    for name in pair_names(folder):
        step = progress or (lambda text: lambda done, total: None)
        clips[name], luma_mae[name] = _clip_rows(Path(folder), name, colorizer, step)
    return {"clips": clips, "mean": mean_rows(_in_common(clips.values())), "luma_mae": luma_mae}


def pair_names(folder: str | Path) -> list[str]:
    """Names, sorted, for which a folder holds `bw_NAME` and `color_NAME`.

    Raises:
        InputError: if there is no such pair.
    """
    names = sorted(path.name.removeprefix(TRUE) for path in Path(folder).glob(f"{TRUE}*"))
    names = [name for name in names if (Path(folder) / f"{GRAY}{name}").exists()]
    if not names:
        raise InputError(f"{folder}: no pairs of {GRAY}NAME and {TRUE}NAME")
    return names


def _clip_rows(
    folder: Path, name: str, colorizer: FrameColorizer, progress: Callable[[str], Progress]
) -> tuple[dict, float]:
    gray, true, other = (folder / f"{prefix}{name}" for prefix in (GRAY, TRUE, OTHER))
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / f"{Path(name).stem}.mp4"
        colorize_file(gray, output, colorizer, progress=progress(f"colorizing {name}"))
        scores = _score(true, output, gray, progress(f"scoring {name}"))
        kept = score_files(gray, output)["rows"]["candidate"]["luma_mae"]
    rows = {"gray": scores["gray"], "vidcolor": scores["candidate"]}
    if other.exists():
        rows["other"] = _score(true, other, gray, progress(f"scoring {other.name}"))["candidate"]
    return rows | {"true": scores["true"]}, kept


def _score(true: Path, candidate: Path, gray: Path, progress: Progress) -> dict:
    return score_files(true, candidate, gray_path=gray, active_area=True, progress=progress)["rows"]


def evaluate_single_frames(
    folder: str | Path, colorizer: FrameColorizer, progress: Progress | None = None
) -> dict[str, dict]:
    """Colorize the first frames of each colour video of a folder, each by itself: how much do they flicker?

    Args:
        folder: holds the videos; those without colour are left out.
        colorizer: predicts the chroma.
        progress: called after each video.

    Returns:
        `clips`: name to rows (gray, candidate, true) to scores, see `scoring.score_frames`; `mean`: rows to the
        means over the clips, as in `evaluate_clips`.

    Raises:
        InputError: if a file is not a video, or none has colour.
    """
    paths, clips = sorted(path for path in Path(folder).iterdir() if path.is_file()), {}
    for index, path in enumerate(paths, start=1):
        frames = np.stack([_small(frame) for frame in islice(iter_rgb(path), LOOKED_AT)])
        if metrics.colorfulness(frames[0]) > COLORLESS:
            clips[path.name] = score_frames(frames, colorize_frames(frames, colorizer))["rows"]
        if progress:
            progress(index, len(paths))
    if not clips:
        raise InputError(f"{folder}: no video with colour in it")
    return {"clips": clips, "mean": mean_rows(clips.values())}


def _small(frame: np.ndarray) -> np.ndarray:
    scale = min(1.0, SMALL_SIDE / min(frame.shape[:2]))
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _in_common(clips: Iterable[dict]) -> list[dict]:
    """Keep the rows that all clips have."""
    clips = list(clips)
    return [{name: row for name, row in rows.items() if all(name in other for other in clips)} for rows in clips]


def mean_rows(clips: Iterable[dict]) -> dict[str, dict[str, float]]:
    """Average the scores of clips.

    Args:
        clips: for each, rows to scores, see `scoring.score_frames`; all have the row "true".

    Returns:
        Rows to the means over the clips that have them, with the ratios of the means to the truth's there.
    """
    clips, means = list(clips), {}
    for name in dict.fromkeys(name for rows in clips for name in rows):
        having = [rows for rows in clips if name in rows]
        means[name] = {key: _mean_of(having, name, key) for key in VIDEO_KEYS}
        for key in RATIOS:
            means[name][f"{key}_ratio"] = means[name][key] / _mean_of(having, "true", key)
    return means


def _mean_of(clips: Iterable[dict], row: str, key: str) -> float:
    return float(np.mean([rows[row][key] for rows in clips]))
