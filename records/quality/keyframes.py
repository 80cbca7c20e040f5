"""What key frames are worth: films coloured from true frames of them, beside what needs less, or has less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from records.resuming import resumed, same_files
from vidcolor_utils.colorizers.base import Colorizer, MirroredColorizer, as_predicted
from vidcolor_utils.colorizers.reference import ReferenceColorizer
from vidcolor_utils.colorizers.steady import SteadyColorizer
from vidcolor_utils.film.keyframes.album import key_colors
from vidcolor_utils.film.keyframes.propagate import CarryFrame, Filler, reach
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.chroma import resize_ab, with_chroma
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, Motion, motion_between, warp
from vidcolor_utils.pictures.histograms import ColorDistributionConsistency
from vidcolor_utils.pictures.sizes import shrunk
from vidcolor_utils.system.files import write_json
from vidcolor_utils.tool.evaluate import Rows, mean_known
from vidcolor_utils.tool.score import Row, ratio
from vidcolor_utils.training.keys.damage import coded
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.weights.shipped import shipped_sums

SIDE = 240  # short side of what is measured
EVERY, CIEDE_EVERY = 25, 5  # frames
JPEG_QUALITY, EDITED_SIDE, SHIFT, BRIGHTER = 60, 512, 2, 1.1
WARNING = (
    "psnr_overflowing is what ColorMNet's published evaluation computes: differences of uint8 are squared in "
    "uint8, overflow, and flatter by several dB. Compare it with nothing but that paper's 35.77 dB (all 30 DAVIS "
    "sequences, 960x536; 123.6 million parameters, 0.07 s a frame and 1.9 GB on an A6000), and say that films and "
    "sizes differ."
)


Colors = list[np.ndarray]  # ab (h, w, 2) of each frame


class Clip(NamedTuple):
    """A film in memory."""

    name: str
    rgb: list[np.ndarray]  # uint8 (h, w, 3)
    ab: list[np.ndarray]  # float32 (h, w, 2)
    grays: list[np.ndarray]  # uint8 (h, w)
    motions: list[Motion]  # from each frame to the next
    truth: list[Row]  # what the true colours of each frame but the first score, see `score`


def films_of(folder: Path) -> list[Path]:
    """The films in true colours of a folder."""
    return sorted(path for path in folder.glob("*.mp4") if not path.stem.startswith(("bw_", "colorized_")))


def read_colors(path: Path, frames: int) -> list[np.ndarray]:
    """Read the beginning of a film, uint8 (h, w, 3), with `SIDE` as its short side."""
    return [shrunk(frame, SIDE) for frame in islice(iter_rgb(path), frames)]


def read_clip(path: Path, frames: int) -> Clip:
    """Read the beginning of a film, and all that its rows are measured with."""
    rgb = read_colors(path, frames)
    grays = [to_uint8(luma_from_rgb(frame)) for frame in rgb]
    flow = DenseFlow(MEDIUM)
    motions = [motion_between(*pair, flow) for pair in pairwise(grays)]
    ab = [np.ascontiguousarray(lab_from_rgb(frame)[..., 1:]) for frame in rgb]
    return Clip(path.stem, rgb, ab, grays, motions, truth_of(rgb, ab, motions))


def truth_of(rgb: list[np.ndarray], ab: Colors, motions: list[Motion]) -> list[Row]:
    """Score the true colours of all frames but the first, once for all rows."""
    return [
        {
            "colorfulness_true": metrics.colorfulness(rgb[index]),
            "chroma_true": float(np.abs(ab[index]).mean()),
            "chroma_warp_error_true": warp_error(ab, motions, index),
        }
        for index in range(1, len(rgb))
    ]


def steady(clip: Clip, plain: Colorizer, mirrored: Colorizer) -> Colors:
    """Colours as the tool makes them without key frames."""
    colorizer = SteadyColorizer(plain, in_turn=[mirrored])
    lumas = (gray.astype(np.float32) / 255 for gray in clip.grays)
    return [resize_ab(ab, clip.grays[0].shape) for ab in colorizer.stream(lumas)]


def referenced(clip: Clip, colorizer: Colorizer) -> Colors:
    """Colours with the true first frame as `--reference`."""
    alone = as_predicted(colorizer)
    plain, mirrored = (ReferenceColorizer(each, [clip.rgb[0]]) for each in (alone, MirroredColorizer(alone)))
    return steady(clip, plain, mirrored)


def carried_by_steps(clip: Clip) -> Colors:
    """The first frame's colours carried along the flow from frame to frame, and nothing else."""
    flow, colors = DenseFlow(MEDIUM), [clip.ab[0]]
    for before, gray in pairwise(clip.grays):
        colors.append(warp(colors[-1], flow(gray, before)))
    return colors


