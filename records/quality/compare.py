"""Everything at hand on the same clips: gray, per-frame colours, the report's networks, steady colours, the truth.

The report's networks see the middle 128x128 of frames of 256x256, so that is where all rows are scored. The other
methods see the whole frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.defaults import STRENGTH
from vidcolor_utils.course.steady_parts import variant_films
from vidcolor_utils.pairs.prepare import CROP, WORKING_SIZE
from vidcolor_utils.pairs.sources import Clip
from vidcolor_utils.pictures.color import gray_clip, rgb_from_gray, to_float01
from vidcolor_utils.pictures.sizes import fit_frame, middle_square
from vidcolor_utils.system.files import write_json
from vidcolor_utils.system.progress import Say, unsaid
from vidcolor_utils.tool.evaluate import GRAY, OTHER, TRUE, ClipScores, Rows, mean_rows, pair_names
from vidcolor_utils.tool.score import score_frames
from vidcolor_utils.video.files import iter_rgb

MAX_FRAMES = 90  # of a clip
# What `steady_parts` calls them.
STEADY = {
    "per frame": "per frame",
    "causal": "causal, in turn",
    "offline": "offline, in turn",
}

FilmNetwork = Callable[[np.ndarray], np.ndarray]


class ComparisonRecord(TypedDict):
    """What `compare_methods` found."""

    max_frames: int  # of a clip
    side: int  # of the square that is scored
    groups: dict[str, ClipScores]


class Film(NamedTuple):
    """A clip in memory, frames (T, 256, 256, 3) uint8."""

    true: np.ndarray
    gray: np.ndarray  # what is colorized, (T, 256, 256) uint8
    other: np.ndarray | None  # another method's output


def paired_films(folder: str | Path) -> Iterator[tuple[str, Film]]:
    """Read the pairs `bw_NAME`, `color_NAME` of a folder, and `colorized_NAME` where it is."""
    folder = Path(folder)
    for name in pair_names(folder):
        other = folder / f"{OTHER}{name}"
        gray = gray_clip(_fitted(iter_rgb(folder / f"{GRAY}{name}")))
        yield (
            Path(name).stem,
            Film(
                _fitted(iter_rgb(folder / f"{TRUE}{name}")),
                gray,
                _fitted(iter_rgb(other)) if other.exists() else None,
            ),
        )


def prepared_films(clips: Sequence[Clip]) -> Iterator[tuple[str, Film]]:
    """Read clips as `prepare.prepare_clips` does; their own luma is what is colorized."""
    for clip in clips:
        true = _fitted(clip.frames())
        yield clip.name, Film(true, gray_clip(true), None)


def _fitted(frames: Iterable[np.ndarray]) -> np.ndarray:
    return np.stack([fit_frame(frame, WORKING_SIZE) for frame in islice(frames, MAX_FRAMES)])


def compare_methods(
    groups: Mapping[str, Iterable[tuple[str, Film]]],
    colorizer: Colorizer,
    networks: dict[str, FilmNetwork],
    output: str | Path,
    *,
    say: Say = unsaid,
) -> ComparisonRecord:
    """Score all methods on groups of clips.

    Args:
        groups: name to named films.
        colorizer: predicts the per-frame colours that all others build on.
        networks: name to what makes of per-frame colours (T, 128, 128, 3) uint8 the report's.
        output: JSON file to write.
        say: called with the name of each clip.

    Returns:
        The record, as written.

    Raises:
        InputError: if a file cannot be read.
        OutputError: if `output` cannot be written.
    """
    record: ComparisonRecord = {"max_frames": MAX_FRAMES, "side": CROP, "groups": {}}
    for group, films in groups.items():
        clips: dict[str, Rows] = {}
        for name, film in films:
            say(f"{group}: {name}")
            clips[name] = _rows(film, colorizer, networks)
        record["groups"][group] = {"clips": clips, "mean": mean_rows(clips.values())}
        write_json(output, record)
    return record


def _rows(film: Film, colorizer: Colorizer, networks: dict[str, FilmNetwork]) -> Rows:
    candidates: dict[str, np.ndarray] = {"other": film.other} if film.other is not None else {}
    steady = _steady_films(film.gray, colorizer)
    baseline = _middle(steady["per frame"])
    candidates["per frame"] = steady.pop("per frame")
    middles = {name: _middle(frames) for name, frames in candidates.items()}
    middles |= {name: network(baseline) for name, network in networks.items()}
    middles |= {name: _middle(frames) for name, frames in steady.items()}
    gray = rgb_from_gray(_middle(film.gray))
    scores = {name: score_frames(_middle(film.true), frames, gray)["rows"] for name, frames in middles.items()}
    last = next(reversed(scores.values()))
    return {
        "gray": last["gray"],
        **{name: rows["candidate"] for name, rows in scores.items()},
        "true": last["true"],
    }


def _steady_films(gray: np.ndarray, colorizer: Colorizer) -> dict[str, np.ndarray]:
    films = dict(variant_films([to_float01(frame) for frame in gray], colorizer, STEADY.values(), STRENGTH))
    return {name: np.stack(list(films[variant])) for name, variant in STEADY.items()}


def _middle(frames: np.ndarray) -> np.ndarray:
    """The part that the report's networks see: (T, 128, 128, ...)."""
    return frames[:, *middle_square(frames.shape[1:], CROP)]
