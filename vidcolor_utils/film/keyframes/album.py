"""Pictures that came back in colour: which frames they are of, whether they fit, their chroma laid over those."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.film.keyframes.cleaning import cleaned
from vidcolor_utils.pictures.chroma import in_light_of
from vidcolor_utils.pictures.color import has_color, lab_from_rgb, luma_from_rgb, to_float01, to_uint8
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, warp
from vidcolor_utils.stills.images import is_image, read_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import is_hidden

SUFFIX = ".png"
# h-mm-ss.mmm, anywhere in a name; a date before it is none.
TIME = re.compile(r"(?<!\d)(?<!\d-)(\d{1,3})-([0-5]\d)-([0-5]\d(?:\.\d+)?+)(?!-?\d)")
ROUNDED_S = 0.0006  # by so much that time may be less than its frame's
EVEN = 2.0  # pixels over which luma is averaged before it is compared: codecs and scalers change its detail
FLAT = 0.05  # standard deviation, of 255, below which there is nothing to compare: one tone, coded
LEAST_LIKENESS = 0.6  # correlation of luma and of its edges, see `likeness`, from which a picture is of a frame
ALIGNED = 4.0  # mean difference of luma, of 255, up to which a picture lies right
UNTOUCHED = 1.0  # the same, up to which nothing was resized or coded hard
EDGE = 2  # pixels along the border of a picture that was touched: moved, it shows there what the frame does not


class KeyPicture(NamedTuple):
    """A picture in colour, and when the frame is shown that it is of."""

    path: Path
    seconds: float


def key_name(shot: int, seconds: float) -> str:
    """Name of the picture of a frame, from which `read_key_pictures` knows its time."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"shot_{shot:04d}_{minutes // 60}-{minutes % 60:02d}-{rest / 1000:06.3f}{SUFFIX}"


def time_in_name(path: Path) -> float | None:
    """Seconds that a picture's name says, None if it says none."""
    *_, found = [None, *TIME.finditer(path.stem)]
    return None if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def read_key_pictures(folder: str | Path) -> list[KeyPicture]:
    """Find those pictures of a folder that are in colour, by time; those that are still gray are left out.

    Raises:
        FileNotFoundError: if there is no such folder.
        InputError: if a picture in colour does not say its time in its name, if two say the same, or if none is
            in colour.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of key frames")
    found: dict[float, KeyPicture] = {}
    for path in sorted(path for path in folder.iterdir() if is_image(path) and not is_hidden(path)):
        if not has_color(read_image(path).rgb):
            continue
        seconds = time_in_name(path)
        if seconds is None:
            raise InputError(f"{path}: a key frame's name must hold its time, as in {key_name(1, 80.5)}")
        if seconds in found:
            raise InputError(f"{path}: of the same frame as {found[seconds].path.name}: remove one of them")
        found[seconds] = KeyPicture(path, seconds)
    if not found:
        raise InputError(f"{folder}: no picture in colour: colour some of them first")
    return [found[seconds] for seconds in sorted(found)]


def likeness(gray: np.ndarray, other: np.ndarray) -> float:
    """Tell whether two pictures, uint8 (h, w), show the same, whatever their brightness and contrast.

    Returns:
        The lower of two correlations, of luma and of its gradients, both averaged over some pixels: up to 1.
    """
    smooth = [cv2.GaussianBlur(each.astype(np.float32), (0, 0), EVEN) for each in (gray, other)]
    edges = [np.dstack([cv2.Sobel(each, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]) for each in smooth]
    return min(_correlation(*smooth), _correlation(*edges))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    flat = [float(each.std()) < FLAT for each in (first, second)]
    if any(flat):
        return float(all(flat))
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / (np.linalg.norm(first) * np.linalg.norm(second)))


def key_colors(gray: np.ndarray, rgb: np.ndarray) -> np.ndarray | None:
    """Lay the chroma of a picture over the frame that it is of.

    Args:
        gray: the frame, uint8 (h, w).
        rgb: the picture, uint8 (H, W, 3): of another size, brightness or contrast, moved by a few pixels.

    Returns:
        ab (h, w, 2) float32; None if the picture shows something else.
    """
    height, width = gray.shape
    shrinks = rgb.shape[0] > height
    rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    seen = to_uint8(luma_from_rgb(rgb))
    flow = DenseFlow(MEDIUM)(gray, seen)
    moved = np.median(flow.reshape(-1, 2), axis=0).astype(np.float32)  # as a whole, before it is compared
    whole = np.tile(moved, (height, width, 1))
    if likeness(gray, warp(seen, whole)) < LEAST_LIKENESS:
        return None
    lit = [_laid(gray, rgb, seen, each) for each in (np.zeros_like(flow), whole, flow)]
    laid, luma = next((each for each in lit if _apart(gray, each[1]) <= ALIGNED), lit[-1])
    ab = np.ascontiguousarray(lab_from_rgb(laid)[..., 1:])
    return ab if _apart(gray, luma) <= UNTOUCHED else cleaned(_without_edge(ab), gray, luma)


def _laid(gray: np.ndarray, rgb: np.ndarray, seen: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move a picture and its luma along a flow and make it as bright as a frame; see `in_light_of`."""
    return in_light_of(gray, to_float01(warp(rgb, flow)), warp(seen, flow))


def _without_edge(ab: np.ndarray) -> np.ndarray:
    """Continue colours to the border from `EDGE` pixels within, where what lies beyond it is not mixed in."""
    inner = ab[EDGE:-EDGE, EDGE:-EDGE]
    return np.pad(inner, ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), mode="edge") if inner.size else ab


def _apart(gray: np.ndarray, luma: np.ndarray) -> float:
    """The mean difference of luma, of 255."""
    return float(np.abs(gray - luma).mean())
