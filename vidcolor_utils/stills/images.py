"""Read and write still pictures."""

from __future__ import annotations

import errno
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image, ImageFile, ImageSequence

from vidcolor_utils.pictures.orientation import UPRIGHT
from vidcolor_utils.stills.notes import notes_of, orientation_of
from vidcolor_utils.stills.pixels import pixels_of
from vidcolor_utils.stills.still import Pages, StillImage
from vidcolor_utils.stills.tiff import RAW, is_raw, pictures_of
from vidcolor_utils.stills.writing import save_pages
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.system.files import finished_file
from vidcolor_utils.system.quiet import quiet_native_logs

JPEG, JPEG2000 = (".jpg", ".jpeg", ".jpe", ".jfif"), (".jp2", ".j2k", ".jpf", ".jpx")
TIFF, NETPBM = (".tif", ".tiff"), (".ppm", ".pnm")
HEIF = (".heic", ".heif")
# What is read as its content says, whatever the name: none for which Pillow starts another program, as for EPS.
FORMATS = tuple("PNG JPEG BMP GIF PPM WEBP TIFF AVIF JPEG2000 TGA ICO PCX PSD SGI".split())  # noqa: SIM905
IMAGE_SUFFIXES = (".png", *JPEG, ".webp", ".bmp", *TIFF, ".avif", *JPEG2000, ".tga", *NETPBM)  # written as well
READ_SUFFIXES = (*IMAGE_SUFFIXES, ".pgm", ".pbm", *HEIF)
MOST_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)  # of what Pillow does not take for an attack
FULL = 1 << 20  # bytes: a disk with less is one
ANIMATED_SUFFIXES = (".gif", ".webp", ".png", ".apng", ".avif")  # may hold a film

_READING = Lock()  # what Python warns of and how Pillow takes damaged files is set for all threads together


def is_image(path: str | Path) -> bool:
    """Tell by its suffix whether a path names a still picture."""
    return Path(path).suffix.lower() in READ_SUFFIXES


def is_animation(path: str | Path) -> bool:
    """Tell whether a file is a film in a format of pictures: an animated GIF, WebP, PNG or AVIF."""
    path = Path(path)
    if path.suffix.lower() not in ANIMATED_SUFFIXES or not path.is_file():
        return False
    try:
        with _READING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its reader says so
            with _opened(path) as image:
                return getattr(image, "n_frames", 1) > 1
    except Image.DecompressionBombError:
        return path.suffix.lower() == ".gif"  # mostly films, whose reader tells that they are too large
    except Exception:  # of what it holds its reader will speak
        return False


def num_pixels(path: Path) -> int:
    """How many pixels the largest picture of a file says that it has; 0 if that cannot be read."""
    try:
        with _READING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(path) as image:
                return max(page.width * page.height for page in ImageSequence.Iterator(image))
    except Exception:  # whatever reads it will speak of it
        return 0


def _opened(path: Path) -> Image.Image:
    formats = (*FORMATS, "HEIF") if path.suffix.lower() in HEIF else FORMATS
    return Image.open(path, formats=formats)


def write_apng(source: Path, output: Path) -> None:
    """Write an animation as an animated PNG, without loss: FFmpeg reads no animated WebP.

    Raises:
        InputError: if it cannot be read.
        OutputError: if that cannot be written.
    """
    try:
        with _opened(source) as image:
            durations = []
            for frame in ImageSequence.Iterator(image):
                frame.load()
                durations.append(frame.info.get("duration", 0))
    except Exception as error:  # decoders raise whatever they like at what is damaged
        raise InputError(f"{source}: not an animation that can be read ({error})") from None
    with _opened(source) as image:
        try:
            image.save(output, "PNG", save_all=True, duration=durations)
        except Exception as error:  # as of encoders
            raise OutputError(
                f"{output.parent}: no place for a copy of {source} ({_reason(output, error)})"
            ) from None


def is_still(path: str | Path) -> bool:
    """Tell whether a file is a still picture: by its suffix, and by holding one frame where it could hold more."""
    path = Path(path)
    return (is_image(path) or path.suffix.lower() in ANIMATED_SUFFIXES) and not is_animation(path)


def read_image(path: str | Path) -> StillImage:
    """Read a still picture, the first of a file, in 8 bits, as sRGB and upright.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no image.
    """
    return read_pages(path, first_only=True).images[0].in_8_bits()


