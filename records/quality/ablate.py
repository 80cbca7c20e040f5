"""What each part of the steady colours is worth: per-frame colours, made steady with parts left out.

The colours and the links between frames are found once per clip and shared by all rows. Colours go straight from
memory to the measures, without a video encoder between, so numbers differ a little from those of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from records.resuming import resumed, same_files
from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.defaults import STRENGTH
from vidcolor_utils.course.steady_parts import VARIANTS, variant_films
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.system.files import write_json
from vidcolor_utils.system.progress import Progress, Steps, silent_steps
from vidcolor_utils.tool.evaluate import GRAY, OTHER, TRUE, Means, Rows, mean_rows, pair_names
from vidcolor_utils.tool.score import score_frames
from vidcolor_utils.video.files import iter_rgb

MAX_FRAMES = 120  # of a clip; all of them are in memory


class AblationRecord(TypedDict):
    """What `ablate_clips` found."""

    settings: dict[str, Any]  # strength, frames, and what else the numbers depend on
    files: dict[str, str]  # name of each file that was measured to its sha256
    clips: dict[str, Rows]  # name to rows: gray, other, those of `VARIANTS`, true
    mean: Means  # over the clips of the folder


def ablate_clips(
    folder: str | Path,
    load: Callable[[], Colorizer],
    output: str | Path,
    *,
    strength: float = STRENGTH,
    max_frames: int = MAX_FRAMES,
    settings: dict | None = None,
    progress: Steps = silent_steps,
) -> AblationRecord:
    """Score every variant on each pair of `bw_NAME` and `color_NAME` in a folder, inside the active area.

    The record is written after each clip. Called again with the same settings, clips that it holds are passed
    over; what it holds of clips that are not in the folder stays, and is not in its means.

    Args:
        folder: holds the clips, and `colorized_NAME`, another method's output, if that is to be scored too.
        load: gives what predicts the per-frame colours; called if there is something to do.
        output: JSON file to write.
        strength: as for `SteadyColorizer`.
        max_frames: frames taken from the start of each clip.
        settings: what else the numbers depend on, such as the weights; recorded.
        progress: gives the progress callback for a named step.

    Returns:
        The record, as written.

    Raises:
        InputError: if the folder holds no such pair, or `output` a record of other settings or other files.
        OutputError: if `output` cannot be written.
    """
    folder, output = Path(folder), Path(output)
    names = pair_names(folder)
    settings = {"strength": strength, "max_frames": max_frames, **(settings or {})}
    record: AblationRecord = resumed(output, {"settings": settings}, {"clips": {}, "mean": {}})
    clips, colorizer, known = record["clips"], None, record.setdefault("files", {})
    sums = {name: same_files(output, known, _files_of(folder, name)) for name in names}
    for done, name in enumerate(names, start=1):
        if name not in clips:
            colorizer = colorizer or load()
            report = progress(name)
            clips[name] = _clip_rows(folder, name, colorizer, strength, max_frames, report)
            known.update(sums[name])
        record["mean"] = mean_rows([clips[each] for each in names[:done]])
        write_json(output, record)
    return record


def _files_of(folder: Path, name: str) -> list[Path]:
    return [path for start in (GRAY, TRUE, OTHER) if (path := folder / f"{start}{name}").exists()]


def _clip_rows(
    folder: Path, name: str, colorizer: Colorizer, strength: float, max_frames: int, report: Progress
) -> Rows:
    paths = {"gray": folder / f"{GRAY}{name}", "true": folder / f"{TRUE}{name}"}
    gray, true = (list(islice(iter_rgb(path), max_frames)) for path in paths.values())
    films = variant_films([luma_from_rgb(rgb) for rgb in gray], colorizer, VARIANTS, strength)
    scored = find_active_area(luma_from_rgb(rgb) for rgb in true)

    def score(candidate: Iterable[np.ndarray]) -> Rows:
        return score_frames(true, candidate, gray, area=scored)["rows"]

    rows: Rows = {}
    for done, (variant, film) in enumerate(films, start=1):
        scores = score(film)
        rows[variant] = scores["candidate"]
        report(done, len(VARIANTS))
    other = folder / f"{OTHER}{name}"
    if other.exists():
        rows = {"other": score(islice(iter_rgb(other), max_frames))["candidate"], **rows}
    return {"gray": scores["gray"], **rows, "true": scores["true"]}
