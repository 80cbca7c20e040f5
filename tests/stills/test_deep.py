import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from vidcolor_utils.stills.images import read_pages
from vidcolor_utils.stills.jpeg2000 import START, bits_of_jpeg2000
from vidcolor_utils.system.errors import InputError

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)
RGB = np.random.default_rng(0).integers(0, 65536, (24, 32, 3)).astype(np.uint16)


def read(path):
    (image,) = read_pages(path).images
    return image


def write_jpeg2000(path, rgb, bits):
    """Write one of fewer bits than 16, which OpenCV does not: numbers lie around the middle of the range."""
    middle = 2**15 - 2 ** (bits - 1)
    settings = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    _, encoded = cv2.imencode(".jp2", (rgb + middle).astype(np.uint16)[..., ::-1], settings)
    content = bytearray(encoded.tobytes())
    depths = content.index(START) + 42
    content[depths : depths + 9 : 3] = bytes([bits - 1] * 3)
    content[content.index(b"ihdr") + 14] = bits - 1
    path.write_bytes(content)


@pytest.mark.parametrize("white", [511, 1023, 4095, 10000, 65535])
def test_the_largest_number_of_a_ppm_is_white(tmp_path, white):
    stored = np.rint(RGB * (white / 65535)).astype(np.uint16)
    stored[0, 0], stored[0, 1] = white, 0
    head = f"P6\n# of a scanner\n32 24\n{white}\n".encode()
    (tmp_path / "in.ppm").write_bytes(head + stored.astype(">u2").tobytes())
    found = read(tmp_path / "in.ppm").rgb
    assert found.dtype == np.uint16 and found[0, 0].tolist() == [65535] * 3 and not found[0, 1].any()
    np.testing.assert_array_equal(found, np.rint(stored * (65535 / white)))


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_the_largest_number_of_a_jpeg_2000_is_white(tmp_path, bits):
    stored = np.linspace(0, 2**bits - 1, 64 * 96).reshape(64, 96).astype(np.uint16)
    write_jpeg2000(tmp_path / "in.jp2", np.dstack([stored, stored[::-1], stored // 2]), bits)
    assert bits_of_jpeg2000((tmp_path / "in.jp2").read_bytes()) == [bits] * 3
    found = read(tmp_path / "in.jp2").rgb
    assert found.dtype == np.uint16
    white = 65535 / (2**bits - 1)
    for layer, true in zip(np.moveaxis(found, -1, 0), (stored, stored[::-1], stored // 2), strict=True):
        np.testing.assert_allclose(layer, true * white, atol=65535 / 100)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_jpeg_2000_is_read_from_the_disk_once_beside_what_pillow_reads(tmp_path, monkeypatch, bits):
    ramp = np.linspace(0, 2**bits - 1, 64 * 96).reshape(64, 96).astype(np.uint16)
    write_jpeg2000(tmp_path / "in.jp2", np.dstack([ramp] * 3), bits)
    read, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path.name), read_bytes(path))[1])
    assert read_pages(tmp_path / "in.jp2").images[0].rgb.dtype == f"uint{bits}"
    assert read == ["in.jp2"]


@pytest.mark.parametrize("white", [300, 1023, 65535])
@pytest.mark.parametrize(("magic", "shape", "suffix"), [("P3", (24, 32, 3), ".ppm"), ("P2", (24, 32), ".pgm")])
def test_plain_text_of_more_than_8_bits_is_read_in_full_depth(tmp_path, magic, shape, suffix, white):
    stored = np.random.default_rng(0).integers(0, white + 1, shape)
    lines = "  # of a scanner: 7 8\n".join(" ".join(map(str, row.ravel())) for row in stored)
    path = tmp_path / f"in{suffix}"
    path.write_text(f"{magic} # plain\n32\n# wide\n24 {white}\n{lines}\n")
    pages = read_pages(path)
    assert pages.warnings == [] and pages.images[0].rgb.dtype == np.uint16
    expected = np.rint(stored.reshape(24, 32, -1) * (65535 / white)) * np.ones(3)
    np.testing.assert_array_equal(pages.images[0].rgb, expected)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("32 24\n1023\n1 2 3", "not an image"),
        ("12000 12000\n1023\n1 2 3", "not an image"),
        ("20000 20000\n1023\n1 2 3", "more than 178,956,970 pixels"),
        ("1 1\n1023\n1 -2 3", "not an image"),
        ("1 1\n1023\n1 two 3", "not an image"),
        ("1 1\n70000\n1 2 3", "not an image"),
    ],
)
def test_plain_text_that_is_damaged_is_told(tmp_path, text, problem):
    (tmp_path / "in.ppm").write_text(f"P3\n{text}\n")
    with pytest.raises(InputError, match=problem):
        read_pages(tmp_path / "in.ppm")


