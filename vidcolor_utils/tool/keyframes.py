"""Write the frames of a film that are worth colouring by hand, as gray pictures, with a page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.film.keyframes.choose import Chosen, choose, find_shots
from vidcolor_utils.pictures.chroma import shown_luma
from vidcolor_utils.pictures.color import rgb_from_gray, to_uint8
from vidcolor_utils.stills.images import StillImage, read_image, write_image
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.files import finished_file, writing
from vidcolor_utils.system.options import Within, check_option
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.times import time_text
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.files import frame_at
from vidcolor_utils.video.formats import LumaFrame
from vidcolor_utils.video.reader import VideoReader

PAGE = "index.html"
HEAD = """<!doctype html>
<meta charset="utf-8">
<title>Key frames of {name}</title>
<style>
body {{ font: 15px system-ui, sans-serif; margin: 2rem; background: #fff; color: #24292f }}
figure {{ display: inline-block; margin: 0 1rem 1.5rem 0; vertical-align: top }}
img {{ display: block; width: 20rem; height: auto }}
figcaption {{ margin-top: .3rem }}
</style>
<h1>Key frames of {name}</h1>
<p>Colour any of these pictures, keep their names, and give this folder to <code>vidcolor colorize</code>.</p>
"""
START = HEAD.partition("{name}")[0]  # by which a page of an earlier run is known
FIGURE = '<figure><img src="{file}" alt="{name}"><figcaption>{name}</figcaption></figure>\n'


class KeyFrames(NamedTuple):
    """What was written: the folder, and the frames."""

    folder: Path
    chosen: list[Chosen]
    kept: list[Path]  # pictures that were there already, in colour, and stay as they are


def write_key_frames(
    source: str | Path,
    folder: str | Path,
    *,
    every: int | None = None,
    per_shot: int | None = None,
    at: Sequence[float] = (),
    progress: Progress = silent,
) -> KeyFrames:
    """Write frames of a film as gray PNG files to be coloured, and `index.html`, which shows them.

    A picture that is there already in colour is kept.

    Args:
        source: the film, or an animation.
        folder: where to write; it is made if it is missing.
        every: the first frame of each shot and every so many after it, instead of those that reach most.
        per_shot: how many of each shot; if not given, as many as its motion asks for.
        at: times in seconds of frames to write, instead of any choice.
        progress: called after every frame that is looked at.

    Raises:
        FileNotFoundError, InputError: as `VideoReader` does, if the film ends before a time, and if there is an
            `index.html` that somebody else wrote.
        OptionError: if `every` or `per_shot` is no whole number above 0, a time is below 0, or more than one of
            the three is given.
        OutputError: if the folder cannot be written to.

    Example:
        write_key_frames("film.mp4", "keys", per_shot=2)
    """
    source, folder = Path(source), Path(folder)
    times = _checked_choice(every, per_shot, at)
    _check_page(folder / PAGE)
    with film_to_look_at(source) as film:
        chosen = [] if times else choose(list(find_shots(film, progress)), per_shot=per_shot, every=every)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with VideoReader(film) as reader:
            chosen = chosen or [Chosen(0, frame_at(reader, seconds).seconds) for seconds in sorted(times)]
            kept = [path for path in (_written(each, folder, reader) for each in chosen) if path is not None]
    with finished_file(folder / PAGE) as part, writing(folder / PAGE):
        part.write_text(_page(source.name, chosen), "utf-8")
    return KeyFrames(folder, chosen, kept)


def _check_page(page: Path) -> None:
    """Check that a page that is there was written here."""
    if page.is_file() and not page.read_bytes().startswith(START.encode()):
        raise InputError(f"{page}: is there and no page of key frames: remove it or name another folder")


def _checked_choice(every: int | None, per_shot: int | None, at: Sequence[float]) -> list[float]:
    """Check that one way to choose frames is asked for, at most; returns the times."""
    for name, value in (("every", every), ("per_shot", per_shot)):
        if value is not None:
            check_option(name, value, Within(1, whole=True))
    times = [check_option("at", seconds, Within(0)) for seconds in at]
    if sum(map(bool, (every, per_shot, times))) > 1:
        raise OptionError("`every`, `per_shot` and `at` choose frames in different ways. Give one of them")
    return times


def _written(each: Chosen, folder: Path, reader: VideoReader) -> Path | None:
    """Write a frame of an open film, or return the picture of it that is there already, in colour."""
    path = folder / key_name(*each)
    if path.exists() and _is_touched(path):
        return path
    write_image(path, StillImage(gray_picture(next(reader.frames_from(each.seconds)), reader), None))
    return None


def _is_touched(path: Path) -> bool:
    """Tell whether a picture has any colour, be it one stroke: as they are written, all are gray."""
    return bool(np.ptp(read_image(path).rgb, axis=-1).any())


def gray_picture(frame: LumaFrame, reader: VideoReader) -> np.ndarray:
    """Make a frame of an open film a picture as it is shown, gray: RGB uint8 (H, W, 3)."""
    luma = shown_luma(reader.info.luma01(frame.luma), reader.colors.transfer)
    return rgb_from_gray(to_uint8(reader.info.orientation.upright(luma)))


def _page(name: str, chosen: list[Chosen]) -> str:
    figures = (FIGURE.format(file=key_name(*each), name=_name(each)) for each in chosen)
    return HEAD.format(name=escape(name)) + "".join(figures)


def _name(frame: Chosen) -> str:
    shot = f"Shot {frame.shot}, " if frame.shot else ""  # nobody looked for shots
    return f"{shot}{time_text(frame.seconds)}"
