"""The numbers of pictures of more than 8 bits, of which Pillow gives 8 or leaves open which one is white."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from vidcolor_utils.stills.jpeg2000 import bits_of_jpeg2000
from vidcolor_utils.stills.profiles import DEEP
from vidcolor_utils.stills.tiff import (
    BITS_PER_SAMPLE,
    PHOTOMETRIC,
    as_stored,
    extra_alpha,
    is_swapped,
    lies_together,
)
from vidcolor_utils.system.quiet import quiet_native_logs

SAMPLE_FORMAT, SMALLEST, LARGEST = 339, 340, 341  # tags of TIFF
WHITE_IS_ZERO, SIGNED = 0, 2
Content = Callable[[], bytes]
COLOURS = ("RGB", "RGBA", "LA")  # modes that Pillow gives to what has more bits than these hold

cv2.utils.logging.setLogLevel(0)  # it has its own opinions of TIFFs, on stderr


class Pixels(NamedTuple):
    """What is read of one picture."""

    rgb: np.ndarray  # (H, W, 3) uint8 or uint16
    alpha: np.ndarray | None  # (H, W), the same dtype
    profile: bytes | None = None  # ICC, of `rgb`
    is_upright: bool = False  # already: Pillow turns a TIFF while it reads it
    bits: int = 8  # of a number in the file


def bits_of(path: Path, page: Image.Image, content: Content) -> int:
    """Tell how many bits a number has in the file, as far as its kind is known here; 8 of AVIF and HEIC.

    Args:
        path: of the file.
        page: a picture that is not loaded yet.
        content: gives all of the file, which is asked for of a JPEG 2000 alone.
    """
    if page.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]  # the header's ninth byte, after its width and height
    if page.format == "TIFF":
        return max(getattr(page, "tag_v2", {}).get(BITS_PER_SAMPLE) or (8,))
    if page.format == "JPEG2000":
        return max(bits_of_jpeg2000(content()), default=8)
    return _white_of_netpbm(page).bit_length() if page.format == "PPM" else 8


def _white_of_netpbm(page: Image.Image) -> int:
    """The largest number of a PPM, which its header names; 255 of what has none."""
    tiles = getattr(page, "tile", None)
    arguments = tiles[0].args if tiles else None
    return int(arguments[1]) if isinstance(arguments, tuple) and page.mode == "RGB" else 255


def deep_pixels(path: Path, page: Image.Image, content: Content) -> Pixels | None:
    """Read colour or alpha of more than 8 bits as 16; None where there is no more to be had than by Pillow.

    Args:
        path: of the file.
        page: a picture.
        content: gives all of the file, which is not asked for of a TIFF.
    """
    if page.mode not in COLOURS:  # four channels may be CMYK
        return None
    if page.format != "TIFF":
        with quiet_native_logs():  # libpng prints of damaged ones
            layers = _in_rgb_order(cv2.imdecode(np.frombuffer(content(), np.uint8), cv2.IMREAD_UNCHANGED))
        return None if layers is None else _taken_apart(_in_full_range(layers, page, content()), (3, False))
    if lies_together(page):
        stored = np.memmap(path, np.uint8, "r")  # a name that is not UTF-8 would take the process down
        _, found = cv2.imdecodemulti(stored, cv2.IMREAD_UNCHANGED, range=(page.tell(), page.tell() + 1))
        layers = _in_rgb_order(found[0]) if found else None
        if layers is not None:  # OpenCV turns a TIFF as well
            return _taken_apart(layers, extra_alpha(page))._replace(is_upright=True)
        return None
    return _of_planes(path, page)


def _in_rgb_order(layers: np.ndarray | None) -> np.ndarray | None:
    """Bring what OpenCV has read, (H, W) or (H, W, C), to RGB or RGBA, if it is uint16."""
    if layers is None or layers.dtype != np.uint16:
        return None
    if layers.ndim == 2:
        return np.repeat(layers[..., None], 3, axis=2)
    return cv2.cvtColor(layers, cv2.COLOR_BGRA2RGBA if layers.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _in_full_range(layers: np.ndarray, page: Image.Image, content: bytes) -> np.ndarray:
    """Make the largest number of the file, whose numbers OpenCV leaves as they are, that of 16 bits."""
    if page.format == "JPEG2000":
        whites = [2 ** min(bits, 16) - 1 for bits in bits_of_jpeg2000(content)]
    else:
        whites = [_white_of_netpbm(page) if page.format == "PPM" else DEEP]
    if all(white == DEEP for white in whites):
        return layers
    whites = whites if len(whites) == layers.shape[2] else [max(whites)] * layers.shape[2]
    steps = np.arange(DEEP + 1)
    tables = [np.minimum(np.rint(steps * (DEEP / white)), DEEP).astype(np.uint16) for white in whites]
    return np.stack([table[layers[..., channel]] for channel, table in enumerate(tables)], axis=2)


def _taken_apart(layers: np.ndarray, alpha_at: tuple[int, bool] | None) -> Pixels:
    """Take RGB and what follows it apart.

    Args:
        layers: (H, W, C) uint16.
        alpha_at: which channel is alpha, if there is so many, and whether the colours are multiplied by it.
    """
    rgb = np.ascontiguousarray(layers[..., :3])
    if alpha_at is None or alpha_at[0] >= layers.shape[2]:
        return Pixels(rgb, None)
    channel, is_multiplied = alpha_at
    alpha = layers[..., channel].copy()
    return Pixels(_divided(rgb, alpha) if is_multiplied else rgb, alpha)


def _divided(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = np.maximum(alpha, 1).astype(np.float32)[..., None] / np.float32(DEEP)
    return np.minimum(np.rint(rgb / share), DEEP).astype(np.uint16)


def _of_planes(path: Path, page: Image.Image) -> Pixels | None:
    """Read a page of a TIFF whose channels lie one after the other, of which OpenCV makes noise, as stored."""
    try:
        layers = as_stored(path, page)
    except ValueError:
        return None
    if layers.dtype != np.uint16 or layers.ndim != 3 or layers.shape[2] < 3:
        return None
    return _taken_apart(layers, extra_alpha(page))


def gray01(page: Image.Image) -> np.ndarray:
    """Read gray of more than 8 bits as float32 in [0, 1], black 0."""
    tags = getattr(page, "tag_v2", {})
    if page.mode == "F":
        values = np.nan_to_num(_stored(page, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        black, white = _float_range(values, tags)
    else:
        black, (values, white) = 0.0, _integers(page, tags)
    values -= np.float32(black)  # in place, as pictures are large
    values /= np.float32(white - black)
    np.clip(values, 0, 1, out=values)
    return np.subtract(1, values, out=values) if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else values


def _stored(page: Image.Image, kind: type) -> np.ndarray:
    """The numbers of a page of gray, of a kind that the file has, in this machine's order of bytes."""
    swapped = is_swapped(page)
    values: np.ndarray = np.asarray(page).astype(kind, copy=False)
    return values.byteswap() if swapped else values


