import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from tests.helpers.profiles import ADOBE_RGB, PROPHOTO, gray_profile, linear_profile, wide_profile
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills.images import StillImage, read_image, read_pages, write_pages
from vidcolor_utils.stills.notes import Notes
from vidcolor_utils.stills.profiles import (
    SWATCHES,
    in_deep_srgb,
    in_srgb,
    is_for_gray,
    is_for_rgb,
    is_srgb,
    srgb_profile,
)
from vidcolor_utils.tool.colorize import colorize_file

LIGHT = 0.735  # half of the light in sRGB (IEC 61966-2-1: 1.055 x 0.5^(1/2.4) - 0.055)


def luma_of(path) -> np.ndarray:
    return read_pages(path).images[0].luma


def colorized(source, output):
    return colorize_file(source, output, GrayColorizer())


@pytest.mark.parametrize("deep", [False, True])
def test_a_gray_profile_is_honoured(tmp_path, deep):
    gray = np.full((24, 32), 32768 if deep else 128, np.uint16 if deep else np.uint8)
    Image.fromarray(gray).save(tmp_path / "in.tif", icc_profile=gray_profile(1.0))
    assert luma_of(tmp_path / "in.tif").mean() == pytest.approx(0.735, abs=0.005)
    colorized(tmp_path / "in.tif", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as picture:
        assert b"RGB" in picture.info["icc_profile"][16:20]
    assert luma_of(tmp_path / "out.png").mean() == pytest.approx(0.735, abs=0.005)


def test_srgb_is_left_as_it_is(tmp_path):
    rgb = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgb).save(tmp_path / "in.png", icc_profile=profile)
    np.testing.assert_array_equal(read_image(tmp_path / "in.png").rgb, rgb)


def test_a_profile_is_not_srgb_for_its_name_alone(tmp_path):
    """Half of the light is 0.735 in sRGB; there are profiles called "Linear sRGB" and the like."""
    Image.fromarray(np.full((24, 32, 3), 128, np.uint8)).save(tmp_path / "in.png", icc_profile=linear_profile())
    assert luma_of(tmp_path / "in.png").mean() == pytest.approx(0.735, abs=0.01)


def test_profiles_are_told_apart():
    assert is_srgb(srgb_profile()) and not is_srgb(linear_profile()) and not is_srgb(gray_profile(1.0))
    assert is_for_rgb(linear_profile()) and not is_for_rgb(gray_profile(1.0)) and not is_for_rgb(b"none")
    assert is_for_gray(gray_profile(1.0)) and not is_for_gray(linear_profile())


@pytest.mark.parametrize(("mode", "profile"), [("LA", gray_profile), ("RGBA", linear_profile)])
def test_a_profile_is_honoured_beside_alpha(tmp_path, mode, profile):
    alpha = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)
    layers = [np.full((24, 32), 128, np.uint8)] * (len(mode) - 1)
    icc = profile(1.0) if profile is gray_profile else profile()
    Image.fromarray(np.dstack([*layers, alpha])).save(tmp_path / "in.png", icc_profile=icc)
    image = read_image(tmp_path / "in.png")
    assert image.luma.mean() == pytest.approx(LIGHT, abs=0.01)
    np.testing.assert_array_equal(image.alpha, alpha)
    assert is_srgb(image.notes.profile)


def test_a_profile_is_honoured_in_a_palette_with_transparency(tmp_path):
    palette = Image.fromarray(np.tile(np.array([0, 1, 2], np.uint8), (24, 10)))
    palette.putpalette([128, 128, 128, 0, 0, 0, 128, 128, 128])
    palette.save(tmp_path / "in.png", transparency=2, icc_profile=linear_profile())
    image = read_image(tmp_path / "in.png")
    assert image.luma[0, 0] == pytest.approx(LIGHT, abs=0.01) and image.luma[0, 1] == pytest.approx(0, abs=0.01)
    assert image.alpha[0, :3].tolist() == [255, 255, 0]


