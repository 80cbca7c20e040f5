"""Photographs for training, from folders and tars."""

from __future__ import annotations

import hashlib
import logging
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import files_below, is_hidden

log = logging.getLogger(__name__)

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MIN_CHROMA = 3.0  # mean of |a|, |b| below which a photograph counts as gray
MIN_SIDE = 64


class Photo(NamedTuple):
    """A photograph as it lies in its file."""

    kind: str  # the first folder of its name, "" if there is none
    encoded: bytes

    def decoded(self) -> np.ndarray:
        """Its picture, uint8 RGB (H, W, 3), decoded each time: thousands of them would not fit into memory.

        Raises:
            InputError: if it is damaged, or no picture.
        """
        picture = _decode(self.encoded)
        if picture is None:
            raise InputError(f"a photograph of the kind {self.kind!r} cannot be decoded")
        return picture


def find_photos(*sources: str | Path) -> list[Photo]:
    """Find every photograph below folders or inside tars, gray ones too, in sorted order of their names.

    Raises:
        FileNotFoundError: if a source does not exist.
        InputError: if one holds no photograph.
    """
    return [photo for source in sources for photo in _found_in(Path(source))]


def photos_sha256(*sets: Sequence[Photo]) -> str:
    """Hash all that sets of photographs hold, in their order; returns 64 hex digits."""
    digest = hashlib.sha256()
    for photo in chain(*sets):
        digest.update(hashlib.sha256(photo.encoded).digest())
    return digest.hexdigest()


def _found_in(source: Path) -> list[Photo]:
    found = [Photo(_kind(name), encoded) for name, encoded in _encoded_photos(source)]
    with ThreadPoolExecutor() as pool:
        is_usable = pool.map(lambda photo: _decode(photo.encoded) is not None, found)
        usable = [photo for photo, good in zip(found, is_usable, strict=True) if good]
    if not usable:
        raise InputError(f"{source}: no photographs")
    if len(usable) < len(found):
        log.warning(
            "%s: %d of its %d pictures cannot be read: left out", source, len(found) - len(usable), len(found)
        )
    return usable


def _kind(name: str) -> str:
    first, _, rest = name.partition("/")
    return first if rest else ""


def read_photos(source: str | Path) -> list[np.ndarray]:
    """Read every colour photograph below a folder or inside a tar, in sorted order of their names.

    Near-gray and very small ones are left out: they teach no colour.

    Returns:
        uint8 RGB arrays (H, W, 3).

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if it holds no usable photograph.
    """
    photos = (_decode(encoded) for _, encoded in _encoded_photos(Path(source)))
    found = [photo for photo in photos if photo is not None]
    usable = [photo for photo in found if min(photo.shape[:2]) >= MIN_SIDE and _chroma(photo) >= MIN_CHROMA]
    if not usable:
        raise InputError(f"{source}: no colour photographs of at least {MIN_SIDE} pixels a side")
    return usable


def _encoded_photos(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each photograph's file; none is hidden."""
    if source.is_dir():
        for path in sorted(p for p in files_below(source) if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file()):
            yield path.relative_to(source).as_posix(), path.read_bytes()
        return
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    try:
        with tarfile.open(source) as archive:
            for member in sorted(filter(_is_photo, archive.getmembers()), key=lambda m: m.name):
                file = archive.extractfile(member)
                if file is not None:  # None for what is no file
                    yield member.name, file.read()
    except (tarfile.ReadError, EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, rather than of what was cut or damaged
        raise InputError(f"{source}: neither a folder nor a tar of photographs, or damaged") from None


def _is_photo(member: tarfile.TarInfo) -> bool:
    hidden = any(is_hidden(Path(part)) for part in PurePosixPath(member.name).parts if part != "..")
    return member.isfile() and member.name.lower().endswith(PHOTO_SUFFIXES) and not hidden


def _decode(encoded: bytes) -> np.ndarray | None:
    try:
        bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # of an empty file, or of one that claims to be huge
        return None
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _chroma(rgb: np.ndarray) -> float:
    small = cv2.resize(rgb, (32, 32), interpolation=cv2.INTER_AREA)
    return float(np.abs(lab_from_rgb(small)[..., 1:]).mean())
