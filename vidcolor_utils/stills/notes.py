"""What comes with a picture: date, description, camera, resolution, profile."""

from __future__ import annotations

import math
import re
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from PIL import Image, TiffImagePlugin

from vidcolor_utils.pictures.orientation import UPRIGHT, Orientation

ORIENTATION, XMP, IPTC, PHOTOSHOP_IPTC = 0x0112, 700, 33723, 0x0404
EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 0x8769, 0x8825, 0xA005
RESOLUTION, RESOLUTION_DOWN, RESOLUTION_UNIT, INCH, CENTIMETRE = 0x011A, 0x011B, 0x0128, 2, 3
WINDOWS_TEXTS = (0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F)  # title, comment, author, keywords, subject: UTF-16
# Tags of the first directory that describe a picture rather than how it is stored: document name, description,
# make, model, page name, software, date, artist, host, copyright, rating.
DESCRIPTIVE = (
    *(0x010D, 0x010E, 0x010F, 0x0110, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x8298),
    *WINDOWS_TEXTS,
)
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
PNG_OWN_TEXTS = ("XML:com.adobe.xmp", "Raw profile type exif")  # read as what they hold
BY_PROGRAMS = (b"Created by OpenJPEG", b"Kakadu")  # how comments begin that nobody has written


class Notes(NamedTuple):
    """What a file says of a picture beside its pixels."""

    exif: Image.Exif | None = None  # without what belongs to how the source was stored; its orientation is upright
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    comment: bytes | None = None
    iptc: bytes | None = None  # IIM datasets
    texts: tuple[tuple[str, str], ...] = ()  # those of PNG: title, author and the like
    profile: bytes | None = None  # ICC, of the pixels as they were given out
    is_whole: bool = True  # or some of EXIF is damaged, and left out


def orientation_of(image: Image.Image) -> Orientation:
    """Tell how a picture is to be turned and mirrored."""
    return ORIENTATIONS.get(exif_of(image)[0].get(ORIENTATION, 1), UPRIGHT)


def exif_of(image: Image.Image) -> tuple[Image.Exif, bool]:
    """Read EXIF, and tell whether it can be read; of what is damaged at its head nothing can."""
    if "exif" in image.info:
        image._exif = None  # or where it has stumbled before it would say that there is none
    try:
        return image.getexif(), True
    except MemoryError:
        raise
    except Exception:  # Pillow raises whatever it stumbles over
        return Image.Exif(), False


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
        dpi=_dpi(image.info.get("dpi") or _dpi_of_exif(exif_of(image)[0])),
        xmp=_upright_xmp(_bytes(image.info.get("xmp"))),
        comment=_comment(_bytes(image.info.get("comment"))),
        iptc=_iptc(image),
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


def _dpi_of_exif(exif: Image.Exif) -> tuple | None:
    inches = {INCH: 1.0, CENTIMETRE: 2.54}.get(exif.get(RESOLUTION_UNIT, INCH))
    found = [exif.get(tag) for tag in (RESOLUTION, RESOLUTION_DOWN)]
    try:
        return None if inches is None or None in found else tuple(float(each or 0) * inches for each in found)
    except (TypeError, ValueError, ZeroDivisionError):  # it is damaged
        return None


def _upright_xmp(xmp: bytes | None) -> bytes | None:
    """Make the orientation that XMP tells, in an attribute or an element, that of an upright picture."""
    if xmp is None:
        return None
    named = re.search(rb"xmlns:([\w.-]+)\s*=\s*[\"']http://ns\.adobe\.com/tiff/1\.0/[\"']", xmp)
    name = re.escape(named[1] if named else b"tiff") + b":Orientation"
    return re.sub(rb"(<%b[^<>]*>\s*|\b%b\s*=\s*[\"']\s*)[2-8]" % (name, name), rb"\g<1>1", xmp)


def _comment(comment: bytes | None) -> bytes | None:
    return None if comment is None or comment.startswith(BY_PROGRAMS) else comment


def _iptc(image: Image.Image) -> bytes | None:
    """Find what a JPEG or a TIFF says in IPTC's way; what is damaged is none."""
    try:
        found = _stored_iptc(image)
    except Exception:  # Pillow raises whatever it stumbles over
        return None
    return found if isinstance(found, bytes) and found.strip(b"\0") else None


def _stored_iptc(image: Image.Image) -> Any:
    """Find it by itself, or among Photoshop's resources."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # Some call it numbers of 4 bytes, of which Pillow gives the first: it reads them itself in this way.
        found = image.tag_v2._tagdata.get(IPTC)
        return found or image.get_photoshop_blocks().get(PHOTOSHOP_IPTC, {}).get("data")
    return image.info.get("photoshop", {}).get(PHOTOSHOP_IPTC)


def _exif_of(image: Image.Image) -> tuple[Image.Exif | None, bool]:
    """Read what of EXIF can be written again, and tell whether that is all that was to be kept."""
    (source, is_whole), kept = exif_of(image), Image.Exif()
    found: dict[int | None, dict[int, Any]] = {None: {tag: source[tag] for tag in DESCRIPTIVE if tag in source}}
    found |= {directory: dict(source.get_ifd(directory)) for directory in (EXIF_IFD, GPS_IFD)}
    found[EXIF_IFD].pop(INTEROPERABILITY_IFD, None)  # a place in the source
    for directory, values in found.items():
        for tag, value in values.items():
            stored = _as_stored(value)
            if _can_be_written(directory, tag, stored):
                _directory(kept, directory)[tag] = stored
            else:
                is_whole = False
    if not dict(kept) and not kept.get_ifd(EXIF_IFD) and not kept.get_ifd(GPS_IFD):
        return None, is_whole
    if image.format != "TIFF" or ORIENTATION in source:
        kept[ORIENTATION] = 1
    return kept, is_whole


def _as_stored(value: Any) -> Any:
    """Give a text in other letters as the bytes it was: Pillow takes it for Latin-1, and would write ASCII."""
    is_foreign = isinstance(value, str) and not value.isascii()
    return value.encode("latin-1", "replace") if is_foreign else value


def _directory(exif: Image.Exif, directory: int | None) -> MutableMapping[int, Any]:
    return exif if directory is None else exif.get_ifd(directory)


def _can_be_written(directory: int | None, tag: int, value: Any) -> bool:
    """Tell whether EXIF with a value in it can be written: not where it is damaged."""
    exif = Image.Exif()
    _directory(exif, directory)[tag] = value
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
