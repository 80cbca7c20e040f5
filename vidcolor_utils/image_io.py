"""Read and write still images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vidcolor_utils.color import REC601_WEIGHTS, to_uint8
from vidcolor_utils.errors import InputError, OutputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"quality": 95},
}


class StillImage(NamedTuple):
    """A decoded picture, upright.

    Attributes:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8, or None for an opaque picture.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None

    @property
    def luma(self) -> np.ndarray:
        """Luma (H, W) float32 in [0, 1]."""
        return (self.rgb.astype(np.float32) @ REC601_WEIGHTS) / np.float32(255)


def is_image(path: str | Path) -> bool:
    """Tell by the suffix whether a path names a still image."""
    return Path(path).suffix.lower() in IMAGE_SUFFIXES


def read_image(path: str | Path) -> StillImage:
    """Read a still image: gray, palette, RGB, with alpha or 16 bits; turned upright by its EXIF tag.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is no image.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with Image.open(path) as image:
            return _still(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: not an image that can be read ({error})") from None


def _still(image: Image.Image) -> StillImage:
    if image.mode.startswith(("I", "F")):  # 16 bits of gray; Pillow would clip them to 8
        values = np.asarray(image, np.float32)
        largest = 65535 if image.mode.startswith("I") else max(float(values.max()), 1e-6)
        return StillImage(np.repeat(to_uint8(values / largest)[..., None], 3, axis=-1), None)
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    rgba = np.asarray(image.convert("RGBA"))
    return StillImage(np.ascontiguousarray(rgba[..., :3]), rgba[..., 3].copy() if has_alpha else None)


def write_image(path: str | Path, image: StillImage) -> None:
    """Write a still image in the format of the path's suffix.

    Raises:
        InputError: if the suffix is none of `IMAGE_SUFFIXES`.
        OutputError: if the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise InputError(f"{path}: an image is written to a file that ends in {', '.join(IMAGE_SUFFIXES)}")
    layers = image.rgb if image.alpha is None else np.dstack([image.rgb, image.alpha])
    picture = Image.fromarray(layers)
    if suffix in (".jpg", ".jpeg", ".bmp"):
        picture = picture.convert("RGB")  # no alpha in these
    try:
        picture.save(path, **SAVE_OPTIONS.get(suffix, {}))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
