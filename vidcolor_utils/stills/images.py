"""Read and write still pictures."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from vidcolor_utils.stills.pages import HEIF, PageReader, looking_at
from vidcolor_utils.stills.still import Pages, StillImage
from vidcolor_utils.stills.writing import save_pages
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file

JPEG, JPEG2000 = (".jpg", ".jpeg", ".jpe", ".jfif"), (".jp2", ".j2k", ".jpf", ".jpx")
TIFF, NETPBM = (".tif", ".tiff"), (".ppm", ".pnm")
IMAGE_SUFFIXES = (".png", *JPEG, ".webp", ".bmp", *TIFF, ".avif", *JPEG2000, ".tga", *NETPBM)  # written as well
READ_SUFFIXES = (*IMAGE_SUFFIXES, ".pgm", ".pbm", ".pcx", ".mpo", *HEIF)
ANIMATED_SUFFIXES = (".gif", ".webp", ".png", ".apng", ".avif")  # may hold a film


def is_image(path: str | Path) -> bool:
    """Tell by its suffix whether a path names a still picture."""
    return Path(path).suffix.lower() in READ_SUFFIXES


def is_animation(path: str | Path) -> bool:
    """Tell whether a file is a film in a format of pictures: an animated GIF, WebP, PNG or AVIF."""
    path = Path(path)
    if path.suffix.lower() not in ANIMATED_SUFFIXES or not path.is_file():
        return False
    try:
        with looking_at(path) as image:
            return getattr(image, "n_frames", 1) > 1
    except Image.DecompressionBombError:
        return path.suffix.lower() == ".gif"  # mostly films, whose reader tells that they are too large
    except Exception:  # of what it holds its reader will speak
        return False


def picture_kind(path: Path) -> str | None:
    """Tell by its first bytes which format of pictures a file is in, whatever its name; None if not sure."""
    try:
        with looking_at(path) as image:
            return image.format if image.format != "TGA" else None  # any bytes may begin a TGA
    except Exception:  # it is none
        return None


def is_named_truly(path: Path) -> bool:
    """Tell whether a picture is in the format that its name says, or in one that is not known."""
    kind, name = picture_kind(path), Image.registered_extensions().get(path.suffix.lower())
    return kind is None or name is None or kind == name or {kind, name} == {"JPEG", "MPO"}


def num_pixels(path: Path) -> int:
    """How many pixels the largest picture of a file says that it has; 0 if that cannot be read."""
    try:
        with looking_at(path) as image:
            return max(page.width * page.height for page in ImageSequence.Iterator(image))
    except Exception:  # whatever reads it will speak of it
        return 0


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
    with PageReader(path, first_only=first_only) as reader:
        images = list(reader)
        return Pages(images, reader.warnings)


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


def write_animation(
    path: str | Path, frames: Iterable[np.ndarray], *, rate: Fraction, quality: int = 70, effort: int = 4
) -> None:
    """Write an animated WebP that begins anew at its end; it appears complete or not at all.

    Args:
        path: the file, .webp.
        frames: RGB uint8 (H, W, 3), of one size, at least one.
        rate: frames a second.
        quality: 0 to 100.
        effort: 0 to 6: what is tried more gets smaller.

    Raises:
        OutputError: if the file cannot be written.
    """
    first, *others = (Image.fromarray(frame) for frame in frames)
    options: dict[str, Any] = {"duration": round(1000 / rate), "loop": 0, "quality": quality, "method": effort}
    with finished_file(path) as part:
        first.save(part, save_all=True, append_images=others, **options)


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
    check_image_name(Path(path))
    return save_pages(Path(path), images, shown=shown)
