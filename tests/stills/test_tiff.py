import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from vidcolor_utils.stills.images import read_image, read_pages
from vidcolor_utils.stills.notes import ORIENTATIONS
from vidcolor_utils.system.errors import InputError

GRAY = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)


def write(path, *pages):
    """Write pages, each an array and what is said of it."""
    with tifffile.TiffWriter(path) as file:
        for page, settings in pages:
            file.write(page, metadata=None, **{"photometric": "minisblack"} | settings)


def test_a_small_copy_is_no_page_even_if_it_is_the_first(tmp_path):
    small = GRAY[::4, ::4], {"subfiletype": 1}
    write(tmp_path / "in.tif", small, (GRAY, {}), small, (255 - GRAY, {}))
    pages = read_pages(tmp_path / "in.tif")
    assert pages.warnings == [] and len(pages.images) == 2
    np.testing.assert_array_equal(pages.images[0].rgb[..., 0], GRAY)
    np.testing.assert_array_equal(read_image(tmp_path / "in.tif").rgb[..., 0], GRAY)


def test_a_small_copy_of_nothing_is_the_picture(tmp_path):
    write(tmp_path / "in.tif", (GRAY, {"subfiletype": 1}))
    np.testing.assert_array_equal(read_image(tmp_path / "in.tif").rgb[..., 0], GRAY)


@pytest.mark.parametrize("is_dng", [True, False])
def test_a_raw_photograph_is_refused_rather_than_its_thumbnail_taken(tmp_path, is_dng):
    version = [(50706, 1, 4, (1, 4, 0, 0), True)] if is_dng else []
    with tifffile.TiffWriter(tmp_path / "in.dng") as file:
        file.write(GRAY[::4, ::4], subfiletype=1, subifds=1, extratags=version, metadata=None)
        file.write(GRAY.astype(np.uint16), photometric=32803, metadata=None)
    with pytest.raises(InputError) as told:
        read_pages(tmp_path / "in.dng")
    assert str(told.value) == f"{tmp_path / 'in.dng'}: a raw photograph: develop it to a TIFF first"


def test_what_a_sensor_has_seen_is_refused_even_if_it_comes_first(tmp_path):
    write(tmp_path / "in.tif", (GRAY.astype(np.uint16), {"photometric": 32803}))
    with pytest.raises(InputError, match=r"in\.tif: a raw photograph: develop it to a TIFF first$"):
        read_pages(tmp_path / "in.tif")


@pytest.mark.parametrize(
    ("page", "settings", "kind"),
    [
        (GRAY > 128, {"subfiletype": 4, "photometric": 4}, "a mask"),
        (np.dstack([GRAY] * 3).astype(np.float32), {"photometric": "rgb"}, "of a kind that is not read"),
    ],
)
def test_pages_that_are_no_pictures_are_left_out_and_the_file_is_not_damaged(tmp_path, page, settings, kind):
    write(tmp_path / "in.tif", (GRAY, {}), (page, settings), (255 - GRAY, {}))
    pages = read_pages(tmp_path / "in.tif")
    assert pages.warnings == [f"{tmp_path / 'in.tif'}: page 2 is {kind}, and left out"]
    assert [int(image.rgb[0, 0, 0]) for image in pages.images] == [GRAY[0, 0], 255 - GRAY[0, 0]]


def in_mode(mode):
    gray = Image.fromarray(GRAY)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(gray.convert("RGB"), srgb, lab, outputMode="LAB")
    return Image.fromarray(GRAY.astype(np.uint16) * 257) if mode == "I;16" else gray.convert("RGB").convert(mode)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "F"])
def test_a_page_of_any_mode_stands_upright(tmp_path, mode, compression):
    picture = in_mode(mode)
    picture.save(tmp_path / "upright.tif", compression=compression)
    upright = read_image(tmp_path / "upright.tif").rgb
    for number, orientation in ORIENTATIONS.items():
        picture.save(tmp_path / "in.tif", compression=compression, tiffinfo={0x0112: number})
        found = read_image(tmp_path / "in.tif")
        np.testing.assert_array_equal(found.rgb, orientation.upright(upright))
        assert (found.alpha is None) == (mode not in ("LA", "RGBA"))


@pytest.mark.parametrize("bits", [1, 8])
def test_white_is_zero_on_its_side(tmp_path, bits):
    stored = GRAY > 128 if bits == 1 else GRAY
    white = 1 if bits == 1 else 255
    for number in (5, 6, 7, 8):
        turned = [(274, 3, 1, number, True)]
        write(tmp_path / "in.tif", (stored, {"photometric": "miniswhite", "extratags": turned}))
        expected = ORIENTATIONS[number].upright((white - stored.astype(int)) * (255 // white))
        np.testing.assert_array_equal(read_image(tmp_path / "in.tif").rgb[..., 0], expected)


@pytest.mark.parametrize("bits", [4, 12])
def test_numbers_of_half_a_byte_on_their_side(tmp_path, bits):
    """Packed by hand, as nothing here writes them: two of 4 bits to a byte, or two of 12 to three."""
    values = np.arange(24 * 32).reshape(24, 32) * (5 if bits == 12 else 1) % 2**bits
    digits = "".join(f"{value:0{bits // 4}x}" for value in values.ravel())
    packed = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(24, -1)
    for number in (1, 6):
        write(tmp_path / "in.tif", (packed, {"extratags": [(274, 3, 1, number, True)]}))
        with tifffile.TiffFile(tmp_path / "in.tif", mode="r+") as file:
            tags = file.pages[0].tags
            tags[256].overwrite(32)
            tags[258].overwrite(bits)
        found = read_pages(tmp_path / "in.tif").images[0].luma
        expected = ORIENTATIONS[number].upright(values / (2**bits - 1))
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ["gray beside alpha", "floats in colour"])
def test_a_tiff_of_a_kind_that_is_not_read_is_told_from_damage(tmp_path, kind):
    path = tmp_path / "in.tif"
    if kind == "floats in colour":
        tifffile.imwrite(path, np.zeros((24, 32, 3), np.float32), photometric="rgb")
    else:
        layers = np.zeros((24, 32, 2), np.uint16)
        tifffile.imwrite(path, layers, photometric="minisblack", extrasamples=["unassalpha"])
    with pytest.raises(InputError, match=r"of a kind that is not read: save it as RGB or gray of 8 or 16 bits"):
        read_pages(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="not an image that can be read"):
        read_pages(path)
