"""Score the shipped colorizer on held-out photographs, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, cast

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, as_predicted, looking_closely
from vidcolor_utils.colorizers.stills import colorize_still
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.chroma import with_chroma
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.stills.photos import find_photos
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.tool.score import ratio


class KindScores(TypedDict):
    """Scores of photographs of one kind."""

    photos: int
    mae_ab_ratio: float | None  # error of ab over that of gray; None for photographs that are all gray
    colorfulness_ratio: float | None  # over that of the truth, likewise
    chroma_ratio: float | None  # mean length of ab over that of the truth, likewise
    worse_than_gray: int  # photographs whose ab is further from the truth than gray


class PhotoScores(KindScores):
    """Means over all photographs of a folder or tar, of ours, of gray and of the truth; and their kinds."""

    mae_ab: float
    mae_ab_gray: float
    psnr: float
    psnr_gray: float
    ciede2000: float
    ciede2000_gray: float
    colorfulness: float
    colorfulness_true: float
    chroma: float
    chroma_true: float
    kinds: dict[str, KindScores]


def evaluate_photos(source: str | Path, colorizer: Colorizer, *, progress: Progress = silent) -> PhotoScores:
    """Colorize every photograph of a folder or tar from its luma, and compare.

    Args:
        source: the photographs, see `photos.find_photos`; the first folder of a name is its kind.
        colorizer: predicts the chroma.
        progress: called after each photograph.

    Returns:
        The scores of all, and of each kind by itself.
    """
    photos, colorizer = find_photos(source), looking_closely(as_predicted(colorizer))
    rows = []
    for index, photo in enumerate(photos, start=1):
        rows.append(_photo_scores(photo.decoded(), colorizer))
        progress(index, len(photos))
    kinds = sorted({photo.kind for photo in photos})
    of_kind = {
        kind: _kind_scores([row for row, photo in zip(rows, photos, strict=True) if photo.kind == kind])
        for kind in kinds
    }
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return cast("PhotoScores", {**_kind_scores(rows), **means, "kinds": of_kind})


def _photo_scores(photo: np.ndarray, colorizer: Colorizer) -> dict[str, float]:
    luma = luma_from_rgb(photo)
    rgb = colorize_still(luma, colorizer)
    gray = with_chroma(luma, np.zeros((*luma.shape, 2), np.float32))
    scores = {"colorfulness": metrics.colorfulness(rgb), "colorfulness_true": metrics.colorfulness(photo)}
    true_lab, lab, gray_lab = (lab_from_rgb(of) for of in (photo, rgb, gray))
    for suffix, each, candidate in (("", lab, rgb), ("_gray", gray_lab, gray)):
        scores[f"mae_ab{suffix}"] = metrics.mae_ab(true_lab[..., 1:], each[..., 1:])
        scores[f"psnr{suffix}"] = metrics.psnr(photo, candidate)
        scores[f"ciede2000{suffix}"] = metrics.mean_ciede2000(true_lab, each)
    for suffix, each in (("", lab), ("_true", true_lab)):
        scores[f"chroma{suffix}"] = float(np.hypot(each[..., 1], each[..., 2]).mean())
    return scores


def _kind_scores(rows: Sequence[dict[str, float]]) -> KindScores:
    def over(key: str, other: str) -> float | None:
        return ratio(sum(row[key] for row in rows), sum(row[other] for row in rows))

    return {
        "photos": len(rows),
        "mae_ab_ratio": over("mae_ab", "mae_ab_gray"),
        "colorfulness_ratio": over("colorfulness", "colorfulness_true"),
        "chroma_ratio": over("chroma", "chroma_true"),
        "worse_than_gray": sum(row["mae_ab"] > row["mae_ab_gray"] for row in rows),
    }
