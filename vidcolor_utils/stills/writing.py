"""Write pictures with all that comes with them, in 16 bits where the format has them."""

from __future__ import annotations

import errno
import io
import os
import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from vidcolor_utils.stills.keeping import BARE, lost_notes, save_options, too_long
from vidcolor_utils.stills.notes import DESCRIPTIVE, IPTC, WINDOWS_TEXTS, XMP, Notes, directories_of
from vidcolor_utils.stills.profiles import in_srgb, is_srgb
from vidcolor_utils.stills.still import StillImage
from vidcolor_utils.system.errors import NO_MEMORY, NoMemoryError, OutputError

if TYPE_CHECKING:
    import tifffile

SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "AVIF": {"quality": 90, "subsampling": "4:4:4"},
    "JPEG2000": {"irreversible": False},
}
OPAQUE = ("JPEG", "BMP", "PPM")  # no alpha in these
PNG_SIGNATURE_BYTES, PNG_HEADER_BYTES = 8, 25
BYTE_TYPE, TEXT_TYPE, SHORT_TYPE, LONG_TYPE, UNDEFINED_TYPE = 1, 2, 3, 4, 7  # of TIFF's fields
LONG8_TYPE = 16  # of BigTIFF
HEAD, BIG_HEAD = b"II*\0" + bytes(4), b"II+\0\x08\0\0\0" + bytes(8)
LARGEST_SHORT = 65535
LARGEST_TIFF = 4_200_000_000  # bytes of pictures: places are told in 32 bits, and there are notes as well
FULL = 1 << 20  # bytes: a disk with less is one


def format_of(path: Path) -> str:
    """Pillow's name of the format that a suffix stands for."""
    Image.init()
    return {".jfif": "JPEG", ".jpe": "JPEG"}.get(path.suffix.lower()) or Image.EXTENSION[path.suffix.lower()]


class PageWriter:
    """Writes pictures to one file, each when it comes; only a TIFF holds more than one. Use as a context manager.

    What raises leaves a file that is not whole.

    Args:
        path: the file; its suffix says the format.
        shown: how messages call it.
        room: bytes that its pictures take; beyond 4 GB a TIFF is a BigTIFF.

    Raises:
        OutputError: if the file cannot be written; from every method.
    """

    def __init__(self, path: Path, *, shown: Path | None = None, room: int = 0):
        self._is_big = room > LARGEST_TIFF
        self._path, self._shown, self._format = path, shown or path, format_of(path)
        self._lost: list[str] = []
        self._count = 0
        self._directories: list[tuple[int, int, Mapping[int, Any]]] = []  # page, tag, what is in it
        self._tiff: tifffile.TiffWriter | None = None

    def __enter__(self) -> PageWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError):  # what went wrong before is what counts
            self._close()

    @property
    def is_full(self) -> bool:
        """Whether the file holds no more pages."""
        return self._format != "TIFF" and self._count > 0

    def add(self, image: StillImage) -> None:
        """Write the next page, 8 bits or 16 as it has them."""
        with encoding_errors(self._path, self._shown):
            self._lost += lost_notes(image.notes, self._format)
            if self._format == "TIFF":
                self._add_to_tiff(image)
            else:
                self._lost += _save_one(self._path, image, self._format)
        self._count += 1

    def finish(self, pages: int) -> list[str]:
        """Complete the file; return a sentence for each thing that it does not have.

        Args:
            pages: that there were to write.
        """
        with encoding_errors(self._path, self._shown):
            self._close()
            for place in self._directories:
                _append_directory(self._path, *place, is_big=self._is_big)
        first = f"has the first of {pages} pages: a file that ends in .tif holds all of them"
        lost = [first] if self.is_full and pages > 1 else []
        return [f"{self._shown}: {text}" for text in (*lost, *dict.fromkeys(self._lost))]

    def _add_to_tiff(self, image: StillImage) -> None:
        """Write a page with its own notes, which Pillow does not do."""
        import tifffile  # see `tiff.as_stored`

        self._tiff = self._tiff or tifffile.TiffWriter(self._path, bigtiff=self._is_big, byteorder="<")
        layers = image.rgb if image.alpha is None else np.dstack([image.rgb, image.alpha])
        extra = None if image.alpha is None else ["unassalpha"]
        notes = _tiff_notes(image.notes)
        self._tiff.write(layers, photometric="rgb", extrasamples=extra, metadata=None, **notes)
        self._directories += [(self._count, *found) for found in directories_of(image.notes)]

    def _close(self) -> None:
        if self._tiff is not None:
            self._tiff.close()
            self._tiff = None


@contextmanager
def encoding_errors(path: Path, shown: Path) -> Iterator[None]:
    """Turn what is raised while a file is written into `OutputError` or `NoMemoryError`, which call it `shown`."""
    try:
        yield
    except OutputError:
        raise
    except MemoryError:
        raise NoMemoryError(f"{shown}: {NO_MEMORY}") from None
    except Exception as error:  # encoders raise whatever they like at what they do not take
        raise OutputError(f"{shown}: cannot be written ({reason_of(path, error)})") from None