def write_tiff(path, layers, extras, **settings):
    tifffile.imwrite(path, layers, photometric="rgb", metadata=None, extrasamples=extras, **settings)


@pytest.mark.parametrize(("dtype", "planar"), [("uint8", "contig"), ("uint16", "contig"), ("uint16", "separate")])
def test_a_channel_is_transparency_only_if_it_says_so(tmp_path, dtype, planar):
    """Scanners put infrared behind the colours."""
    layers = np.random.default_rng(0).integers(0, 200, (24, 32, 4)).astype(dtype)
    stored = layers if planar == "contig" else np.moveaxis(layers, -1, 0)
    for kind, is_alpha in (("unspecified", False), ("unassalpha", True)):
        write_tiff(tmp_path / "in.tif", stored, [kind], planarconfig=planar)
        image = read(tmp_path / "in.tif")
        np.testing.assert_array_equal(image.rgb, layers[..., :3])
        assert (image.alpha is not None) == is_alpha
        assert not is_alpha or np.array_equal(image.alpha, layers[..., 3])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_multiplied_by_alpha_are_divided_by_it(tmp_path, planar):
    alpha = np.full((24, 32), 65535, np.uint16)
    alpha[:8], alpha[8:12] = 16384, 0
    layers = np.dstack([np.rint(RGB * (alpha / 65535)[..., None]).astype(np.uint16), alpha])
    stored = layers if planar == "contig" else np.moveaxis(layers, -1, 0)
    write_tiff(tmp_path / "in.tif", stored, ["assocalpha"], planarconfig=planar)
    image = read(tmp_path / "in.tif")
    np.testing.assert_array_equal(image.alpha, alpha)
    np.testing.assert_array_equal(image.rgb[12:], RGB[12:])
    assert np.abs(image.rgb[:8].astype(int) - RGB[:8]).max() <= 2 and not image.rgb[8:12].any()


@pytest.mark.parametrize(("photometric", "layers"), [("separated", 4), ("rgb", 3)])
def test_16_bits_of_which_8_are_read_are_said(tmp_path, photometric, layers):
    stored = np.random.default_rng(0).integers(0, 65536, (24, 32, layers)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "in.tif", stored, photometric=photometric, metadata=None)
    pages = read_pages(tmp_path / "in.tif")
    is_cut = photometric == "separated"  # whose fourth channel is black, and not alpha
    assert pages.images[0].alpha is None
    assert pages.warnings == ([f"{tmp_path / 'in.tif'}: of its 16 bits 8 are read"] if is_cut else [])
    assert pages.images[0].rgb.dtype == (np.uint8 if is_cut else np.uint16)


def test_a_tiff_whose_name_is_not_utf_8_is_read(tmp_path):
    """As Latin-1 and Shift-JIS are, of old disks; OpenCV takes the process down over such a path."""
    write_tiff(tmp_path / "in.tif", RGB, None)
    path = tmp_path / os.fsdecode(b"caf\xe9.tif")
    try:
        (tmp_path / "in.tif").rename(path)
    except OSError:
        pytest.skip("this file system takes no such names")
    np.testing.assert_array_equal(read(path).rgb, RGB)
