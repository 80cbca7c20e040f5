"""What comes with a picture stays with it."""

import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps, IptcImagePlugin, PngImagePlugin

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills import notes
from vidcolor_utils.stills.images import StillImage, read_image, read_pages, write_pages
from vidcolor_utils.stills.notes import Notes
from vidcolor_utils.tool.colorize import colorize_file

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)


def luma_of(path) -> np.ndarray:
    return read_pages(path).images[0].luma


def colorized(source, output):
    return colorize_file(source, output, GrayColorizer())


@pytest.mark.parametrize("name", ["in.jpg", "in.tif", "in.png", "in.webp"])
@pytest.mark.parametrize("output", ["out.jpg", "out.tif", "out.png"])
def test_notes_are_kept_and_the_picture_stands_upright(tmp_path, name, output):
    gray = np.zeros((24, 32), np.uint8)
    gray[:, :16] = 200  # the left half is bright; turned by 90 degrees clockwise, the upper
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x0132] = 6, "Grandmother at the mill", "1948:06:01 12:00:00"
    exif[0x8298] = "(c) town archive"
    exif.get_ifd(0x8769)[0x9003] = "1948:06:01 12:00:00"
    Image.fromarray(gray).save(tmp_path / name, exif=exif, dpi=(600, 600), xmp=b"<x:xmpmeta/>")
    colorized(tmp_path / name, tmp_path / output)
    with Image.open(tmp_path / output) as picture:
        found, dpi = picture.getexif(), picture.info.get("dpi")
        assert (found[0x010E], found[0x0132], found[0x8298]) == (exif[0x010E], exif[0x0132], exif[0x8298])
        assert found.get(0x0112, 1) == 1
        assert name == "in.tif" or found.get_ifd(0x8769)[0x9003] == "1948:06:01 12:00:00"
        assert name == "in.webp" or np.allclose(dpi, 600, atol=0.5)
    luma = luma_of(tmp_path / output)
    assert luma.shape == (32, 24) and luma[:12].mean() > 0.7 and luma[20:].mean() < 0.1


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("output", ["out.jpg", "out.png", "out.webp", "out.tif"])
def test_notes_in_other_letters_are_kept_byte_for_byte(tmp_path, coding, output):
    owner, lens = "© 1948 Zoë Müller".encode(coding), "Objektiv für Nahes".encode(coding)
    exif = Image.Exif()
    exif[0x8298] = owner
    exif.get_ifd(0x8769)[0xA434] = lens
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "in.jpg", exif=exif)
    assert colorized(tmp_path / "in.jpg", tmp_path / output).warnings == ()
    content = (tmp_path / output).read_bytes()
    with Image.open(tmp_path / output) as picture:
        assert picture.getexif()[0x8298].encode("latin-1") == owner
    assert lens in content