def _float_range(values: np.ndarray, tags: dict) -> tuple[float, float]:
    """Tell which numbers of a float picture are black and white: as tagged, or the usual range that holds them."""
    if SMALLEST in tags and LARGEST in tags:
        smallest, largest = (np.ravel(tags[tag])[0] for tag in (SMALLEST, LARGEST))
        if largest > smallest:
            return float(smallest), float(largest)
    top = float(values.max(initial=0))
    return 0.0, next((white for white in (1.0, 255.0, float(DEEP)) if top <= white), max(top, 1.0))


def _integers(page: Image.Image, tags: dict) -> tuple[np.ndarray, float]:
    """Read whole numbers as float32, and tell which one is white.

    Up to 16 bits it is the largest one that there is room for. Hardly anything uses all of 32: there it is the end
    of the usual range that holds them.
    """
    bits, signed = (tags.get(BITS_PER_SAMPLE) or (16,))[0], SIGNED in (tags.get(SAMPLE_FORMAT) or ())
    # Pillow reads those of 32 bits as signed.
    integers = _stored(page, {(16, True): np.int16, (32, False): np.uint32}.get((bits, signed), np.int32))
    room, top = float(2 ** (bits - signed) - 1), float(integers.max(initial=0))
    usual = (room,) if bits <= 16 else (255.0, float(DEEP), room)
    return integers.astype(np.float32), next((white for white in usual if top <= white), max(top, float(DEEP)))