def reason_of(path: Path, error: Exception) -> str:
    """What kept a file from being written; NumPy does not say that it was the disk."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, OSError) and shutil.disk_usage(path.parent).free < FULL:
        return os.strerror(errno.ENOSPC)
    return " ".join(str(error).split()) or type(error).__name__


def save_pages(path: Path, images: Sequence[StillImage], *, shown: Path | None = None) -> list[str]:
    """Write pictures to one file; see `images.write_pages`."""
    with PageWriter(path, shown=shown) as writer:
        for image in images:
            if not writer.is_full:
                writer.add(image)
        return writer.finish(len(images))


def _save_one(path: Path, image: StillImage, image_format: str) -> list[str]:
    """Write a picture in a format that holds one; return what it does not have."""
    if image.rgb.dtype == np.uint16 and image_format == "PNG":
        _save_deep_png(path, image)
        return []
    lost = []
    if image.rgb.dtype == np.uint16:
        lost.append("luma of 16 bits is written as 8: a .png or a .tif holds 16")
    if image_format in OPAQUE and _is_transparent(image):
        lost.append("has no transparency: a .png or a .tif holds it")
    notes = save_options(image.notes, image_format)
    for name in too_long(notes) if image_format == "JPEG" else []:
        lost.append(f"has no {name} notes: they are too long for a JPEG, a .png or a .tif holds them")
    _picture(image, image_format).save(path, format=image_format, **SAVE_OPTIONS.get(image_format, {}), **notes)
    return lost


def _is_transparent(image: StillImage) -> bool:
    return image.alpha is not None and int(image.alpha.min()) < np.iinfo(image.alpha.dtype).max


def _picture(image: StillImage, image_format: str) -> Image.Image:
    image = image.in_8_bits()
    profile = image.notes.profile
    if image_format in BARE and profile is not None and not is_srgb(profile):
        image = image._replace(rgb=in_srgb(Image.fromarray(image.rgb), profile)[0])
    if image.alpha is None or image_format in OPAQUE:
        return Image.fromarray(image.rgb)
    return Image.fromarray(np.dstack([image.rgb, image.alpha]))


def _save_deep_png(path: Path, image: StillImage) -> None:
    """Encode 16 bits, which Pillow does not write, and put in what Pillow writes of the notes."""
    layers = image.rgb[..., ::-1] if image.alpha is None else np.dstack([image.rgb[..., ::-1], image.alpha])
    is_made, encoded = cv2.imencode(".png", np.ascontiguousarray(layers))
    if not is_made:
        raise OSError("the PNG cannot be encoded")
    content, start = encoded.ravel().data, PNG_SIGNATURE_BYTES + PNG_HEADER_BYTES
    noted = io.BytesIO()
    Image.new("RGB", (1, 1)).save(noted, "PNG", **save_options(image.notes, "PNG"))
    with path.open("wb") as file:
        file.writelines((content[:start], *_ancillary_chunks(noted.getvalue()), content[start:]))


def _ancillary_chunks(png: bytes) -> list[bytes]:
    """The chunks of a PNG that describe it: their names begin with a small letter."""
    chunks, place = [], PNG_SIGNATURE_BYTES
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big") + 12
        if png[place + 4 : place + 5].islower():
            chunks.append(png[place : place + length])
        place += length
    return chunks


def _append_directory(path: Path, page: int, tag: int, directory: Mapping[int, Any], *, is_big: bool) -> None:
    """Put a directory at the end of a TIFF, and its place into a page, where `_tiff_notes` left room for it."""
    import tifffile  # see `tiff.as_stored`

    made = TiffImagePlugin.ImageFileDirectory_v2(BIG_HEAD if is_big else HEAD, group=tag)
    for name, value in directory.items():
        made[name] = value
    with tifffile.TiffFile(path, mode="r+") as file:
        handle = file.filehandle
        place = handle.size + handle.size % 2  # TIFF wants even ones
        handle.seek(place)
        handle.write(made.tobytes(place))
        left = file.pages[page].aspage().tags[tag - 1]
        handle.seek(left.offset)
        handle.write(
            struct.pack("<HHQQ" if is_big else "<HHII", tag, LONG8_TYPE if is_big else LONG_TYPE, 1, place)
        )


def _tiff_notes(notes: Notes) -> dict[str, Any]:
    """The same as `save_options`, for tifffile."""
    exif: Mapping[int, Any] = notes.exif or {}
    texts = {tag: exif[tag] for tag in DESCRIPTIVE if isinstance(exif.get(tag), str | bytes)}
    windows = {tag: bytes(texts.pop(tag)) for tag in WINDOWS_TEXTS if isinstance(texts.get(tag), bytes)}
    whole = {tag: exif[tag] for tag in DESCRIPTIVE if isinstance(exif.get(tag), int)}
    numbers = {tag: number for tag, number in whole.items() if 0 <= number <= LARGEST_SHORT}
    tags: list[tuple] = [(tag, TEXT_TYPE, len(text) + 1, text, True) for tag, text in texts.items()]
    tags += [(tag, BYTE_TYPE, len(text), text, True) for tag, text in windows.items()]
    tags += [(tag, SHORT_TYPE, 1, number, True) for tag, number in numbers.items()]
    # tifffile writes no directories; `_append_directory` makes them of these, which stand where they will.
    tags += [(tag - 1, LONG_TYPE, 1, 0, True) for tag, _ in directories_of(notes)]
    if notes.xmp:
        tags.append((XMP, BYTE_TYPE, len(notes.xmp), notes.xmp, True))
    if notes.iptc:
        tags.append((IPTC, UNDEFINED_TYPE, len(notes.iptc), notes.iptc, True))
    options: dict[str, Any] = {"extratags": tags, "iccprofile": notes.profile, "software": False}
    if notes.dpi:
        options |= {"resolution": notes.dpi, "resolutionunit": "INCH"}
    return options