def keyed(grays: list[np.ndarray], automatic: Colors, keys: Mapping[int, np.ndarray]) -> Colors:
    """Colours from key frames: pictures RGB uint8 by the index of their frame, laid over it as the tool does."""
    laid = {index: key_colors(grays[index], picture) for index, picture in keys.items()}
    frames = (CarryFrame(gray, laid.get(index), index == 0) for index, gray in enumerate(grays))
    fill = Filler()
    return [fill(reached, ab) for reached, ab in zip(reach(frames), automatic, strict=True)]


def edited(rgb: np.ndarray) -> np.ndarray:
    """A key frame as a careless tool hands it back: moved, brighter, of another size, and coded hard."""
    moved = np.roll(rgb, (SHIFT, SHIFT), axis=(0, 1))
    moved = shrunk(np.clip(moved.astype(np.float32) * BRIGHTER, 0, 255).astype(np.uint8), EDITED_SIDE)
    height, width = moved.shape[:2]
    moved = cv2.resize(moved, (EDITED_SIDE, round(height * EDITED_SIDE / width)))
    return coded(moved, JPEG_QUALITY)


def rows(clip: Clip, colorizer: Colorizer, wrong: np.ndarray | None) -> Iterator[tuple[str, Callable[[], Colors]]]:
    """Yield the name of each row and what makes its colours; `wrong` is a frame of another film, if any."""
    automatic = steady(clip, colorizer, MirroredColorizer(colorizer))
    last, first = len(clip.rgb) - 1, {0: clip.rgb[0]}
    yield "gray", lambda: [np.zeros_like(ab) for ab in clip.ab]
    yield "automatic", lambda: automatic
    yield "hold", lambda: [clip.ab[0]] * len(clip.ab)
    yield "DIS", lambda: carried_by_steps(clip)
    yield "reference", lambda: referenced(clip, colorizer)
    yield "first", lambda: keyed(clip.grays, automatic, first)
    yield "first, edited", lambda: keyed(clip.grays, automatic, {0: edited(clip.rgb[0])})
    if wrong is not None:
        yield "first, wrong", lambda: keyed(clip.grays, automatic, {0: wrong})
    yield "first and last", lambda: keyed(clip.grays, automatic, {**first, last: clip.rgb[last]})
    yield "every 25", lambda: keyed(clip.grays, automatic, {i: clip.rgb[i] for i in range(0, last + 1, EVERY)})
    yield "true", lambda: clip.ab


