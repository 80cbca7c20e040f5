"""What only TIFFs have: pages of many kinds, channels that are no colour, pictures that lie on their side."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, cast

import numpy as np
from PIL import Image, TiffImagePlugin

from vidcolor_utils.system.errors import InputError

BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, PLANAR, EXTRA_SAMPLES = 258, 262, 274, 284, 338  # tags
SUBFILE_TYPE, STRIP_OFFSETS, TILE_OFFSETS, SUB_IFDS, DNG_VERSION = 254, 273, 324, 330, 50706
TOGETHER = 1  # of PLANAR: the numbers of a pixel lie side by side
REDUCED, MASK = 1, 4  # of SUBFILE_TYPE: a small copy of another page; what of another page is to be seen
MASK_PHOTOMETRIC = 4
MULTIPLIED, SEPARATE = 1, 2  # of EXTRA_SAMPLES: alpha
RAW = "a raw photograph: develop it to a TIFF first"
UNREAD = "a TIFF of a kind that is not read: save it as RGB or gray of 8 or 16 bits, without other channels"
SENSORS = (32803, 34892)  # of PHOTOMETRIC: a colour filter array, and what is made of it

BIG_ENDIAN = b"MM"
# Whole numbers without a sign, of gray, that Pillow 13 opens in the other order of bytes only.
TiffImagePlugin.OPEN_INFO.setdefault((BIG_ENDIAN, 0, (1,), 1, (16,), ()), ("I;16B", "I;16B"))
TiffImagePlugin.OPEN_INFO.setdefault((BIG_ENDIAN, 1, (1,), 1, (32,), ()), ("I", "I;32BS"))

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it thinks of damaged files goes to nobody


def pictures_of(path: Path, image: Image.Image, said: list[str]) -> Iterator[Image.Image]:
    """Turn to each page that is a picture of its own.

    Small copies of others are passed over, wherever they are; if there is nothing else, the first is given.

    Args:
        path: of the file, for messages.
        image: as opened; what is yielded is this, turned to another page.
        said: gets a sentence for each page that is left out though it is no copy.

    Raises:
        InputError: if it holds what a sensor has seen, which is no picture yet.
        OSError, SyntaxError, TypeError, ValueError: if a page is damaged.
    """
    if DNG_VERSION in _tags(image):
        raise InputError(f"{path}: {RAW}")
    is_found = False
    for _ in _page_numbers(path, image, said):
        if not _is_reduced(image):
            is_found = True
            yield image
    if is_found:
        return
    image.seek(0)
    if SUB_IFDS in _tags(image):
        raise InputError(f"{path}: {RAW}")
    yield image


def is_raw(path: Path) -> bool:
    """Tell whether a file that Pillow does not know is a TIFF of what a sensor has seen."""
    import tifffile  # see `as_stored`

    try:
        with tifffile.TiffFile(path) as file:
            tags = file.pages[0].aspage().tags
            return DNG_VERSION in tags or tags.valueof(PHOTOMETRIC) in SENSORS
    except Exception:  # it is none, or damaged
        return False


def is_unread(path: Path) -> bool:
    """Tell whether a file that Pillow does not know is a whole TIFF, as of floats in colour."""
    import tifffile  # see `as_stored`

    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0].aspage()
            place, length = page.dataoffsets[-1], page.databytecounts[-1]
            return place > 0 and place + length <= path.stat().st_size and bool(page.shape)
    except Exception:  # it is none, or damaged
        return False


def _page_numbers(path: Path, image: Image.Image, said: list[str]) -> Iterator[int]:
    """Turn to one page after the other, but for those of kinds that are not read."""
    for number in count():
        try:
            image.seek(number)
        except EOFError:
            return
        except (SyntaxError, KeyError):  # in this way Pillow says that it knows no such page
            if not _is_whole(image):
                raise
            _leave_out(path, image, number, said)
            continue
        if _is_mask(image):
            _leave_out(path, image, number, said)
        else:
            yield number


def _leave_out(path: Path, image: Image.Image, number: int, said: list[str]) -> None:
    if not _is_reduced(image):
        kind = "a mask" if _is_mask(image) else "of a kind that is not read"
        said.append(f"{path}: page {number + 1} is {kind}, and left out")


def _tags(page: Image.Image) -> dict:
    return getattr(page, "tag_v2", {})


def _is_whole(page: Image.Image) -> bool:
    tags = _tags(page)
    return PHOTOMETRIC in tags and (STRIP_OFFSETS in tags or TILE_OFFSETS in tags)


def _is_reduced(page: Image.Image) -> bool:
    return bool(_tags(page).get(SUBFILE_TYPE, 0) & REDUCED)


def _is_mask(page: Image.Image) -> bool:
    return bool(_tags(page).get(SUBFILE_TYPE, 0) & MASK) or _tags(page).get(PHOTOMETRIC) == MASK_PHOTOMETRIC


def extra_alpha(page: Image.Image) -> tuple[int, bool] | None:
    """Tell which channel of an RGB page is alpha, and whether the colours are multiplied by it.

    A fourth channel of which nothing is said is taken for alpha, as Pillow does it.
    """
    extras = _tags(page).get(EXTRA_SAMPLES) or (SEPARATE,)
    return next(
        ((3 + at, kind == MULTIPLIED) for at, kind in enumerate(extras) if kind in (MULTIPLIED, SEPARATE)), None
    )


def as_stored(path: Path, page: Image.Image) -> np.ndarray:
    """Read a page without turning it, (H, W) or (H, W, C).

    Raises:
        ValueError: if it is coded in a way that only Pillow reads.
    """
    import tifffile  # here and not above: that takes 30 ms, and films do without

    values = tifffile.imread(path, key=page.tell())
    return values if lies_together(page) else np.ascontiguousarray(np.moveaxis(values, 0, -1))


def lies_together(page: Image.Image) -> bool:
    """Tell whether the numbers of a pixel lie side by side, rather than each channel by itself."""
    return _tags(page).get(PLANAR, TOGETHER) == TOGETHER


def is_mixed_up(page: Image.Image) -> bool:
    """Tell whether Pillow 13 mixes up the rows of a page: an uncompressed one that is to be turned on its side."""
    return page.info.get("compression") == "raw" and _tags(page).get(ORIENTATION, 1) > 4


def is_swapped(page: Image.Image) -> bool:
    """Tell, of a page that is not read yet, whether Pillow 13 swaps bytes that libtiff has swapped already."""
    if not (isinstance(page, TiffImagePlugin.TiffImageFile) and page.tile):
        return False
    codec, _, _, arguments = page.tile[0]
    return codec == "libtiff" and (arguments or ("",))[0] in ("F;32BF", "I;16BS", "I;32BS")


def as_upright(path: Path, page: Image.Image) -> Image.Image:
    """Open a page as if it were stored upright, in whatever mode it is; no other one is read."""
    import tifffile  # see `as_stored`

    with path.open("rb") as stored:
        content = mmap.mmap(stored.fileno(), 0, access=mmap.ACCESS_COPY)  # what is changed is changed in memory
    with tifffile.TiffFile(path) as file:
        tag = file.pages[page.tell()].aspage().tags[ORIENTATION]
        upright = (1).to_bytes(tag.valuebytecount, "little")
        place = slice(tag.valueoffset, tag.valueoffset + tag.valuebytecount)
        content[place] = upright if file.byteorder == "<" else upright[::-1]
    copy = Image.open(cast(IO[bytes], content), formats=("TIFF",))  # it reads and seeks as files do
    copy.seek(page.tell())
    return copy
