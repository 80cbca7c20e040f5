import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills.images import read_image, read_pages, write_pages
from vidcolor_utils.tool.colorize import colorize_file

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)


def gray_profile(gamma: float) -> bytes:
    """An ICC profile of gray: a header, one white point and one power curve (ICC.1, u8Fixed8Number)."""
    white = b"XYZ \0\0\0\0" + b"".join(round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + bytes(2)
    text = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"gray\0" + bytes(79)
    tags, place = [], 128 + 4 + 3 * 12
    for name, content in ((b"wtpt", white), (b"kTRC", curve), (b"desc", text)):
        tags.append(name + place.to_bytes(4, "big") + len(content).to_bytes(4, "big"))
        place += len(content)
    body = (3).to_bytes(4, "big") + b"".join(tags) + white + curve + text
    head = bytearray(128)
    head[0:4], head[8:12], head[12:24] = (128 + len(body)).to_bytes(4, "big"), b"\x02\x40\0\0", b"mntrGRAYXYZ "
    head[36:40], head[68:80] = b"acsp", white[8:20]
    return bytes(head) + body


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


@pytest.mark.parametrize("deep", [False, True])
def test_a_gray_profile_is_honoured(tmp_path, deep):
    """Light 0.5 in a linear profile is 0.735 in sRGB (IEC 61966-2-1: 1.055 x 0.5^(1/2.4) - 0.055)."""
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
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = profile.index(b"para")  # ICC.1: signature, 4 zeros, kind of function, 2 zeros, gamma
    linear = profile[: curve + 8] + bytes(4) + b"\0\1\0\0" + profile[curve + 16 :]
    Image.fromarray(np.full((24, 32, 3), 128, np.uint8)).save(tmp_path / "in.png", icc_profile=linear)
    assert luma_of(tmp_path / "in.png").mean() == pytest.approx(0.735, abs=0.01)
