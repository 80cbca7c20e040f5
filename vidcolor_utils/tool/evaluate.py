"""Score the shipped colorizer on films in colour and on pairs of gray and true clips; what one run records."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.pictures import metrics
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import is_hidden
from vidcolor_utils.system.progress import Progress, Steps, silent_steps
from vidcolor_utils.tool.colorize import colorize_file, is_film
from vidcolor_utils.tool.evaluate_photos import PhotoScores
from vidcolor_utils.tool.score import RATIOS, Row, Scores, ratio, score_files, score_films
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.reader import VideoReader

PLACES = 8  # of a film that are looked at for colour

GRAY, TRUE, OTHER = "bw_", "color_", "colorized_"  # how the files of a clip begin
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

log = logging.getLogger(__name__)

Rows = dict[str, Row]  # the rows of a clip, see `score.score_frames`
Means = dict[str, Row]  # rows to the means over clips, see `mean_rows`


class ClipScores(TypedDict):
    """Scores of clips and their means."""

    clips: dict[str, Rows]  # by name
    mean: Means


class FilmScores(ClipScores):
    """The same of films that were read for it."""

    warnings: NotRequired[dict[str, list[str]]]  # of those whose scores are doubtful


class PairScores(FilmScores):
    """The same, and how well luma is kept."""

    luma_mae: dict[str, float | None]  # name to the mean absolute difference of luma, in Lab units


class Evaluation(TypedDict, total=False):
    """What `vidcolor evaluate` records."""

    photos: dict[str, PhotoScores]  # by the name of the folder or tar
    clips: PairScores
    films: FilmScores


def evaluate_clips(folder: str | Path, colorizer: Colorizer, *, progress: Steps = silent_steps) -> PairScores:
    """Colorize each `bw_NAME` video of a folder and score it against `color_NAME`, inside the active area.

    Where there is a `colorized_NAME`, another method's output, it is scored too.

    Args:
        folder: holds the clips.
        colorizer: predicts the chroma.
        progress: gives the progress callback for a named step.

    Returns:
        `clips`: name to rows (gray, vidcolor, other, true) to scores; `mean`: rows to the means over clips,
        with the colourfulness, CDC and chroma warp error ratios taken of the means; `luma_mae`: name to the mean
        absolute difference between the luma of input and output, in Lab units. All rows of a clip are of the same
        frames.

    Raises:
        InputError: if the folder holds no such pair, or files of one differ in size.
    """
    scores, luma_mae = {}, {}
    for name in check_clips(folder):
        scores[name], luma_mae[name] = _score_clip(Path(folder), name, colorizer, progress)
    return {**_of_films(scores), "luma_mae": luma_mae}


def check_clips(folder: str | Path) -> list[str]:
    """Give the names of the clips of a folder, see `pair_names`; raises as `evaluate_clips` does, at once."""
    names = pair_names(folder)
    for name in names:
        _check_sizes(Path(folder), name)
    return names


def check_films(folder: str | Path) -> None:
    """Raise as `evaluate_films` does, at once."""
    _check_folder(folder)
    films = [path for path in _files(folder) if is_film(path)]
    if not any([_has_color(path) for path in films]):  # each is looked at: one that is no video is named
        raise InputError(f"{folder}: no video with colour in it")


def _files(folder: str | Path) -> list[Path]:
    return sorted(path for path in Path(folder).iterdir() if path.is_file() and not is_hidden(path))


def pair_names(folder: str | Path) -> list[str]:
    """Names, sorted, for which a folder holds `bw_NAME` and `color_NAME`.

    Raises:
        InputError: if there is no such pair.
    """
    _check_folder(folder)
    names = sorted(path.name.removeprefix(TRUE) for path in Path(folder).glob(f"{TRUE}*"))
    names = [name for name in names if (Path(folder) / f"{GRAY}{name}").exists()]
    if not names:
        raise InputError(f"{folder}: no pairs of {GRAY}NAME and {TRUE}NAME, the suffix being part of the name")
    return names


def _check_folder(folder: str | Path) -> None:
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder")


def _check_sizes(folder: Path, name: str) -> None:
    """Check, before hours of work, that what is to be compared can be."""
    sizes = {}
    for path in (folder / f"{prefix}{name}" for prefix in (TRUE, GRAY, OTHER)):
        if path.exists():
            info = video_info(path)
            sizes[path] = f"{info.width}x{info.height}"
    (true, size), *others = sizes.items()
    for path, other in others:
        if other != size:
            raise InputError(f"{path}: is {other}, and {true} {size}: score what is of one size")


def _score_clip(folder: Path, name: str, colorizer: Colorizer, progress: Steps) -> tuple[Scores, float | None]:
    gray, true, other = (folder / f"{prefix}{name}" for prefix in (GRAY, TRUE, OTHER))
    with _colorized(gray, colorizer, progress(f"colorizing {name}")) as output:
        candidates = {"vidcolor": output} | ({"other": other} if other.exists() else {})
        scores = score_films(true, candidates, gray, active_area=True, progress=progress(f"scoring {name}"))
        kept = score_files(gray, output)["rows"]["candidate"]["luma_mae"]
    return scores, kept


def _of_films(scores: Mapping[str, Scores]) -> FilmScores:
    clips = {name: each["rows"] for name, each in scores.items()}
    doubtful = {name: each["warnings"] for name, each in scores.items() if each["warnings"]}
    found: FilmScores = {"clips": clips, "mean": mean_rows(_in_common(clips.values()))}
    return {**found, "warnings": doubtful} if doubtful else found


@contextmanager
def _colorized(source: Path, colorizer: Colorizer, progress: Progress) -> Iterator[Path]:
    """Colorize a film into a file that is there as long as it is asked for."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / f"{source.stem}.mp4"
        colorize_file(source, output, colorizer, progress=progress)
        yield output