def test_damaged_notes_cost_no_picture_and_are_said_to_be_lost(tmp_path):
    """Every byte of EXIF changed, a few at a time; some of what that makes Pillow cannot write."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0132] = "The mill", "1948:06:01 12:00:00"
    exif.get_ifd(0x8769).update({0x9003: "1948:06:01 12:00:00", 0x829A: 0.5, 0x9000: b"0232"})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 3.5)})
    whole, warned = exif.tobytes(), 0
    for place in range(6, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x5D
        Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "in.jpg", exif=bytes(damaged))
        pages = read_pages(tmp_path / "in.jpg")
        warned += pages.warnings == [f"{tmp_path / 'in.jpg'}: some of its notes are damaged, and left out"]
        for suffix in (".jpg", ".png", ".tif"):
            write_pages(tmp_path / f"out{suffix}", pages.images)
    assert warned > 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_are_pillow_s(tmp_path, orientation):
    rgb = np.random.default_rng(2).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save(tmp_path / "in.png", exif=exif)
    with Image.open(tmp_path / "in.png") as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(read_image(tmp_path / "in.png").rgb, upright)


@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.webp"])
def test_exif_that_is_damaged_at_its_head_costs_no_picture(tmp_path, name):
    """As a tool leaves it that wipes notes out."""
    rgb, path = np.full((24, 32, 3), 99, np.uint8), tmp_path / name
    noted = Image.Exif()
    noted[0x010E] = "a description"
    Image.fromarray(rgb).save(path, exif=noted)
    content, head = path.read_bytes(), noted.tobytes()[6:14]
    chunk = content.index(b"eXIf") if name == "in.png" else None
    content = content.replace(head, bytes(8))
    if chunk is not None:
        end = chunk + 4 + int.from_bytes(content[chunk - 4 : chunk], "big")
        content = content[:end] + zlib.crc32(content[chunk:end]).to_bytes(4, "big") + content[end + 4 :]
    path.write_bytes(content)
    pages = read_pages(path)
    assert pages.images[0].rgb.shape == rgb.shape and np.abs(pages.images[0].rgb.astype(int) - rgb).max() <= 2
    assert pages.warnings == [f"{path}: some of its notes are damaged, and left out"]


def test_a_long_text_of_a_png_is_no_damage(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "step " * 400_000, zip=True)
    Image.new("L", (32, 24), 99).save(tmp_path / "in.png", pnginfo=info)
    pages = read_pages(tmp_path / "in.png")
    assert pages.warnings == [] and len(dict(pages.images[0].notes.texts)["workflow"]) == 2_000_000


def test_texts_of_a_png_are_kept(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Čapek")
    Image.fromarray(RAMP).save(tmp_path / "in.png", pnginfo=info)
    colorized(tmp_path / "in.png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.text["Author"] == "Čapek"


@pytest.mark.parametrize("name", ["in.png", "in.tif"])
@pytest.mark.parametrize("output", ["out.png", "out.tif"])
def test_when_and_where_a_picture_of_16_bits_was_taken_is_kept(tmp_path, name, output):
    exif = Image.Exif()
    exif[0x010E] = "The mill"
    exif.get_ifd(0x8769).update({0x9003: "1948:06:01 12:00:00", 0x829A: 0.5})
    exif.get_ifd(0x8825)[1] = "N"
    rgb = np.dstack([RAMP] * 3)
    write_pages(tmp_path / name, [StillImage(rgb, None, Notes(exif=exif))])
    colorized(tmp_path / name, tmp_path / output)
    with Image.open(tmp_path / output) as picture:
        found = picture.getexif()
        taken = found.get_ifd(0x8769)
        assert (found[0x010E], found.get_ifd(0x8825)[1]) == ("The mill", "N")
        assert (taken[0x9003], float(taken[0x829A])) == ("1948:06:01 12:00:00", 0.5)
    assert read_pages(tmp_path / output).images[0].rgb.dtype == np.uint16


@pytest.mark.parametrize("kind", ["XMP", "EXIF"])
def test_notes_too_long_for_a_jpeg_cost_no_picture(tmp_path, kind):
    exif = Image.Exif()
    exif[0x010E] = "Grandmother at the mill" * (4000 if kind == "EXIF" else 1)
    xmp = b"<x:xmpmeta>" + b"a" * (90_000 if kind == "XMP" else 9) + b"</x:xmpmeta>"
    image = StillImage(np.zeros((24, 32, 3), np.uint8), None, Notes(exif=exif, xmp=xmp))
    (lost,) = write_pages(tmp_path / "out.jpg", [image])
    assert f"has no {kind} notes" in lost
    with Image.open(tmp_path / "out.jpg") as picture:
        assert ("xmp" in picture.info) == (kind == "EXIF")
        assert (picture.getexif().get(0x010E) is None) == (kind == "EXIF")
    assert write_pages(tmp_path / "out.png", [image]) == []
    assert read_pages(tmp_path / "out.png").images[0].notes.xmp == xmp


@pytest.mark.parametrize("resolution", [(1, 0), (0, 0), (4_000_000_000, 1)])
def test_a_resolution_that_is_none_costs_no_picture(tmp_path, resolution):
    gray = np.full((24, 32), 90, np.uint8)
    tifffile.imwrite(tmp_path / "in.tif", gray, metadata=None, resolution=(1, 1))
    with tifffile.TiffFile(tmp_path / "in.tif", mode="r+") as file:
        for tag in (282, 283):
            file.pages[0].tags[tag].overwrite(resolution)
    for name in ("out.png", "out.bmp", "out.tif", "out.jpg"):
        colorized(tmp_path / "in.tif", tmp_path / name)
        assert (tmp_path / name).exists()
    assert read_pages(tmp_path / "in.tif").images[0].notes.dpi is None


@pytest.mark.parametrize("name", ["in.jpg", "in.tif", "in.png"])
@pytest.mark.parametrize("output", ["out.jpg", "out.png", "out.tif", "out.webp"])
def test_what_windows_writes_is_kept(tmp_path, name, output):
    exif = Image.Exif()
    for tag, text in zip(
        range(0x9C9B, 0x9CA0), ("Mühle", "by the river", "Zoë", "mill;river", "Family"), strict=True
    ):
        exif[tag] = text.encode("utf-16-le") + b"\0\0"
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / name, exif=exif)
    assert colorized(tmp_path / name, tmp_path / output).warnings == ()
    with Image.open(tmp_path / output) as picture:
        found = picture.getexif()
    assert {tag: bytes(found[tag]) for tag in exif if tag in range(0x9C9B, 0x9CA0)} == dict(exif)
    if output == "out.tif":
        with tifffile.TiffFile(tmp_path / output) as file:
            assert file.pages[0].tags[0x9C9B].dtype == 1  # bytes, as Windows wants them


IPTC = b"\x1c\x02\x78\0\x08The mill\x1c\x02\x50\0\4Anna"  # two datasets of IIM: a caption and who took it


def write_with_iptc(path, kind):
    resource = b"8BIM\4\4\0\0" + len(IPTC).to_bytes(4, "big") + IPTC + b"\0" * (len(IPTC) % 2)
    segment = b"Photoshop 3.0\0" + resource
    if kind == "jpeg":
        app13 = b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
        return Image.fromarray(RAMP.astype(np.uint8)).save(path, "JPEG", extra=app13)
    padded = IPTC + b"\0" * (-len(IPTC) % 4)
    tag = {
        "bytes": (33723, 7, len(IPTC), IPTC, True),
        "longs": (33723, 4, len(padded) // 4, np.frombuffer(padded, ">u4").tolist(), True),
        "photoshop": (34377, 1, len(resource), resource, True),
    }[kind]
    tifffile.imwrite(path, RAMP.astype(np.uint8), metadata=None, extratags=[tag], byteorder=">")


@pytest.mark.parametrize("kind", ["jpeg", "bytes", "longs", "photoshop"])
@pytest.mark.parametrize("output", ["out.jpg", "out.tif"])
def test_iptc_is_kept(tmp_path, kind, output):
    source = tmp_path / ("in.jpg" if kind == "jpeg" else "in.tif")
    write_with_iptc(source, kind)
    assert colorized(source, tmp_path / output).warnings == ()
    found = read_pages(tmp_path / output).images[0].notes.iptc
    assert found.rstrip(b"\0") == IPTC
    with Image.open(tmp_path / output) as picture:
        assert IptcImagePlugin.getiptcinfo(picture)[2, 80] == b"Anna"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>', b'tiff:Orientation="1"'),
        (b"<x xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation = '8'/>", b"tiff:Orientation = '1'"),
        (b"<tiff:Orientation>3</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (b'<x xmlns:t="http://ns.adobe.com/tiff/1.0/"><t:Orientation>7<', b"<t:Orientation>1<"),
        (b'<x other:Orientation="6" n:tiff="6">', b'<x other:Orientation="6" n:tiff="6">'),
    ],
)
@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.tif"])
def test_no_note_says_that_what_is_upright_is_to_be_turned(tmp_path, told, expected, name):
    write_pages(tmp_path / name, [StillImage(np.zeros((24, 32, 3), np.uint8), None, Notes(xmp=told))])
    found = read_pages(tmp_path / name).images[0].notes.xmp or b""
    is_left_out = name == "in.tif" and b"Orientation" not in found  # by Pillow, as it turns TIFFs
    assert is_left_out or (expected in found and len(found) == len(told))


def test_places_in_the_source_are_not_kept(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "1948:06:01 12:00:00", 0xA005: 1234})
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "in.jpg", exif=exif)
    kept = read_pages(tmp_path / "in.jpg").images[0].notes.exif.get_ifd(0x8769)
    assert dict(kept) == {0x9003: "1948:06:01 12:00:00"}


def test_notes_that_repeat_themselves_are_read_at_once():
    """Each of these begins an element that never ends; looked for up to the end each time, they took hours."""
    xmp = b"<tiff:Orientation " * 200_000
    assert notes._upright_xmp(xmp) == xmp
    assert notes._upright_xmp(b'<tiff:Orientation rdf:datatype="i">6</tiff:Orientation>').endswith(
        b">1</tiff:Orientation>"
    )
