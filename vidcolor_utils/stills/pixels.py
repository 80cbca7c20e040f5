"""The pixels of a picture as RGB, with all their bits and the look that their colour profile gives them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from vidcolor_utils.stills.deep import Content, Pixels, bits_of, deep_pixels, gray01
from vidcolor_utils.stills.jpeg2000 import profile_of_jpeg2000
from vidcolor_utils.stills.profiles import (
    DEEP,
    in_deep_srgb,
    in_srgb,
    in_srgb_gray,
    is_for_gray,
    is_for_rgb,
    is_srgb,
    srgb_profile,
)
from vidcolor_utils.stills.tiff import as_upright, is_mixed_up

OPAQUE_MODES = {"LA": "L", "La": "L", "PA": "RGB", "P": "RGB", "RGBA": "RGB", "RGBa": "RGB"}
STRAIGHT_MODES = {"La": "LA", "RGBa": "RGBA"}  # of those whose colours are multiplied by alpha


def pixels_of(path: Path, page: Image.Image) -> Pixels:
    """Read the pixels of an open picture, of any mode that Pillow knows.

    Args:
        path: of the file, for what Pillow reads with fewer bits than there are.
        page: the picture.

    Raises:
        OSError, ValueError: if it is damaged.
    """
    content = cache(path.read_bytes)  # for all that asks, once
    profile, bits = _profile_of(page, content), bits_of(path, page, content)
    is_deep_gray = page.mode.startswith(("I", "F"))
    if not is_deep_gray and bits > 8:
        deep = deep_pixels(path, page, content)
        deep = None if deep is None else _in_srgb(deep, profile)
        if deep is not None:
            return deep._replace(bits=bits)
    is_upright = page.format == "TIFF"
    if page.format == "TIFF" and is_mixed_up(page):
        page, is_upright = as_upright(path, page), False
    pixels = _of_deep_gray(page, profile) if is_deep_gray else _of_8_bits(page, profile)
    return pixels._replace(is_upright=is_upright, bits=bits)


def _profile_of(page: Image.Image, content: Content) -> bytes | None:
    if page.format == "JPEG2000":
        return profile_of_jpeg2000(content())
    return page.info.get("icc_profile") or None


def _in_srgb(deep: Pixels, profile: bytes | None) -> Pixels | None:
    """Bring colour of 16 bits to sRGB; None where that goes with 8 alone. One of other pixels does not count."""
    if profile is None or not (is_for_rgb(profile) or (is_for_gray(profile) and _is_gray(deep.rgb))):
        return deep
    if is_srgb(profile):
        return deep._replace(profile=profile)
    if _is_gray(deep.rgb):  # as most are that are to be coloured
        rgb, profile = in_srgb_gray(deep.rgb[..., 0] / np.float32(DEEP), profile)
        return deep._replace(rgb=rgb, profile=profile)
    found = in_deep_srgb(deep.rgb, profile)
    return None if found is None else deep._replace(rgb=found, profile=srgb_profile())


def _is_gray(rgb: np.ndarray) -> bool:
    return all(np.array_equal(rgb[..., 0], rgb[..., channel]) for channel in (1, 2))


def _of_deep_gray(page: Image.Image, profile: bytes | None) -> Pixels:
    rgb, profile = in_srgb_gray(gray01(page), profile)
    return Pixels(rgb, None, profile)


def _of_8_bits(page: Image.Image, profile: bytes | None) -> Pixels:
    page.load()
    page = page.convert(STRAIGHT_MODES[page.mode]) if page.mode in STRAIGHT_MODES else page
    alpha = np.asarray(page.convert("RGBA"))[..., 3].copy() if page.has_transparency_data else None
    opaque = OPAQUE_MODES.get(page.mode)
    rgb, profile = in_srgb(page if opaque is None else page.convert(opaque), profile)
    return Pixels(np.ascontiguousarray(rgb), alpha, profile)
