"""Colour profiles: what pictures look like in sRGB, and which profiles are of what."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from vidcolor_utils.pictures.sizes import row_bands

DEEP = 65535
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# All over RGB.
SWATCHES = np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3), -1).reshape(1, -1, 3).astype(np.uint8)
ALIKE = 12  # levels by which profiles of sRGB differ, as in what they make of black
NEARLY = 3  # levels by which LittleCMS, which counts in whole numbers, may differ from what is computed here
RAMP = 256  # steps in which the curve of a gray profile is asked for
STEPS = np.linspace(0, 1, DEEP + 1)
BY_TABLES = b"A2B0", b"A2B1"  # in profiles with these a matrix does not count
CURVE_NUMBERS = 1, 3, 4, 5, 7  # of the kinds of a parametric curve


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
    """What a profile makes of each of `RAMP` steps of gray, in [0, 1]."""
    ramp = Image.fromarray(np.arange(RAMP, dtype=np.uint8)[None])
    gray = ramp if is_for_gray(profile) else ramp.convert("RGB")
    return np.asarray(_converted(gray, profile) or ramp.convert("RGB"))[0, :, 1] / 255


def in_deep_srgb(rgb: np.ndarray, profile: bytes) -> np.ndarray | None:
    """Bring colour of 16 bits to sRGB, which LittleCMS does through Pillow with 8.

    Args:
        rgb: (H, W, 3) uint16.
        profile: of RGB.

    Returns:
        (H, W, 3) uint16, or None if the profile is not made of three curves and a matrix (ICC.1:2022, F.3).
    """
    known = _converted(Image.fromarray(SWATCHES), profile)
    try:
        found = _by_matrix(SWATCHES.astype(np.uint16) * 257, profile)
    except (KeyError, ValueError, IndexError, struct.error, ArithmeticError):
        return None
    if known is None or int(np.abs(found / 257 - np.asarray(known)).max(initial=0)) > NEARLY:
        return None
    return _by_matrix(rgb, profile)


def _by_matrix(rgb: np.ndarray, profile: bytes) -> np.ndarray:
    curves, matrix = _light_of(profile)
    _, of_srgb = _light_of(srgb_profile())
    to_srgb = (np.linalg.inv(of_srgb) @ matrix).T.astype(np.float32)
    found = np.empty_like(rgb)
    for band in row_bands(rgb.shape):
        light = np.stack([curve[rgb[band][..., at]] for at, curve in enumerate(curves)], -1) @ to_srgb
        np.clip(light, 0, 1, out=light)
        coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
        found[band] = np.rint(np.clip(coded, 0, 1) * DEEP)
    return found


@lru_cache(2)
def _light_of(profile: bytes) -> tuple[list[np.ndarray], np.ndarray]:
    """The light of each of 65,536 numbers, by channel, and the XYZ of the channels, (3, 3)."""
    count = int.from_bytes(profile[128:132], "big")
    places = struct.iter_unpack(">4sII", profile[132 : 132 + 12 * count])
    tags = {name: profile[start : start + size] for name, start, size in places}
    if any(name in tags for name in BY_TABLES):
        raise ValueError("the profile is made of tables")
    colorants = [np.frombuffer(tags[name], ">i4", 3, 8) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    return [_light(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")], np.stack(colorants, 1)


def _light(curve: bytes) -> np.ndarray:
    """What a curve (ICC.1:2022, 10.6 and 10.18) makes of `STEPS`."""
    if curve[:4] == b"curv":
        (count,) = struct.unpack_from(">I", curve, 8)
        numbers = np.frombuffer(curve, ">u2", count, 12)
        if count == 1:
            return (STEPS ** (numbers[0] / 256)).astype(np.float32)
        known = numbers / DEEP if count else np.array([0.0, 1.0])
        return np.interp(STEPS, np.linspace(0, 1, len(known)), known).astype(np.float32)
    (kind,) = struct.unpack_from(">H", curve, 8)
    gamma, *found = map(float, np.frombuffer(curve, ">i4", CURVE_NUMBERS[kind], 12) / 65536)
    a, b, c, d, e, f = [*found, *(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)[len(found) :]]
    if kind in (1, 2):  # c is what e and f are of others
        c, d, e, f = 0.0, -b / a, c, c
    power = np.maximum(a * STEPS + b, 0) ** gamma + e
    return np.where(d <= STEPS, power, c * STEPS + f).astype(np.float32)


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
