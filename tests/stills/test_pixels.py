import numpy as np
import pytest
import tifffile
from PIL import Image

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills.images import read_pages, write_pages
from vidcolor_utils.tool.colorize import colorize_file

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)


def luma_of(path) -> np.ndarray:
    return read_pages(path).images[0].luma


def colorized(source, output):
    return colorize_file(source, output, GrayColorizer())


@pytest.mark.parametrize("name", ["in.png", "in.tif"])
@pytest.mark.parametrize("output", ["out.png", "out.tif"])
def test_16_bits_of_gray_stay(tmp_path, name, output):
    Image.fromarray(RAMP).save(tmp_path / name)
    assert colorized(tmp_path / name, tmp_path / output).warnings == ()
    found = read_pages(tmp_path / output).images[0].rgb
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - RAMP[..., None]).max() <= 1


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_of_colour_and_alpha_stay(tmp_path, channels, suffix):
    layers = np.random.default_rng(0).integers(0, 65536, (24, 32, channels), dtype=np.uint16)
    source = read_pages_of(layers, tmp_path / f"in{suffix}")
    np.testing.assert_array_equal(source.rgb, layers[..., :3])
    assert channels == 3 or np.array_equal(source.alpha, layers[..., 3])


def read_pages_of(layers, path):
    from vidcolor_utils.stills.images import StillImage

    write_pages(path, [StillImage(layers[..., :3], layers[..., 3] if layers.shape[2] == 4 else None)])
    return read_pages(path).images[0]


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_white_is_zero_comes_out_positive(tmp_path, bits):
    gray = np.linspace(0, 2**bits - 1, 32 * 24).reshape(24, 32)
    stored = ((2**bits - 1) - np.rint(gray)).astype(bool if bits == 1 else f"uint{bits}")
    tifffile.imwrite(tmp_path / "in.tif", stored, photometric="miniswhite")
    assert np.abs(luma_of(tmp_path / "in.tif") - np.rint(gray) / (2**bits - 1)).max() < 0.005


@pytest.mark.parametrize(("top", "white"), [(0.5, 1.0), (1.0, 1.0), (200.0, 255.0), (40000.0, 65535.0)])
def test_float_pictures_are_not_stretched(tmp_path, top, white):
    gray = np.linspace(0, top, 32 * 24, dtype=np.float32).reshape(24, 32)
    tifffile.imwrite(tmp_path / "in.tif", gray)
    assert np.abs(luma_of(tmp_path / "in.tif") - gray / white).max() < 1e-4


@pytest.mark.parametrize(
    ("kind", "top", "white"),
    [
        ("int16", 32767, 32767),
        ("int32", 200, 255),
        ("int32", 25500, 65535),
        ("uint32", 40000, 65535),
        ("uint32", 2**32 - 1, 2**32 - 1),
    ],
)
def test_whole_numbers_with_room_to_spare_are_not_black(tmp_path, kind, top, white):
    gray = np.linspace(0, top, 32 * 24).reshape(24, 32)
    tifffile.imwrite(tmp_path / "in.tif", gray.astype(kind))
    assert np.abs(luma_of(tmp_path / "in.tif") - gray / white).max() < 0.005


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("kind", ["float32", "int16", "int32", "uint16", "uint32", "white is zero"])
def test_numbers_are_read_in_both_orders_of_bytes(tmp_path, kind, byteorder, compression):
    """As Photoshop on a Mac writes them."""
    is_inverted, dtype = kind == "white is zero", "uint16" if kind == "white is zero" else kind
    white = 1.0 if kind == "float32" else 32767 if kind == "int16" else 65535
    gray = np.linspace(0, white, 32 * 24).reshape(24, 32).astype(dtype)
    photometric = "miniswhite" if is_inverted else "minisblack"
    stored = white - gray if is_inverted else gray
    settings = {"photometric": photometric, "byteorder": byteorder, "compression": compression}
    tifffile.imwrite(tmp_path / "in.tif", stored.astype(dtype), metadata=None, **settings)
    assert np.abs(luma_of(tmp_path / "in.tif") - gray / white).max() < 0.001
