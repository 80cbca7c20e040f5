"""Score a colorized video against the true one, with a gray row and a true row beside it.

The files are read once, in step, and a few frames at a time are in memory, however long the videos are. Every
value of a video is the plain mean over its frames (or pairs of frames) of a measure of `pictures.metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import TypedDict

import numpy as np

from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.active_area import Area, find_active_area
from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_gray, to_uint8
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, Motion, occlusion_mask
from vidcolor_utils.pictures.histograms import ColorDistributionConsistency, Mean
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import is_video, iter_rgb, video_info

ROWS = ("gray", "candidate", "true")
FLOW_SIDE = 640  # pixels; flow of larger frames is searched at this size
AREA_STEP = 5  # frames between two looks for letterbox bars
SAME_RATE = 1.01  # times the lowest rate; 24 and 23.976 are one
OTHER_LUMA = 8.0  # mean difference of L: coding costs up to 2, a film one frame late 4, another film 19

# key: (name in the table, which way is better, format)
MEASURES = {
    "psnr": ("PSNR, dB", "higher", ".2f"),
    "ssim": ("SSIM", "higher", ".4f"),
    "psnr_ab": ("PSNR of ab, dB", "higher", ".2f"),
    "mae_ab": ("mean abs. error of ab", "lower", ".3f"),
    "ciede2000": ("mean CIEDE2000", "lower", ".3f"),
    "colorfulness": ("colourfulness", "as true", ".1f"),
    "colorfulness_ratio": ("colourfulness / true", "near 1", ".3f"),
    "cdc": ("CDC", "as true", ".5f"),
    "cdc_ratio": ("CDC / true", "near 1", ".3f"),
    "warp_error": ("warp error", "as true", ".5f"),
    "chroma_warp_error": ("chroma warp error", "as true", ".3f"),
    "chroma_warp_error_ratio": ("chroma warp error / true", "up to 1", ".3f"),
    "pixel_match": ("pixel match, %", "higher", ".3f"),
    "luma_mae": ("mean abs. error of luma", "lower", ".3f"),
}
RATIOS = ("colorfulness", "cdc", "chroma_warp_error")

Row = dict[str, float | None]  # measure to value; None where it has none


class Scores(TypedDict):
    """What `score_frames` finds."""

    frames: int
    active_area: list[int] | None  # the part that was scored, see `Area`
    rows: dict[str, Row]  # gray, one for each candidate, true
    warnings: list[str]  # what makes them doubtful, in sentences


def score_files(
    true_path: str | Path,
    candidate_path: str | Path,
    *,
    gray_path: str | Path | None = None,
    active_area: bool = False,
    progress: Progress = silent,
) -> Scores:
    """Score a colorized video, or a still image, against the true one.

    Each may be a video, an animation, an image, numbered images (`frames/%05d.png`), or a folder of images.

    Args:
        true_path: the true colours.
        candidate_path: what is scored, of the same size.
        gray_path: the video that was colorized, for the gray row and for the optical flow; without it, the luma
            of the true video (BT.601), which is a little better than that of a file encoded once more.
        active_area: leave out the black letterbox bars of the true video, see `find_active_area`.
        progress: called after every frame.

    Returns:
        See `score_frames`; it warns of more: of films with other rates or of another luma, and of a gray truth.

    Raises:
        FileNotFoundError: if a file does not exist.
        InputError: if a file cannot be read, or their frames differ in size.

    Example:
        scores = score_files("color_1.mp4", "colorized_1.mp4", active_area=True)
        scores["rows"]["candidate"]["psnr"]
    """
    candidates = {"candidate": candidate_path}
    return score_films(true_path, candidates, gray_path, active_area=active_area, progress=progress)


def score_films(
    true_path: str | Path,
    candidates: Mapping[str, str | Path],
    gray_path: str | Path | None = None,
    *,
    active_area: bool = False,
    progress: Progress = silent,
) -> Scores:
    """Score several colorized videos as `score_files` does one, a row for each by its name; raises as it does."""
    paths = {"true": true_path, **candidates} | ({} if gray_path is None else {"gray": gray_path})
    with ExitStack() as stack:
        found = {name: stack.enter_context(film_to_look_at(Path(path))) for name, path in paths.items()}
        films = {name: _opened(iter_rgb(path)) for name, path in found.items()}
        area = _active_area(found["true"]) if active_area else None
        infos = {name: video_info(path) for name, path in found.items() if is_video(path)}
        expected = infos["true"].frames if "true" in infos else None
        named, tell = {name: films[name] for name in candidates}, lambda done, _: progress(done, expected)
        try:
            scores = score_candidates(films["true"], named, films.get("gray"), area=area, progress=tell)
        except InputError as error:
            raise InputError(f"{true_path}: {error}") from None
    doubts = [*_doubts_of_rates(infos), *_doubts_of_rows(paths, scores["rows"])]
    return {**scores, "warnings": scores["warnings"] + doubts}


def _doubts_of_rates(infos: Mapping[str, VideoInfo]) -> Iterator[str]:
    rates = [info.rate for info in infos.values()]
    if rates and max(rates) > SAME_RATE * min(rates):
        said = ", ".join(f"{name} {float(info.rate):g}" for name, info in infos.items())
        yield f"frames a second differ ({said}): frames were compared by their numbers, not their times"


def _doubts_of_rows(paths: Mapping[str, str | Path], rows: Mapping[str, Row]) -> Iterator[str]:
    if _is_gray(rows["true"]):
        yield f"{paths['true']}: has next to no colour: no truth to hold colours against"
    for name, path in paths.items():
        if (away := rows[name]["luma_mae"] or 0) > OTHER_LUMA:
            yield f"{path}: its luma is {away:.0f} of 100 away from the true one: is it the same film?"


def _is_gray(row: Row) -> bool:
    return (row["colorfulness"] or 0) < metrics.COLORLESS


def _active_area(path: Path) -> Area:
    return find_active_area(luma_from_rgb(rgb) for rgb in islice(iter_rgb(path), 0, None, AREA_STEP))


def _opened(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:  # a bad file is told before any work is done
    return chain([next(frames)], frames)


def score_frames(
    true: Iterable[np.ndarray],
    candidate: Iterable[np.ndarray],
    gray: Iterable[np.ndarray] | None = None,
    *,
    area: Area | None = None,
    progress: Progress = silent,
) -> Scores:
    """Score the frames of a colorized video against the true ones, reading all of them in step.

    Optical flow is found once, on the gray frames, and used for all rows: DIS, medium preset, searched at a
    longest side of at most 640 pixels. If one input is longer than another, the frames they have in common are
    scored.

    Args:
        true: RGB uint8 frames (H, W, 3).
        candidate: the same.
        gray: the same; the luma of `true` if not given.
        area: the part of the frames to score; all of it if not given.
        progress: called after every frame; how many there will be it is not told.

    Returns:
        What `json` can write; in its rows the measures are those of `MEASURES`, and `None` where one has no value,
        as the temporal ones of a still image or a ratio to 0.

    Raises:
        InputError: if frames differ in size, or there are none.
    """
    return score_candidates(true, {"candidate": candidate}, gray, area=area, progress=progress)


def score_candidates(
    true: Iterable[np.ndarray],
    candidates: Mapping[str, Iterable[np.ndarray]],
    gray: Iterable[np.ndarray] | None = None,
    *,
    area: Area | None = None,
    progress: Progress = silent,
) -> Scores:
    """Score several colorized videos as `score_frames` does one, with a row for each by its name.

    Raises:
        InputError: as `score_frames`, and if one is named like another row, "gray" or "true".
    """
    if {"gray", "true"} & set(candidates):
        raise InputError("a candidate cannot be named gray or true: rows of their own have these names")
    sources = {"true": true, **candidates} | ({} if gray is None else {"gray": gray})
    lengths = dict.fromkeys(sources, 0)
    with ThreadPoolExecutor(len(ROWS)) as pool:
        scorer = _Scorer(pool, ("gray", *candidates, "true"))
        for group in zip_longest(*sources.values()):
            frames = {name: frame for name, frame in zip(sources, group, strict=True) if frame is not None}
            lengths |= {name: lengths[name] + 1 for name in frames}
            if len(frames) < len(sources):
                continue  # only counting what is left of the longer ones
            _check_sizes(frames)
            inside = area.cut if area else np.asarray
            scorer.add({name: np.ascontiguousarray(inside(frame)) for name, frame in frames.items()})
            progress(scorer.frames, None)
    if not scorer.frames:
        raise InputError("there are no frames to score")
    return {
        "frames": scorer.frames,
        "active_area": list(area) if area else None,
        "rows": scorer.rows(),
        "warnings": [*_doubts_of_lengths(lengths)],
    }


def _doubts_of_lengths(lengths: Mapping[str, int]) -> Iterator[str]:
    if (least := min(lengths.values())) < max(lengths.values()):
        counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        yield f"numbers of frames differ ({counts}): scored was what all have, the first {least}"


def _check_sizes(frames: dict[str, np.ndarray]) -> None:
    sizes = {name: f"{frame.shape[1]}x{frame.shape[0]}" for name, frame in frames.items()}
    for name, size in sizes.items():
        if size != (true := sizes["true"]):
            raise InputError(f"a frame of {name} is {size}, the true one {true}: score what is of one size")


class _Scorer:
    """Takes the frames of all rows in step and spreads the work over threads."""

    def __init__(self, pool: ThreadPoolExecutor, names: Sequence[str]):
        self.frames, self._pool = 0, pool
        self._rows = {name: _Means() for name in names}
        self._flows = [DenseFlow(MEDIUM, max_side=FLOW_SIDE) for _ in range(2)]  # there and back, in parallel
        self._last_luma: np.ndarray | None = None

    def add(self, frames: dict[str, np.ndarray]) -> None:
        """Score one frame of each row; the gray one may be missing."""
        luma = to_uint8(luma_from_rgb(frames.get("gray", frames["true"])))
        frames["gray"] = rgb_from_gray(luma)  # whatever colour the gray film has
        views = dict(zip(frames, self._pool.map(metrics.Measured.of, frames.values()), strict=True))
        motion = None if self._last_luma is None else self._motion(self._last_luma, luma)
        jobs = [self._pool.submit(row.add, views[name], views["true"], motion) for name, row in self._rows.items()]
        for job in jobs:
            job.result()
        self._last_luma = luma
        self.frames += 1

    def _motion(self, luma: np.ndarray, next_luma: np.ndarray) -> Motion:
        there, back = self._flows
        going = self._pool.submit(there, luma, next_luma)
        coming = self._pool.submit(back, next_luma, luma)
        flow = going.result()
        return Motion(flow, occlusion_mask(flow, coming.result()))

    def rows(self) -> dict[str, Row]:
        """Return the scores of each row, ratios to the true row included, in the order of `MEASURES`."""
        rows = {name: row.result() for name, row in self._rows.items()}
        truth = dict.fromkeys(RATIOS) if _is_gray(rows["true"]) else rows["true"]
        for row in rows.values():
            row.update({f"{key}_ratio": ratio(row[key], truth[key]) for key in RATIOS})
        return {name: {key: row[key] for key in MEASURES} for name, row in rows.items()}


def ratio(value: float | None, true_value: float | None) -> float | None:
    """A measure over that of the truth; None where there is nothing to hold it against."""
    return value / true_value if value is not None and true_value else None


class _Means:
    """The running means of one row."""

    def __init__(self) -> None:
        self._means = {key: Mean() for key in MEASURES}
        self._cdc = ColorDistributionConsistency()
        self._last: metrics.Measured | None = None

    def add(self, view: metrics.Measured, true: metrics.Measured, motion: Motion | None) -> None:
        """Take the row's next frame, the true one, and the motion from the row's last frame to this one."""
        if view is not true or self._last is None:  # the true row equals itself: one frame says it all
            self._add_values(metrics.fidelity(true, view))
        self._add_values({"colorfulness": metrics.colorfulness(view.rgb)})
        if motion is not None and self._last is not None:
            self._add_values(metrics.unsteadiness(self._last, view, motion))
        self._cdc.update(view.rgb)
        self._last = view

    def _add_values(self, values: dict[str, float | None]) -> None:
        for key, value in values.items():
            self._means[key].add(value)

    def result(self) -> Row:
        """Return the means so far, without the ratios."""
        return {key: mean.result() for key, mean in self._means.items()} | {"cdc": self._cdc.result()}
