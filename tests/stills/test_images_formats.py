"""What people have in their folders of photographs: profiles, notes, pages, many bits, damage."""

import io
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills.images import is_animation, is_still, num_pixels, read_pages
from vidcolor_utils.stills.notes import ORIENTATIONS
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)


def luma_of(path) -> np.ndarray:
    return read_pages(path).images[0].luma


def colorized(source, output):
    return colorize_file(source, output, GrayColorizer())


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_on_its_side_stands_upright(tmp_path, compression, dtype):
    gray = np.arange(24 * 32, dtype=dtype).reshape(24, 32)
    Image.fromarray(gray).save(tmp_path / "in.tif", tiffinfo={0x0112: 6}, compression=compression)
    found = read_pages(tmp_path / "in.tif").images[0].rgb
    assert found.dtype == dtype
    np.testing.assert_array_equal(found[..., 0], np.rot90(gray, -1))


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".avif", ".jp2", ".tga", ".pgm", ".ppm", ".bmp", ".webp"])
def test_formats_are_what_they_are(tmp_path, suffix):
    picture = Image.fromarray((RAMP >> 8).astype(np.uint8))
    content = io.BytesIO()
    picture.save(content, {".jfif": "JPEG", ".jpe": "JPEG"}.get(suffix) or Image.registered_extensions()[suffix])
    (tmp_path / f"in{suffix}").write_bytes(content.getvalue())
    report = colorized(tmp_path / f"in{suffix}", tmp_path / "out.png")
    assert report.frames == 1 and report.warnings == ()
    assert np.abs(luma_of(tmp_path / "out.png") * 255 - (RAMP >> 8)).mean() < 3


def test_without_its_reader_heic_is_refused_with_the_readers_name(tmp_path, monkeypatch):
    (tmp_path / "in.heic").write_bytes(b"\0\0\0\x18ftypheic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="pip install pillow-heif"):
        read_pages(tmp_path / "in.heic")


@pytest.mark.parametrize("name", ["in.heic", "in.jpg"])
def test_a_heic_of_any_name_is_looked_at_before_one_was_read(tmp_path, monkeypatch, name):
    """By that a folder keeps large ones apart; phones share them as .jpg."""
    heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif (pip install '.[heif]')")
    heif.from_pillow(Image.fromarray(np.full((48, 64, 3), 99, np.uint8))).save(tmp_path / "in.heic", quality=95)
    (tmp_path / "in.heic").rename(tmp_path / name)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    assert num_pixels(tmp_path / name) == 64 * 48
    assert read_pages(tmp_path / name).images[0].rgb.shape == (48, 64, 3)


def test_with_its_reader_heic_is_coloured(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif (pip install '.[heif]')")
    gray = Image.fromarray((RAMP >> 8).astype(np.uint8)).convert("RGB")
    heif.from_pillow(gray).save(tmp_path / "in.heic", quality=95)
    assert colorized(tmp_path / "in.heic", tmp_path / "out.png").frames == 1
    assert np.abs(luma_of(tmp_path / "out.png") * 255 - (RAMP >> 8)).mean() < 3


def test_a_damaged_jpeg_is_read_as_far_as_it_goes(tmp_path):
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(0, 256, (256, 256), dtype=np.uint8)).save(tmp_path / "in.jpg")
    content = (tmp_path / "in.jpg").read_bytes()
    (tmp_path / "in.jpg").write_bytes(content[: len(content) * 2 // 3])
    report = colorized(tmp_path / "in.jpg", tmp_path / "out.png")
    assert any("damaged" in text for text in report.warnings)
    upper = luma_of(tmp_path / "out.png")[:128]
    assert upper.std() > 0.2


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_moving_pictures_are_films(tmp_path, suffix):
    frames = [Image.fromarray(np.full((48, 64), 60 * (index + 1), np.uint8)) for index in range(3)]
    path, times = tmp_path / f"in{suffix}", [100, 200, 500]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, lossless=True)
    assert is_animation(path) and not is_still(path)
    with pytest.raises(InputError, match="the input is a video"):
        colorized(path, tmp_path / "out.png")
    frames[0].save(path)
    assert is_still(path)


@pytest.mark.parametrize(("suffix", "share"), [(".jp2", 0.5), (".png", 0.001)])
def test_a_picture_of_which_nothing_is_whole_is_refused(tmp_path, suffix, share):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320), np.uint8)
    Image.fromarray(noise).save(tmp_path / f"in{suffix}")
    whole = (tmp_path / f"in{suffix}").read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"cut\.\w+: not an image that can be read"):
        read_pages(tmp_path / f"cut{suffix}")


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_of_a_cut_tiff_the_pages_before_the_cut_are_read(tmp_path, compression):
    noise = np.random.default_rng(0).integers(0, 255, (4, 90, 120)).astype(np.uint8)
    pages = [Image.fromarray(page) for page in noise]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:], compression=compression)
    content = (tmp_path / "in.tif").read_bytes()
    (tmp_path / "in.tif").write_bytes(content[: len(content) * 6 // 10])
    found = read_pages(tmp_path / "in.tif")
    assert 2 <= len(found.images) < 4 and "damaged: coloured as far as it can be read" in found.warnings[0]
    for page, image in zip(noise[:2], found.images, strict=False):
        np.testing.assert_array_equal(image.rgb[..., 0], page)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("bits", [8, 16])
def test_tiffs_of_colour_stand_upright_with_all_their_bits_on_all_pages(tmp_path, planar, compression, bits):
    colors = np.random.default_rng(0).integers(0, 2**bits, (24, 32, 4)).astype(f"uint{bits}")
    stored = colors if planar == "contig" else np.moveaxis(colors, -1, 0)
    for number, orientation in ORIENTATIONS.items():
        settings = {"planarconfig": planar, "compression": compression, "extratags": [(274, 3, 1, number, True)]}
        with tifffile.TiffWriter(tmp_path / "in.tif") as file:
            for _ in range(2):
                file.write(stored, photometric="rgb", metadata=None, extrasamples=["unassalpha"], **settings)
        images = read_pages(tmp_path / "in.tif").images
        assert len(images) == 2
        for image in images:
            np.testing.assert_array_equal(image.rgb, orientation.upright(colors[..., :3]))
            np.testing.assert_array_equal(image.alpha, orientation.upright(colors[..., 3]))
