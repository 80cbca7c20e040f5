"""Colour profiles: what pictures look like in sRGB, and which profiles are of what."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from vidcolor_utils.pictures.sizes import row_bands

DEEP = 65535
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# All over RGB.
SWATCHES = np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3), -1).reshape(1, -1, 3).astype(np.uint8)
ALIKE = 12  # levels by which profiles of sRGB differ, as in what they make of black
RAMP = 256  # steps in which the curve of a gray profile is asked for


def in_srgb_gray(gray: np.ndarray, profile: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """Bring gray (H, W) float32 in [0, 1] to sRGB.

    Returns:
        (H, W, 3) uint16, and its profile if it had one.
    """
    rgb = np.empty((*gray.shape, 3), np.uint16)
    curve = None if profile is None else _curve(profile)
    for band in row_bands(gray.shape):
        part = gray[band] if curve is None else np.interp(gray[band], np.linspace(0, 1, RAMP), curve)
        rgb[band] = np.rint(part * DEEP)[..., None]
    return rgb, None if profile is None else srgb_profile()


def _curve(profile: bytes) -> np.ndarray:
    """What a profile of gray makes of each of `RAMP` steps, in [0, 1]."""
    ramp = Image.fromarray(np.arange(RAMP, dtype=np.uint8)[None])
    return np.asarray(_converted(ramp, profile) or ramp.convert("RGB"))[0, :, 1] / 255


def in_srgb(picture: Image.Image, profile: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """Bring a picture of 8 bits to sRGB; return its pixels, and their profile if it had one."""
    if profile is None:
        return np.asarray(_rgb(picture)), None
    if picture.mode in ("1", "P"):
        picture = picture.convert("RGB")
    if is_srgb(profile) and picture.mode == "RGB":
        return np.asarray(picture), profile
    converted = _converted(picture, profile)
    if converted is None:  # a profile for other pixels than these: viewers pass over it
        return np.asarray(_rgb(picture)), None
    return np.asarray(converted), srgb_profile()


def _rgb(picture: Image.Image) -> Image.Image:
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _converted(picture: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB", renderingIntent=INTENT
        )
    except (ImageCms.PyCMSError, OSError):
        return None


def is_srgb(profile: bytes) -> bool:
    """Tell it by what it makes of some colours, too: there are linear ones of that name."""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    converted = _converted(Image.fromarray(SWATCHES), profile) if "sRGB" in name else None
    return converted is not None and int(np.abs(np.asarray(converted, int) - SWATCHES).max()) <= ALIKE


def is_for_rgb(profile: bytes) -> bool:
    """Tell whether a profile is whole, and one of RGB."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "RGB"
    except (ImageCms.PyCMSError, OSError):
        return False


def is_for_gray(profile: bytes) -> bool:
    """Tell whether a profile is one of gray, by its header (ICC.1)."""
    return profile[16:20] == b"GRAY"


def srgb_profile() -> bytes:
    """The ICC profile of sRGB."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content[:24] + bytes(12) + content[36:]  # without the time at which it was made: files stay the same