def evaluate_films(folder: str | Path, colorizer: Colorizer, *, progress: Steps = silent_steps) -> FilmScores:
    """Colorize the luma of each colour video of a folder, and score it against its own colours.

    Args:
        folder: holds the videos; those without colour or that cannot be read, and other files, are passed
            over, which is logged.
        colorizer: predicts the chroma.
        progress: gives the progress callback for a named step.

    Returns:
        `clips`: name to rows (gray, vidcolor, true) to scores, see `score.score_files`; `mean`: rows to the means
        over the clips, as in `evaluate_clips`.

    Raises:
        InputError: if none has colour, or can be read.
    """
    _check_folder(folder)
    colored = [path for path in _files(folder) if _is_usable(path)]
    scored = {path.name: score for path in colored if (score := _scored(path, colorizer, progress)) is not None}
    if not scored:
        raise InputError(f"{folder}: no video with colour in it" + (" can be read" if colored else ""))
    return _of_films(scored)


def _scored(path: Path, colorizer: Colorizer, progress: Steps) -> Scores | None:
    """Score a film; of one that cannot be read, say so."""
    try:
        return _score_film(path, colorizer, progress)
    except InputError as error:
        log.warning("passed over: %s", error)
    return None


def _is_usable(path: Path) -> bool:
    """Tell a film in colour; of what is none, say so."""
    try:
        if not is_film(path):
            why = "by its name it is no video"
        elif not _has_color(path):
            why = "it has no colour"
        else:
            return True
    except InputError as error:
        log.warning("passed over: %s", error)
        return False
    log.warning("%s: passed over: %s", path, why)
    return False


def _has_color(path: Path) -> bool:
    """Look at places spread over a film: it may begin black."""
    with VideoReader(path) as reader:
        places = ((reader.info.duration_s or 0) * place / PLACES for place in range(PLACES))
        frames = (next(reader.frames_from(seconds), None) for seconds in places)
        shown = (reader.upright_rgb(frame.decoded) for frame in frames if frame is not None)
        return any(metrics.colorfulness(rgb) > metrics.COLORLESS for rgb in shown)


def _score_film(path: Path, colorizer: Colorizer, progress: Steps) -> Scores:
    with _colorized(path, colorizer, progress(f"colorizing {path.name}")) as output:
        told = progress(f"scoring {path.name}")
        return score_films(path, {"vidcolor": output}, active_area=True, progress=told)


def _in_common(clips: Iterable[Rows]) -> list[Rows]:
    """Keep the rows that all clips have."""
    clips = list(clips)
    return [{name: row for name, row in rows.items() if all(name in other for other in clips)} for rows in clips]


def mean_rows(clips: Iterable[Rows]) -> Means:
    """Average the scores of clips.

    Args:
        clips: for each, rows to scores, see `score.score_frames`; all have the row "true".

    Returns:
        Rows to the means over the clips that have them, with the ratios of the means to the truth's there.
    """
    clips = list(clips)
    means: Means = {}
    for name in dict.fromkeys(name for rows in clips for name in rows):
        having = [rows for rows in clips if name in rows]
        means[name] = {key: mean_known(rows[name][key] for rows in having) for key in VIDEO_KEYS}
        for key in RATIOS:
            true = mean_known(rows["true"][key] for rows in having)
            means[name][f"{key}_ratio"] = ratio(means[name][key], true)
    return means


def mean_known(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there, as a film of one frame lacks some; None if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