def score(clip: Clip, colors: Colors) -> Row:
    """Score one row on all frames but the first, which is a key frame, and `CIEDE_EVERY`th for CIEDE2000.

    Pairs of frames of which every pixel is hidden have no warp error and are not counted; None if all are so.
    """
    cdc, found = ColorDistributionConsistency(), []
    for index, (true, ab, rgb) in enumerate(zip(clip.ab, colors, clip.rgb, strict=True)):
        made = with_chroma(clip.grays[index].astype(np.float32) / 255, ab)
        cdc.update(made)
        if index:
            values: Row = {
                "psnr": metrics.psnr(rgb, made),
                "psnr_overflowing": overflowing_psnr(rgb, made),
                "psnr_ab": metrics.psnr_ab(true, ab),
                "colorfulness": metrics.colorfulness(made),
                "chroma": float(np.abs(ab).mean()),
                "chroma_warp_error": warp_error(colors, clip.motions, index),
                **clip.truth[index - 1],
            }
            if index % CIEDE_EVERY == 0:
                values["ciede2000"] = metrics.mean_ciede2000(lab_from_rgb(rgb), lab_from_rgb(made))
            found.append(values)
    keys = {key for each in found for key in each}
    means = {key: mean_known(each.get(key) for each in found) for key in keys}
    for key in ("colorfulness", "chroma", "chroma_warp_error"):
        means[f"{key}_ratio"] = ratio(means[key], means.pop(f"{key}_true"))
    at_end = mean_known(ratio(each["chroma"], each["chroma_true"]) for each in found[-5:])
    return means | {"cdc": cdc.result(), "chroma_ratio_at_end": at_end}


def warp_error(colors: Colors, motions: list[Motion], index: int) -> float | None:
    """Chroma warp error from the frame before to this one; None if all of the frame before is hidden."""
    motion = motions[index - 1]
    moved = warp(np.ascontiguousarray(colors[index], np.float32), motion.flow)
    return metrics.chroma_warp_error(colors[index - 1], moved, motion.occluded)


def overflowing_psnr(true: np.ndarray, made: np.ndarray) -> float:
    """PSNR with differences and squares in uint8, as in ColorMNet's `evaluation.py`; see `WARNING`."""
    difference = true - made  # wraps
    mean = float((difference * difference).mean())
    return 60.0 if mean == 0 else float(20 * np.log10(255 / np.sqrt(mean)))


def plain_means(clips: Mapping[str, Rows]) -> Rows:
    """Mean of each score of each row over the clips that have it, ratios as well; None if none has."""
    first = next(iter(clips.values()))
    return {
        name: {key: mean_known(rows.get(name, {}).get(key) for rows in clips.values()) for key in sorted(row)}
        for name, row in first.items()
    }


def measure(
    folders: Mapping[str, Path], colorizer: Colorizer, output: Path, *, frames: int, say: Callable[[str], None]
) -> dict:
    """Measure the films of folders, write the record after each, and go on with one of the same settings.

    Args:
        folders: of videos in true colours, by the name of the set.
        colorizer: the automatic one.
        output: the JSON file.
        frames: taken from the beginning of each film.
        say: told every row.

    Raises:
        InputError: if `output` holds a record of other weights, of another number of frames, or of other films
            of the same names.
    """
    settings = {"warning": WARNING, "frames": frames, "side": SIDE, "weights": shipped_sums()}
    record: dict[str, Any] = resumed(output, settings, {"sets": {}})
    for name, folder in folders.items():
        films = films_of(folder)
        if len(films) == 1:
            say(f"{name}: one film: without another there is no wrong key frame, and no row of it")
        found = record["sets"].setdefault(name, {"clips": {}})
        clips, known = found["clips"], found.setdefault("files", {})
        sums = same_files(output, known, films)
        for index, path in enumerate(films):
            if path.stem not in clips:
                clip = read_clip(path, frames)
                wrong = next(iter_rgb(films[index - 1])) if len(films) > 1 else None
                clips[path.stem] = {row: score(clip, colors()) for row, colors in rows(clip, colorizer, wrong)}
                known |= {each.name: sums[each.name] for each in (path, films[index - 1])}
                say(f"{path.stem}: " + ", ".join(f"{k} {v['psnr_ab']:.2f}" for k, v in clips[path.stem].items()))
            found["mean"] = plain_means({film.stem: clips[film.stem] for film in films[: index + 1]})
            write_json(output, record)
    return record
