import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.stills.images import StillImage, read_pages, write_pages
from vidcolor_utils.stills.keeping import lost_notes
from vidcolor_utils.stills.notes import Notes

GRAY = np.zeros((24, 32, 3), np.uint8)
ALL = "a .jpg, a .png or a .tif holds them"
DESCRIBED = "notes (date, description and the like)"


def described() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "The mill"
    return exif


def technical() -> Image.Exif:
    """What programs write of every picture."""
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769).update({0x9000: b"0232", 0xA001: 1, 0xA002: 32, 0xA003: 24})
    return exif


@pytest.mark.parametrize("suffix", [".jp2", ".bmp", ".tga", ".ppm"])
@pytest.mark.parametrize(
    "notes", [Notes(exif=described()), Notes(xmp=b"<x/>"), Notes(exif=described(), xmp=b"<x/>")]
)
def test_notes_that_a_format_does_not_hold_are_said_once(tmp_path, suffix, notes):
    path = tmp_path / f"out{suffix}"
    assert write_pages(path, [StillImage(GRAY, None, notes)]) == [f"{path}: has no {DESCRIBED}: {ALL}"]


@pytest.mark.parametrize("suffix", [".jp2", ".bmp", ".tga", ".ppm", ".jpg", ".png", ".webp", ".avif", ".tif"])
@pytest.mark.parametrize(
    "notes", [Notes(), Notes(exif=technical()), Notes(dpi=(72.0, 72.0)), Notes(dpi=(96.0, 96.0))]
)
def test_where_nothing_is_lost_nothing_is_said(tmp_path, suffix, notes):
    assert write_pages(tmp_path / f"out{suffix}", [StillImage(GRAY, None, notes)]) == []


@pytest.mark.parametrize(
    ("notes", "image_format", "lost"),
    [
        (Notes(dpi=(600.0, 600.0)), "PPM", f"has no resolution: {ALL}"),
        (Notes(dpi=(600.0, 600.0)), "BMP", None),
        (Notes(exif=described(), dpi=(600.0, 600.0)), "JPEG2000", f"has no {DESCRIBED} and no resolution: {ALL}"),
        (Notes(iptc=b"x"), "PNG", "has no IPTC notes: a .jpg or a .tif holds them"),
        (Notes(iptc=b"x", exif=described()), "BMP", f"has no {DESCRIBED}: a .jpg or a .tif holds them"),
        (Notes(iptc=b"x", texts=(("Title", "x"),)), "WEBP", "has no IPTC notes and no texts of a PNG"),
        (Notes(comment=b"x"), "TIFF", "has no comment: a .jpg or a .png holds them"),
        (Notes(comment=b"x"), "JPEG2000", None),
    ],
)
def test_what_holds_all_that_is_lost_is_named(notes, image_format, lost):
    assert lost_notes(notes, image_format) == ([] if lost is None else [lost])


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
@pytest.mark.parametrize("exif", [None, described()])
def test_a_resolution_goes_into_exif_where_there_is_no_other_place(tmp_path, suffix, exif):
    notes = Notes(exif=exif, dpi=(600.0, 300.0))
    assert write_pages(tmp_path / f"out{suffix}", [StillImage(GRAY, None, notes)]) == []
    found = read_pages(tmp_path / f"out{suffix}").images[0].notes
    assert found.dpi == (600, 300)
    assert exif is None or found.exif[0x010E] == "The mill"


def test_a_comment_is_kept_as_a_text_of_a_png(tmp_path):
    notes = Notes(comment="Die Mühle".encode())
    assert write_pages(tmp_path / "out.png", [StillImage(GRAY, None, notes)]) == []
    assert read_pages(tmp_path / "out.png").images[0].notes.texts == (("Comment", "Die Mühle"),)


def test_a_comment_that_a_program_has_written_is_none(tmp_path):
    Image.fromarray(GRAY).save(tmp_path / "in.jp2")
    assert read_pages(tmp_path / "in.jp2").images[0].notes.comment is None


def test_iptc_too_long_for_a_jpeg_costs_no_picture(tmp_path):
    image = StillImage(GRAY, None, Notes(iptc=b"\x1c" * 70_000))
    (lost,) = write_pages(tmp_path / "out.jpg", [image])
    assert "has no IPTC notes: they are too long for a JPEG" in lost
    assert read_pages(tmp_path / "out.jpg").images[0].notes.iptc is None
