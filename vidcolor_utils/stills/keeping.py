"""Which notes a format holds, how Pillow is told them, and what is said of those that are lost."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from PIL import Image, PngImagePlugin

from vidcolor_utils.stills.notes import (
    EXIF_IFD,
    GPS_IFD,
    INCH,
    ORIENTATION,
    PHOTOSHOP_IPTC,
    PNG_OWN_TEXTS,
    RESOLUTION,
    RESOLUTION_DOWN,
    RESOLUTION_UNIT,
    Notes,
)

# Of EXIF, what says nothing of the picture: its version, components, version of Flashpix, colour space, size.
TECHNICAL = {0x9000, 0x9101, 0xA000, 0xA001, 0xA002, 0xA003}
SCREENS = (72, 96)  # resolutions that programs write which know none
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif"}  # of formats to be named
BARE = ("BMP", "TGA", "PPM", "JPEG2000")  # as Pillow writes them without notes and without a profile
SEGMENT_BYTES = 65533  # of a JPEG, at most
XMP_HEAD_BYTES = 29  # what stands before XMP in one
COMMENT_TEXT = "Comment"  # of a PNG


class Kind(NamedTuple):
    """A kind of notes."""

    name: str
    formats: tuple[str, ...]  # that hold it


NOTES = Kind("notes (date, description and the like)", ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"))
IPTC_NOTES = Kind("IPTC notes", ("JPEG", "TIFF"))
COMMENT = Kind("comment", ("JPEG", "PNG", "JPEG2000"))
TEXTS = Kind("texts of a PNG", ("PNG",))
DENSITY = Kind("resolution", ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "BMP"))


def lost_notes(notes: Notes, image_format: str) -> list[str]:
    """Say in one sentence what of the notes a format does not hold; nothing if nothing is lost."""
    lost = [kind for kind in _kinds_in(notes) if image_format not in kind.formats]
    if not lost:
        return []
    names = [NOTES.name if image_format in BARE and kind != DENSITY else kind.name for kind in lost]
    holding = [suffix for name, suffix in SUFFIXES.items() if all(name in kind.formats for kind in lost)]
    named = ", ".join(f"a {suffix}" for suffix in holding)
    advice = f": {' or '.join(named.rsplit(', ', 1))} holds them" if holding else ""
    return [f"has no {' and no '.join(dict.fromkeys(names))}{advice}"]


def _kinds_in(notes: Notes) -> list[Kind]:
    found = {
        NOTES: bool(notes.xmp) or _says_something(notes.exif),
        IPTC_NOTES: bool(notes.iptc),
        COMMENT: bool(notes.comment),
        TEXTS: bool(notes.texts),
        DENSITY: notes.dpi is not None and tuple(map(round, notes.dpi)) not in [(each, each) for each in SCREENS],
    }
    return [kind for kind, is_there in found.items() if is_there]


def _says_something(exif: Image.Exif | None) -> bool:
    if exif is None:
        return False
    tags = set(exif) - {ORIENTATION, EXIF_IFD, GPS_IFD}
    return bool(tags or set(exif.get_ifd(EXIF_IFD)) - TECHNICAL or exif.get_ifd(GPS_IFD))


def save_options(notes: Notes, image_format: str) -> dict[str, Any]:
    """Arguments for Pillow's `save` that keep notes, as far as a format holds them."""
    options: dict[str, Any] = {
        "exif": notes.exif,
        "dpi": notes.dpi,
        "xmp": notes.xmp,
        "comment": notes.comment if image_format in ("JPEG", "JPEG2000") else None,
        "icc_profile": notes.profile,
    }
    if image_format == "PNG":
        options["pnginfo"] = _png_info(notes)
    if image_format == "JPEG" and notes.iptc:
        options["extra"] = _segment_of_iptc(notes.iptc)
    if image_format in ("WEBP", "AVIF") and notes.dpi:
        options["exif"] = _with_resolution(notes.exif, notes.dpi)
    return {name: value for name, value in options.items() if value is not None}


def too_long(options: dict[str, Any]) -> list[str]:
    """Take out what does not fit into a segment of a JPEG, and name it."""
    exif = options["exif"].tobytes() if "exif" in options else b""
    lengths = {
        "xmp": len(options.get("xmp", b"")) + XMP_HEAD_BYTES,
        "exif": len(exif),
        "comment": len(options.get("comment", b"")),
        "extra": len(options.get("extra", b"")) - 4,  # its marker and its length
    }
    names = [name for name, length in lengths.items() if name in options and length > SEGMENT_BYTES]
    for name in names:
        del options[name]
    return ["IPTC" if name == "extra" else name.upper() for name in names]


def _with_resolution(exif: Image.Exif | None, dpi: tuple[float, float]) -> Image.Exif:
    """EXIF with a resolution, for formats that have no other place for it."""
    copy = Image.Exif()
    if exif is not None:
        copy.update(exif)
        for directory in (EXIF_IFD, GPS_IFD):
            copy.get_ifd(directory).update(exif.get_ifd(directory))
    copy[RESOLUTION], copy[RESOLUTION_DOWN] = dpi
    copy[RESOLUTION_UNIT] = INCH
    return copy


def _segment_of_iptc(iptc: bytes) -> bytes:
    """A segment of a JPEG with IPTC as the one resource of Photoshop's; what is too long has a wrong length."""
    resource = b"8BIM" + struct.pack(">HHI", PHOTOSHOP_IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    content = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", min(len(content) + 2, 0xFFFF)) + content


def _png_info(notes: Notes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, text in notes.texts:
        info.add_itxt(name, text)
    if notes.comment and COMMENT_TEXT not in dict(notes.texts):
        info.add_itxt(COMMENT_TEXT, notes.comment.decode("utf-8", "replace"))
    if notes.xmp:
        info.add_itxt(PNG_OWN_TEXTS[0], notes.xmp.decode("utf-8", "replace"))
    return info
