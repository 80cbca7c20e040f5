"""The pictures of the README: a film between gray, others' colours and the truth, and an old film in colour."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_gray, to_uint8
from vidcolor_utils.pictures.show import side_by_side, strip, to_width
from vidcolor_utils.stills.images import StillImage, write_animation, write_image
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import iter_rgb, video_info

STRIP_STEP = 18  # frames between two columns of the strip


class Excerpt(NamedTuple):
    """Which frames of a film move in a picture, how wide each panel is, and how many stand in a row."""

    start: int
    step: int
    frames: int
    width: int
    columns: int


MOVING = Excerpt(start=0, step=2, frames=45, width=280, columns=2)
OLD = Excerpt(start=170, step=2, frames=56, width=320, columns=2)  # a car comes up a road of planks, and passes


KINDS = ("breakdance", "scooter-black", "cows", "blackswan", "car-roundabout", "dog")  # the last two fail
KINDS_AT = 30  # the frame of each that is shown


def make_pictures(hiking: Path, old_film: Path, films: Path, docs: Path) -> None:
    """Colorize clips and an old film, and write `moving.webp`, `strip.jpg`, `kinds.jpg` and `old_film.webp`.

    Args:
        hiking: folder with `bw_1.mp4`, `colorized_1.mp4` (by the network of Zhang et al.) and `color_1.mp4`.
        old_film: a black-and-white film that nobody knows the colours of.
        films: folder of colour films, of which `KINDS` are shown.
        docs: folder to write to.
    """
    with tempfile.TemporaryDirectory() as folder:
        ours, old = Path(folder) / "ours.mp4", Path(folder) / "old.mp4"
        colorize_file(hiking / "bw_1.mp4", ours)
        colorize_file(old_film, old)
        shown = {
            "gray": hiking / "bw_1.mp4",
            "Zhang et al. 2016, frame by frame": hiking / "colorized_1.mp4",
            "vidcolor": ours,
            "true": hiking / "color_1.mp4",
        }
        write_moving(shown, docs / "moving.webp", MOVING)
        write_strip(shown, docs / "strip.jpg")
        write_moving({"1906": old_film, "vidcolor": old}, docs / "old_film.webp", OLD)
    write_kinds(films, docs / "kinds.jpg")


def write_kinds(films: Path, output: Path) -> None:
    """Write a picture with a column for each of `KINDS`: gray, ours and the truth."""
    rows: dict[str, list[np.ndarray]] = {"gray": [], "vidcolor": [], "true": []}
    with tempfile.TemporaryDirectory() as folder:
        for name in KINDS:
            true, ours = films / f"{name}.mp4", Path(folder) / f"{name}.mp4"
            colorize_file(true, ours)
            shown = {"true": _frame(true), "vidcolor": _frame(ours)}
            shown["gray"] = rgb_from_gray(to_uint8(luma_from_rgb(shown["true"])))
            for row, frames in rows.items():
                frames.append(shown[row])
    write_image(output, StillImage(strip(rows), None))


def _frame(film: Path) -> np.ndarray:
    return next(islice(iter_rgb(film), KINDS_AT, None))


def write_moving(films: Mapping[str, Path], output: Path, excerpt: Excerpt) -> None:
    """Write an animated WebP of films of equal length in a grid, without their black bars."""
    pictures = (grid(frames, excerpt) for frames in moments(films, excerpt))
    rate = video_info(next(iter(films.values()))).rate / excerpt.step
    write_animation(output, pictures, rate=rate, quality=60, effort=6)


def write_strip(films: Mapping[str, Path], output: Path) -> None:
    """Write a picture with a row a film, of frames that lie `STRIP_STEP` apart, without their black bars."""
    columns = list(moments(films, Excerpt(0, STRIP_STEP, 5, 0, 0)))
    write_image(output, StillImage(strip({name: [column[name] for column in columns] for name in films}), None))


def moments(films: Mapping[str, Path], excerpt: Excerpt) -> Iterator[dict[str, np.ndarray]]:
    """Yield RGB frames (H, W, 3) of films at the same moments, cut to the picture of the first film."""
    chosen = excerpt.start, excerpt.start + excerpt.step * excerpt.frames, excerpt.step
    first, *_ = films.values()
    area = find_active_area(luma_from_rgb(frame) for frame in islice(iter_rgb(first), *chosen))
    for frames in zip(*(islice(iter_rgb(path), *chosen) for path in films.values()), strict=True):
        yield {name: area.cut(frame) for name, frame in zip(films, frames, strict=True)}


def grid(frames: Mapping[str, np.ndarray], excerpt: Excerpt) -> np.ndarray:
    """Lay RGB frames out in rows, each under its name."""
    named = [(name, to_width(frame, excerpt.width)) for name, frame in frames.items()]
    rows = [named[start : start + excerpt.columns] for start in range(0, len(named), excerpt.columns)]
    return np.concatenate([side_by_side(dict(row)) for row in rows])
