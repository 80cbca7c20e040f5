"""What comes with a picture: date, description, camera, resolution, profile; kept from file to file."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from PIL import Image, PngImagePlugin

from vidcolor_utils.pictures.orientation import UPRIGHT, Orientation

ORIENTATION, XMP = 0x0112, 700
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
# Tags of the first directory that describe a picture rather than how it is stored: document name, description,
# make, model, page name, software, date, artist, host, copyright, rating.
DESCRIPTIVE = (0x010D, 0x010E, 0x010F, 0x0110, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x8298)
# EXIF's numbers, each with the quarter turns and the mirroring that make the picture upright.
ORIENTATIONS = {
    1: UPRIGHT,
    2: Orientation(0, mirrored=True),
    3: Orientation(180),
    4: Orientation(180, mirrored=True),
    5: Orientation(270, mirrored=True),
    6: Orientation(270),
    7: Orientation(90, mirrored=True),
    8: Orientation(90),
}
MOST_DPI = 1e6
NO_RESOLUTION = ((1, 1), (0, 0))  # what Pillow says of files that do not say
PNG_OWN_TEXTS = ("XML:com.adobe.xmp",)


class Notes(NamedTuple):
    """What a file says of a picture beside its pixels."""

    exif: Image.Exif | None = None  # without what belongs to how the source was stored; its orientation is upright
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    comment: bytes | None = None
    texts: tuple[tuple[str, str], ...] = ()  # those of PNG: title, author and the like
    profile: bytes | None = None  # ICC, of the pixels as they were given out
    is_whole: bool = True  # or some of EXIF is damaged, and left out


def orientation_of(image: Image.Image) -> Orientation:
    """Tell how a picture is to be turned and mirrored."""
    return ORIENTATIONS.get(image.getexif().get(ORIENTATION, 1), UPRIGHT)


def notes_of(image: Image.Image, profile: bytes | None) -> Notes:
    """Read what comes with a picture.

    Args:
        image: as opened.
        profile: of its pixels, as they are given out.
    """
    texts = {name: text for name, text in getattr(image, "text", {}).items() if name not in PNG_OWN_TEXTS}
    exif, is_whole = _exif_of(image)
    return Notes(
        exif=exif,
        is_whole=is_whole,
        dpi=_dpi(image.info.get("dpi")),
        xmp=_bytes(image.info.get("xmp")),
        comment=_bytes(image.info.get("comment")),
        texts=tuple((name, str(text)) for name, text in texts.items()),
        profile=profile,
    )


def _dpi(found: tuple | None) -> tuple[float, float] | None:
    """Keep a resolution, in pixels per inch, if it is one."""
    if found is None:
        return None
    across, down = map(float, found)
    is_one = all(math.isfinite(each) and 0 < each < MOST_DPI for each in (across, down))
    return (across, down) if is_one and (round(across), round(down)) not in NO_RESOLUTION else None


def _exif_of(image: Image.Image) -> tuple[Image.Exif | None, bool]:
    """Read what of EXIF can be written again, and tell whether that is all that was to be kept."""
    source, kept = image.getexif(), Image.Exif()
    found: dict[int | None, dict[int, Any]] = {None: {tag: source[tag] for tag in DESCRIPTIVE if tag in source}}
    found |= {directory: dict(source.get_ifd(directory)) for directory in (EXIF_IFD, GPS_IFD)}
    is_whole = True
    for directory, values in found.items():
        for tag, value in values.items():
            can_be_kept = _put(Image.Exif(), directory, tag, value)
            is_whole = is_whole and can_be_kept
            if can_be_kept:
                _put(kept, directory, tag, value)
    if not dict(kept) and not kept.get_ifd(EXIF_IFD) and not kept.get_ifd(GPS_IFD):
        return None, is_whole
    if image.format != "TIFF" or ORIENTATION in source:
        kept[ORIENTATION] = 1
    return kept, is_whole


def _put(exif: Image.Exif, directory: int | None, tag: int, value: Any) -> bool:
    """Put a value into a directory, and tell whether EXIF with it can be written: not where it is damaged.

    Pillow takes texts for Latin-1, whatever they are, and writes ASCII: others go in as the bytes they were.
    """
    is_foreign = isinstance(value, str) and not value.isascii()
    place = exif if directory is None else exif.get_ifd(directory)
    place[tag] = value.encode("latin-1", "replace") if is_foreign else value
    try:
        exif.tobytes()
    except Exception:  # Pillow raises whatever it stumbles over
        return False
    return True


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value or None


def directories_of(notes: Notes) -> list[tuple[int, dict[int, Any]]]:
    """What EXIF keeps in directories of its own: the tag that says where one is, and what is in it."""
    if notes.exif is None:
        return []
    found = ((tag, dict(notes.exif.get_ifd(tag))) for tag in (EXIF_IFD, GPS_IFD))
    return [(tag, directory) for tag, directory in found if directory]


def save_options(notes: Notes, image_format: str) -> dict[str, Any]:
    """Arguments for Pillow's `save` that keep notes, as far as a format holds them."""
    options: dict[str, Any] = {
        "exif": notes.exif,
        "dpi": notes.dpi,
        "xmp": notes.xmp,
        "comment": notes.comment if image_format == "JPEG" else None,
        "icc_profile": notes.profile,
    }
    if image_format == "PNG":
        options["pnginfo"] = _png_info(notes)
    return {name: value for name, value in options.items() if value is not None}


def _png_info(notes: Notes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, text in notes.texts:
        info.add_itxt(name, text)
    if notes.xmp:
        info.add_itxt(PNG_OWN_TEXTS[0], notes.xmp.decode("utf-8", "replace"))
    return info