def read_pages(path: str | Path, *, first_only: bool = False) -> Pages:
    """Read all pictures of a file, each upright and with all its bits.

    Colour profiles are honoured: what comes looks in sRGB as the file does in a viewer that knows profiles. A file
    that is damaged is read as far as it goes.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no image.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    if path.suffix.lower() in HEIF:
        _learn_heif(path)
    with _READING:
        return _read_or_rescue(path, first_only)


def _read_or_rescue(path: Path, first_only: bool) -> Pages:
    try:
        return _read(path, first_only)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(f"{path}: has more than {MOST_PIXELS:,} pixels, the most that are taken") from None
    except Exception as error:  # decoders raise whatever they like at what is damaged
        truncated = error
    try:
        pages = _read_damaged(path, first_only)
    except Exception:
        reason = RAW if is_raw(path) else f"not an image that can be read ({truncated})"
        raise InputError(f"{path}: {reason}") from None
    if all(np.ptp(image.rgb) == 0 for image in pages.images):  # what a decoder leaves where it found nothing
        raise InputError(f"{path}: not an image that can be read (no part of it is whole)")
    return Pages(pages.images, [*pages.warnings, f"{path}: damaged: coloured as far as it can be read"])


def _read(path: Path, first_only: bool) -> Pages:
    said: list[str] = []
    images = list(_stills(path, first_only, said))
    if not all(image.notes.is_whole for image in images):
        said.append(f"{path}: some of its notes are damaged, and left out")
    return Pages(images, said)


def _read_damaged(path: Path, first_only: bool) -> Pages:
    """Read what is there of pages, and of a file of several those before the first of which nothing is."""
    images: list[StillImage] = []
    said: list[str] = []
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        for image in _stills(path, first_only, said):
            images.append(image)
    except Exception:
        if not images:
            raise
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return Pages(images, said)


def _stills(path: Path, first_only: bool, said: list[str]) -> Iterator[StillImage]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes and damaged notes; what matters is said in the end
        with _opened(path) as image, _unheard(image):
            for page in pictures_of(path, image, said) if image.format == "TIFF" else [image]:
                yield _still(path, page, said)
                if first_only:
                    return


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


def _learn_heif(path: Path) -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise InputError(f"{path}: to read it, run `pip install pillow-heif`") from None
    register_heif_opener()


def written_suffix(path: Path) -> str:
    """Suffix for a picture made of the one of this name: its own, or .png if such are only read."""
    suffix = path.suffix
    return suffix if suffix.lower() in IMAGE_SUFFIXES else ".png"


def check_image_name(path: Path) -> None:
    """Check that a picture in colour can be written to a file of this name.

    Raises:
        InputError: if it cannot.
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path}: an image is written to a file that ends in {', '.join(IMAGE_SUFFIXES)}")


def write_image(path: str | Path, image: StillImage) -> None:
    """Write a still picture in the format of the path's suffix; it appears complete or not at all.

    Raises:
        InputError: if the suffix is none of `IMAGE_SUFFIXES`.
        OutputError: if the file cannot be written.
    """
    check_image_name(Path(path))
    with finished_file(path) as part:
        write_pages(part, [image], shown=Path(path))


def write_pages(path: str | Path, images: list[StillImage], *, shown: Path | None = None) -> list[str]:
    """Write pictures to one file; only a TIFF holds more than one.

    Args:
        path: the file; its suffix says the format.
        images: at least one.
        shown: how messages call the file.

    Returns:
        A sentence for each thing that the file does not have.

    Raises:
        InputError: if the suffix is none of `IMAGE_SUFFIXES`.
        OutputError: if the file cannot be written.
    """
    path = Path(path)
    check_image_name(path)
    try:
        lost = save_pages(path, images)
    except Exception as error:  # encoders raise whatever they like at what they do not take
        raise OutputError(f"{shown or path}: cannot be written ({_reason(path, error)})") from None
    return [f"{shown or path}: {text}" for text in lost]


def _reason(path: Path, error: Exception) -> str:
    """What kept a file from being written; NumPy does not say that it was the disk."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, OSError) and shutil.disk_usage(path.parent).free < FULL:
        return os.strerror(errno.ENOSPC)
    return " ".join(str(error).split()) or type(error).__name__