def png_of_16_bits(layers, profile) -> bytes:
    """A PNG (ISO/IEC 15948) of gray and alpha, which no library here writes, or of RGB."""
    header = struct.pack(">IIBBBBB", layers.shape[1], layers.shape[0], 16, {2: 4, 3: 2}[layers.shape[2]], 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in layers)
    parts = (b"IHDR", header), (b"iCCP", b"icc\0\0" + zlib.compress(profile)), (b"IDAT", zlib.compress(lines))
    chunks = (
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in (*parts, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_gray_profile_beside_16_bits_of_alpha_is_honoured(tmp_path):
    alpha = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
    layers = np.dstack([np.full((24, 32), 32768, np.uint16), alpha])
    (tmp_path / "in.png").write_bytes(png_of_16_bits(layers, gray_profile(1.0)))
    image = read_pages(tmp_path / "in.png").images[0]
    assert image.luma.mean() == pytest.approx(LIGHT, abs=0.005) and image.rgb.dtype == np.uint16
    np.testing.assert_array_equal(image.alpha, alpha)
    assert is_for_rgb(image.notes.profile)


def test_colour_of_16_bits_keeps_no_profile_of_other_pixels(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 65536, (24, 32, 3)).astype(np.uint16)
    for profile, is_kept in ((gray_profile(1.0), False), (srgb_profile(), True)):
        (tmp_path / "in.png").write_bytes(png_of_16_bits(rgb, profile))
        image = read_pages(tmp_path / "in.png").images[0]
        np.testing.assert_array_equal(image.rgb, rgb)
        assert image.notes.profile == (profile if is_kept else None)


WIDE = [wide_profile(ADOBE_RGB), wide_profile(PROPHOTO), linear_profile()]


@pytest.mark.parametrize("profile", WIDE, ids=["adobe", "prophoto", "linear"])
@pytest.mark.parametrize("is_gray", [False, True])
def test_colour_of_16_bits_looks_as_its_profile_says(tmp_path, profile, is_gray):
    """Colours are added in sRGB, and would be stretched by a wider profile that goes with them."""
    rgb = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    rgb = rgb[..., :1].repeat(3, -1) if is_gray else rgb
    Image.fromarray(rgb).save(tmp_path / "in.png", icc_profile=profile)
    expected = read_pages(tmp_path / "in.png").images[0]
    tifffile.imwrite(tmp_path / "in.tif", rgb.astype(np.uint16) * 257, photometric="rgb", iccprofile=profile)
    pages = read_pages(tmp_path / "in.tif")
    (found,) = pages.images
    assert found.rgb.dtype == np.uint16 and is_srgb(found.notes.profile) and pages.warnings == []
    assert np.abs(found.in_8_bits().rgb.astype(int) - expected.rgb).max() <= (1 if profile != WIDE[2] else 8)
    assert np.abs(found.luma - expected.luma).mean() < 0.003


@pytest.mark.parametrize("kind", range(5))
def test_curves_of_all_kinds_are_those_that_littlecms_makes_of_them(tmp_path, kind):
    """ICC.1:2022, 10.18: sRGB's own function, in as many numbers as a kind has."""
    numbers = [(2.2,), (2.2, 0.9, 0.1), (2.2, 0.9, 0.05, 0.05), (2.4, 0.9479, 0.0521, 0.0774, 0.0405)]
    numbers.append((2.4, 0.9, 0.0521, 0.0774, 0.0405, 0.01, 0.01))
    coded = b"para" + bytes(4) + struct.pack(">HH", kind, 0)
    coded += b"".join(struct.pack(">i", round(number * 65536)) for number in numbers[kind])
    profile = bytearray(wide_profile(ADOBE_RGB) + coded)
    for place in range(132, 132 + 12 * profile[131], 12):
        if profile[place + 1 : place + 4] == b"TRC":
            profile[place + 4 : place + 12] = struct.pack(">II", len(profile) - len(coded), len(coded))
    profile[:4] = struct.pack(">I", len(profile))
    swatches = SWATCHES.astype(np.uint16) * 257
    found, known = in_deep_srgb(swatches, bytes(profile)), in_srgb(Image.fromarray(SWATCHES), bytes(profile))[0]
    assert np.abs(found / 257 - known).max() <= 1.5


def test_a_profile_that_16_bits_cannot_follow_is_followed_with_8(tmp_path, monkeypatch):
    rgb = np.random.default_rng(0).integers(0, 65536, (24, 32, 3)).astype(np.uint16)
    alpha = np.full((24, 32, 1), 65535, np.uint16)
    tables = WIDE[0].replace(b"chad", b"A2B0")
    assert in_deep_srgb(rgb, tables) is None and in_deep_srgb(rgb, WIDE[0][:300]) is None
    monkeypatch.setattr("vidcolor_utils.stills.pixels.in_deep_srgb", lambda *_: None)
    path = tmp_path / "in.tif"
    layers = np.dstack([rgb, alpha])
    tifffile.imwrite(path, layers, photometric="rgb", iccprofile=WIDE[0], extrasamples=["unassalpha"])
    pages = read_pages(path)
    assert pages.images[0].rgb.dtype == pages.images[0].alpha.dtype == np.uint8
    assert pages.warnings == [f"{path}: of its 16 bits 8 are read"]


def with_profile(jp2: bytes, profile: bytes) -> bytes:
    """Put a restricted ICC profile into a JPEG 2000 in place of its colour (ISO 15444-1, I.5.3.3)."""
    header, old = jp2.index(b"jp2h") - 4, jp2.index(b"colr") - 4
    length = int.from_bytes(jp2[old : old + 4], "big")
    colour = struct.pack(">I4sBBB", 11 + len(profile), b"colr", 2, 0, 0) + profile
    whole = int.from_bytes(jp2[header : header + 4], "big") - length + len(colour)
    return jp2[:header] + whole.to_bytes(4, "big") + jp2[header + 4 : old] + colour + jp2[old + length :]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_profile_in_a_jpeg_2000_is_honoured(tmp_path, channels, dtype):
    half = np.full((64, 64, channels), 128 if dtype == np.uint8 else 32896, dtype)
    _, encoded = cv2.imencode(".jp2", half)
    profile = gray_profile(1.0) if channels == 1 else linear_profile()
    (tmp_path / "in.jp2").write_bytes(with_profile(encoded.tobytes(), profile))
    image = read_pages(tmp_path / "in.jp2").images[0]
    assert image.rgb.dtype == dtype
    assert image.luma.mean() == pytest.approx(LIGHT, abs=0.01) and is_srgb(image.notes.profile)


@pytest.mark.parametrize("suffix", [".bmp", ".tga", ".ppm", ".jp2", ".jpg"])
def test_what_a_format_without_profiles_gets_looks_the_same(tmp_path, suffix):
    half = StillImage(np.full((24, 32, 3), 32768, np.uint16), None, Notes(profile=linear_profile()))
    lost = write_pages(tmp_path / f"out{suffix}", [half])
    assert luma_of(tmp_path / f"out{suffix}").mean() == pytest.approx(LIGHT, abs=0.01)
    assert len(lost) == 1 and "luma of 16 bits is written as 8" in lost[0]
