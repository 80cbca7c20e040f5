"""The pixels of a picture as RGB, with all their bits and the look that their colour profile gives them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageCms

BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, PLANAR = 258, 262, 274, 284  # tags of TIFF
TOGETHER = 1  # of PLANAR: the numbers of a pixel lie side by side
SAMPLE_FORMAT, SMALLEST, LARGEST = 339, 340, 341
WHITE_IS_ZERO, SIGNED = 0, 2
DEEP = 65535
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# All over RGB.
SWATCHES = np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3), -1).reshape(1, -1, 3).astype(np.uint8)
ALIKE = 12  # levels by which profiles of sRGB differ, as in what they make of black
RAMP = 256  # steps in which the curve of a gray profile is asked for

cv2.utils.logging.setLogLevel(0)  # it has its own opinions of TIFFs, on stderr


class Pixels(NamedTuple):
    """What is read of one picture."""

    rgb: np.ndarray  # (H, W, 3) uint8 or uint16
    alpha: np.ndarray | None  # (H, W), the same dtype
    profile: bytes | None = None  # ICC, of `rgb`
    is_upright: bool = False  # already: Pillow turns a TIFF while it reads it


def pixels_of(path: Path, page: Image.Image) -> Pixels:
    """Read the pixels of an open picture, of any mode that Pillow knows.

    Args:
        path: of the file, for what Pillow reads with fewer bits than there are.
        page: the picture.

    Raises:
        OSError, ValueError: if it is damaged.
    """
    profile = page.info.get("icc_profile") or None
    is_deep_gray = page.mode.startswith(("I", "F"))
    if not is_deep_gray and _bits(path, page) > 8:
        deep = _deep_pixels(path, page)
        if deep is not None:
            return deep._replace(profile=profile)  # the numbers stay: the profile goes with them
    if page.format == "TIFF" and page.info.get("compression") == "raw" and page.getexif().get(ORIENTATION, 1) > 4:
        page = _read_raw(path, page)
    pixels = _in_srgb_gray(_gray01(page), profile) if is_deep_gray else _of_8_bits(page, profile)
    return pixels._replace(is_upright=page.format == "TIFF")


def _read_raw(path: Path, page: Image.Image) -> Image.Image:
    """Read an uncompressed page that is to be turned on its side, as stored: Pillow 13 mixes up its rows."""
    tags, values = getattr(page, "tag_v2", {}), _as_stored(path, page)
    if values.dtype == np.uint8 and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        values = 255 - values
    copy = Image.fromarray(values)
    copy.info, copy.tag_v2 = dict(page.info), tags  # type: ignore[attr-defined]  # as a picture of a TIFF has it
    return copy


def _as_stored(path: Path, page: Image.Image) -> np.ndarray:
    """Read a page of a TIFF without turning it, (H, W) or (H, W, C).

    Raises:
        ValueError: if it is coded in a way that only Pillow reads.
    """
    import tifffile  # here and not above: that takes 30 ms, and films do without

    values = tifffile.imread(path, key=page.tell())
    return values if _lies_together(page) else np.ascontiguousarray(np.moveaxis(values, 0, -1))


def _lies_together(page: Image.Image) -> bool:
    """Tell whether the numbers of a pixel lie side by side, rather than each channel by itself."""
    return getattr(page, "tag_v2", {}).get(PLANAR, TOGETHER) == TOGETHER


def _of_8_bits(page: Image.Image, profile: bytes | None) -> Pixels:
    has_alpha = "A" in page.getbands() or "transparency" in page.info
    page.load()
    if has_alpha:
        rgba = np.asarray(page.convert("RGBA"))
        alpha, opaque = rgba[..., 3].copy(), page.convert("RGB") if page.mode == "RGBA" else None
        rgb, profile = _in_srgb(opaque, profile) if opaque is not None else (rgba[..., :3], _known(profile))
        return Pixels(np.ascontiguousarray(rgb), alpha, profile)
    rgb, profile = _in_srgb(page, profile)
    return Pixels(rgb, None, profile)


def _gray01(page: Image.Image) -> np.ndarray:
    """Read gray of more than 8 bits as float32 in [0, 1], black 0."""
    tags = getattr(page, "tag_v2", {})
    if page.mode == "F":
        values = np.nan_to_num(np.asarray(page, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        black, white = _float_range(values, tags)
    else:
        black, (values, white) = 0.0, _integers(page, tags)
    gray = np.clip((values - black) / np.float32(white - black), 0, 1)
    return 1 - gray if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else gray


def _float_range(values: np.ndarray, tags: dict) -> tuple[float, float]:
    """Tell which numbers of a float picture are black and white: as tagged, or the usual range that holds them."""
    if SMALLEST in tags and LARGEST in tags:
        smallest, largest = (np.ravel(tags[tag])[0] for tag in (SMALLEST, LARGEST))
        if largest > smallest:
            return float(smallest), float(largest)
    top = float(values.max(initial=0))
    return 0.0, next((white for white in (1.0, 255.0, float(DEEP)) if top <= white), max(top, 1.0))


def _integers(page: Image.Image, tags: dict) -> tuple[np.ndarray, float]:
    """Read whole numbers as float32, and tell which one is white.

    Up to 16 bits it is the largest one that there is room for. Hardly anything uses all of 32: there it is the end
    of the usual range that holds them.
    """
    bits, signed = (tags.get(BITS_PER_SAMPLE) or (16,))[0], SIGNED in (tags.get(SAMPLE_FORMAT) or ())
    integers = np.asarray(page)
    if bits == 32 and not signed:
        integers = integers.view(np.uint32)  # Pillow reads them as signed
    room, top = float(2 ** (bits - signed) - 1), float(integers.max(initial=0))
    usual = (room,) if bits <= 16 else (255.0, float(DEEP), room)
    return integers.astype(np.float32), next((white for white in usual if top <= white), max(top, float(DEEP)))


def _deep_pixels(path: Path, page: Image.Image) -> Pixels | None:
    """Read colour or alpha of 16 bits, of which Pillow gives 8; None where there is no more to be had."""
    if page.format != "TIFF":
        layers = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        return _of_bgr(layers)
    if _lies_together(page):
        _, found = cv2.imreadmulti(str(path), start=page.tell(), count=1, flags=cv2.IMREAD_UNCHANGED)
        pixels = _of_bgr(found[0]) if found else None
        return pixels and pixels._replace(is_upright=True)  # OpenCV turns a TIFF as well
    return _of_planes(path, page)


def _of_bgr(layers: np.ndarray | None) -> Pixels | None:
    """Take apart what OpenCV has read: (H, W) or (H, W, C), uint16 if there is more than Pillow gives."""
    if layers is None or layers.dtype != np.uint16:
        return None
    layers = layers[..., None] if layers.ndim == 2 else layers
    rgb = np.repeat(layers, 3, axis=2) if layers.shape[2] == 1 else layers[..., 2::-1]
    return Pixels(np.ascontiguousarray(rgb), layers[..., 3].copy() if layers.shape[2] == 4 else None)


def _of_planes(path: Path, page: Image.Image) -> Pixels | None:
    """Read a page of a TIFF whose channels lie one after the other, of which OpenCV makes noise, as stored."""
    try:
        layers = _as_stored(path, page)
    except ValueError:
        return None
    if layers.dtype != np.uint16 or layers.ndim != 3 or layers.shape[2] not in (3, 4):
        return None
    return Pixels(np.ascontiguousarray(layers[..., :3]), layers[..., 3].copy() if layers.shape[2] == 4 else None)


def _bits(path: Path, page: Image.Image) -> int:
    """Bits of one number in the file."""
    if page.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]  # the header's ninth byte, after its width and height
    if page.format == "TIFF":
        return max(getattr(page, "tag_v2", {}).get(BITS_PER_SAMPLE) or (8,))
    return 16 if page.format in ("JPEG2000", "PPM") else 8  # asked of the pixels


def _in_srgb_gray(gray: np.ndarray, profile: bytes | None) -> Pixels:
    """Bring gray (H, W) float32 in [0, 1] to 16 bits of sRGB."""
    if profile is not None:
        ramp = Image.fromarray(np.arange(RAMP, dtype=np.uint8)[None])
        curve = np.asarray(_converted(ramp, profile) or ramp.convert("RGB"))[0, :, 1]
        gray = np.interp(gray, np.linspace(0, 1, RAMP), curve / 255)
    deep = np.rint(gray * DEEP).astype(np.uint16)
    return Pixels(np.repeat(deep[..., None], 3, axis=2), None, None if profile is None else srgb_profile())


def _in_srgb(picture: Image.Image, profile: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """Bring a picture of 8 bits to sRGB; return its pixels, and their profile if it had one."""
    if profile is None:
        return np.asarray(picture.convert("RGB")), None
    if picture.mode in ("1", "P"):
        picture = picture.convert("RGB")
    if _is_srgb(profile) and picture.mode == "RGB":
        return np.asarray(picture), profile
    converted = _converted(picture, profile)
    if converted is None:  # a profile for other pixels than these: viewers pass over it
        return np.asarray(picture.convert("RGB")), None
    return np.asarray(converted), srgb_profile()


def _converted(picture: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB", renderingIntent=INTENT
        )
    except (ImageCms.PyCMSError, OSError):
        return None


def _is_srgb(profile: bytes) -> bool:
    """Tell it by what it makes of some colours, too: there are linear ones of that name."""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    converted = _converted(Image.fromarray(SWATCHES), profile) if "sRGB" in name else None
    return converted is not None and int(np.abs(np.asarray(converted, int) - SWATCHES).max()) <= ALIKE


def _known(profile: bytes | None) -> bytes | None:
    return profile if profile is not None and _is_srgb(profile) else None


def srgb_profile() -> bytes:
    """The ICC profile of sRGB."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content[:24] + bytes(12) + content[36:]  # without the time at which it was made: files stay the same
