"""Read the pictures of a file one after the other, so that one is in memory at a time."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from vidcolor_utils.pictures.orientation import UPRIGHT
from vidcolor_utils.stills.notes import notes_of, orientation_of
from vidcolor_utils.stills.pixels import pixels_of
from vidcolor_utils.stills.still import StillImage
from vidcolor_utils.stills.tiff import BITS_PER_SAMPLE, RAW, UNREAD, is_raw, is_unread, pictures_of
from vidcolor_utils.system.errors import NO_MEMORY, InputError, NoMemoryError, is_want_of_memory
from vidcolor_utils.system.quiet import quiet_native_logs

HEIF = (".heic", ".heif")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
# What is read as its content says, whatever the name: none for which Pillow starts another program, as for EPS.
FORMATS = tuple("PNG JPEG BMP GIF PPM WEBP TIFF AVIF JPEG2000 TGA ICO PCX PSD SGI".split())  # noqa: SIM905
LONGEST_TEXT = 1 << 24  # bytes: programs that make pictures write how they did it
MOST_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)  # of what Pillow does not take for an attack

PngImagePlugin.MAX_TEXT_CHUNK = LONGEST_TEXT  # or a picture with a longer text would be taken for damaged
_READING = Lock()  # what Python warns of and how Pillow takes damaged files is set for all threads together


def open_picture(path: Path) -> Image.Image:
    """Open a picture with Pillow, in the formats that are read; raises whatever Pillow does."""
    return Image.open(path, formats=(*FORMATS, "HEIF") if _knows_heif(path) else FORMATS)


@contextmanager
def looking_at(path: Path) -> Iterator[Image.Image]:
    """Open a picture as `open_picture` does, to learn what it is, without a word of what is wrong with it."""
    with _by_itself(), open_picture(path) as image:
        yield image


@contextmanager
def _by_itself() -> Iterator[None]:
    """Keep other threads from reading meanwhile, and Python from warning."""
    with _READING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes and damaged notes; what matters is said in the end
        yield


@contextmanager
def _taking_what_is_there() -> Iterator[None]:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def num_pages(path: Path) -> int:
    """How many pictures a file says that it has, as far as that can be read; at least 1."""
    with _by_itself():
        return _count(path)


def _count(path: Path) -> int:
    found = 0
    with suppress(Exception), open_picture(path) as image:  # whatever reads it will speak of it
        for _ in _pages(path, image, []):
            found += 1
    return max(1, found)


def bytes_in_colour(path: Path) -> int:
    """How many bytes all pictures of a file take when they are in colour, as far as it says."""
    found = 0
    with _by_itself(), suppress(Exception), open_picture(path) as image:  # whatever reads it will speak of it
        for page in _pages(path, image, []):
            bits = max(getattr(page, "tag_v2", {}).get(BITS_PER_SAMPLE) or (8,))
            channels = 4 if page.has_transparency_data else 3
            found += page.width * page.height * channels * (2 if bits > 8 else 1)
    return found


class PageReader:
    """The pictures of a file, each read when it is asked for, upright and with all its bits.

    A file that is damaged is read as far as it goes. Use as a context manager, and iterate.

    Args:
        path: of the file.
        first_only: read no other one than the first.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no image; from what is asked for the picture that cannot be read.
        NoMemoryError: if there is too little memory for a picture; from what is asked for it.
    """

    def __init__(self, path: str | Path, *, first_only: bool = False):
        self._path, self._most = Path(path), 1 if first_only else None
        if not self._path.exists():
            raise FileNotFoundError(f"{path}: no such file")
        if _is_heif(self._path) and not _knows_heif(self._path):
            raise InputError(f"{path}: to read it, run `pip install pillow-heif`")
        self._said: list[str] = []
        self._missing = self._given = 0  # pages that cannot be read, and that can
        self._pages = 1
        self._damage: Exception | None = None
        self._shows_something = self._has_whole_notes = True
        self._stills = self._found_after(0)

    def __enter__(self) -> PageReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stills.close()

    def __iter__(self) -> PageReader:
        return self

    def __next__(self) -> StillImage:
        with _by_itself():
            image = self._next() if self._damage is None else self._rescued()
        if image is None:
            raise StopIteration
        self._given += 1
        return image

    @property
    def warnings(self) -> list[str]:
        """A sentence for each thing that the user should know, of what was read so far."""
        notes = [] if self._has_whole_notes else [f"{self._path}: some of its notes are damaged, and left out"]
        damage = [f"{self._path}: damaged: coloured as far as it can be read"] if self._damage else []
        if self._missing:
            damage = [f"{damage[0]}, without {self._missing} of its {self._pages} pages"]
        return [*dict.fromkeys(self._said), *notes, *damage]

    def _next(self) -> StillImage | None:
        image = next(self._stills, None)
        if isinstance(image, InputError | NoMemoryError):
            raise image
        if isinstance(image, Image.DecompressionBombError):
            told = f"has more than {MOST_PIXELS:,} pixels, the most that are taken"
            raise InputError(f"{self._path}: {told}") from None
        if isinstance(image, Exception):
            self._damage, self._shows_something = image, self._given > 0
            self._stills.close()
            self._stills, self._pages = self._found_after(self._given), _count(self._path)
            return self._rescued()
        self._has_whole_notes &= image is None or image.notes.is_whole
        return image

    def _rescued(self) -> StillImage | None:
        """Read what is there of the next page of a damaged file, and pass over those of which nothing is."""
        with _taking_what_is_there():
            while isinstance(image := next(self._stills, None), Exception):
                if isinstance(image, NoMemoryError):
                    raise image
                self._missing += 1
        if image is None and not self._given and self._missing:
            reason = RAW if is_raw(self._path) else f"not an image that can be read ({self._damage})"
            if reason != RAW and isinstance(self._damage, UnidentifiedImageError) and is_unread(self._path):
                reason = UNREAD
            raise InputError(f"{self._path}: {reason}") from self._damage
        if image is None and not self._shows_something:
            raise InputError(f"{self._path}: not an image that can be read (no part of it is whole)")
        if image is not None and not self._shows_something:
            self._shows_something = bool(np.ptp(image.rgb))  # 0: what a decoder leaves where it found nothing
        return image

    def _found_after(self, given: int) -> Generator[StillImage | Exception, None, None]:
        """Read the pictures behind the first ones; what cannot be read is an error in its place."""
        try:
            with open_picture(self._path) as image:
                for page in islice(_pages(self._path, image, self._said), given, self._most):
                    found: list[StillImage | Exception] = []
                    try:
                        found.append(self._still(page))
                    except Exception as error:  # decoders raise whatever they like at what is damaged
                        found.append(self._told(error))
                    yield found.pop()
        except Exception as error:
            yield self._told(error)

    def _told(self, error: Exception) -> Exception:
        """Tell want of memory from damage: of a whole file nothing must be left out."""
        return NoMemoryError(f"{self._path}: {NO_MEMORY}") if is_want_of_memory(error) else error

    def _still(self, page: Image.Image) -> StillImage:
        with _unheard(page):
            still = _still(self._path, page, self._said)
        page.im = None  # type: ignore[assignment]  # Pillow would keep it up to the next page
        return still


def _pages(path: Path, image: Image.Image, said: list[str]) -> Iterator[Image.Image]:
    return pictures_of(path, image, said) if image.format == "TIFF" else iter([image])


def _unheard(image: Image.Image) -> AbstractContextManager[None]:
    """Hold back what libtiff prints of damaged files; of others stderr stays with those who show progress."""
    return quiet_native_logs() if image.format == "TIFF" else nullcontext()


def _still(path: Path, page: Image.Image, said: list[str]) -> StillImage:
    orientation, pixels = orientation_of(page), pixels_of(path, page)
    if pixels.bits > 8 and pixels.rgb.dtype == np.uint8:
        said.append(f"{path}: of its {pixels.bits} bits 8 are read")
    if pixels.is_upright:
        orientation = UPRIGHT
    alpha = None if pixels.alpha is None else orientation.upright(pixels.alpha)
    return StillImage(orientation.upright(pixels.rgb), alpha, notes_of(page, pixels.profile))


def _is_heif(path: Path) -> bool:
    """Tell by how it begins (ISO 23008-12, 10.2): phones give such files other names as well."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(64)
        return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS and b"avif" not in head
    return False


def _knows_heif(path: Path) -> bool:
    """Teach Pillow to open a HEIF, if this is one and that is installed."""
    if not _is_heif(path):
        return False
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True
