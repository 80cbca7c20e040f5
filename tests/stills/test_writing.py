import numpy as np
import pytest
import tifffile
from PIL import Image

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.stills.images import StillImage, read_pages
from vidcolor_utils.stills.notes import Notes
from vidcolor_utils.stills.writing import PageWriter, save_pages
from vidcolor_utils.system.errors import NoMemoryError
from vidcolor_utils.tool.colorize import colorize_file

RAMP = np.linspace(2000, 63000, 32 * 24).astype(np.uint16).reshape(24, 32)


def luma_of(path) -> np.ndarray:
    return read_pages(path).images[0].luma


def colorized(source, output):
    return colorize_file(source, output, GrayColorizer())


def test_16_bits_in_a_format_of_8_are_warned_of(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "in.tif")
    report = colorized(tmp_path / "in.tif", tmp_path / "out.jpg")
    assert any("luma of 16 bits is written as 8" in text for text in report.warnings)
    assert np.abs(luma_of(tmp_path / "out.jpg") - RAMP / 65535).mean() < 0.01


def test_all_pages_come_out_of_a_tiff_or_are_warned_of(tmp_path):
    pages = [Image.fromarray(np.full((24, 32), 60 * (page + 1), np.uint8)) for page in range(3)]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    assert colorized(tmp_path / "in.tif", tmp_path / "out.tif").warnings == ()
    found = [image.luma.mean() * 255 for image in read_pages(tmp_path / "out.tif").images]
    assert found == pytest.approx([60, 120, 180], abs=1)
    report = colorized(tmp_path / "in.tif", tmp_path / "out.png")
    assert any("the first of 3 pages" in text for text in report.warnings)


def test_pages_of_8_bits_beside_deep_ones_stay_so_and_are_not_transparent(tmp_path):
    deep = StillImage(np.dstack([RAMP] * 3), np.full(RAMP.shape, 65535, np.uint16))
    flat = StillImage(np.full((24, 32, 3), 200, np.uint8), np.full((24, 32), 255, np.uint8))
    assert save_pages(tmp_path / "out.tif", [deep, flat]) == []
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        pages = [page.asarray() for page in file.pages]
    np.testing.assert_array_equal(pages[0][..., 0], RAMP)
    assert pages[1].dtype == np.uint8 and np.unique(pages[1]).tolist() == [200, 255]
    with Image.open(tmp_path / "out.tif") as file:
        file.seek(1)
        assert np.unique(np.asarray(file)).tolist() == [200, 255]


def test_each_page_keeps_its_own_notes(tmp_path):
    pages = []
    for text in ("first", "second"):
        exif = Image.Exif()
        exif[0x010E], exif[0x4746] = text, 4
        pages.append(StillImage(np.zeros((24, 32, 3), np.uint8), None, Notes(exif, (300.0, 300.0))))
    assert save_pages(tmp_path / "out.tif", pages) == []
    found = [image.notes for image in read_pages(tmp_path / "out.tif").images]
    assert [each.exif[0x010E] for each in found] == ["first", "second"]
    assert all(each.exif[0x4746] == 4 and each.dpi == (300, 300) for each in found)


def test_pages_beyond_4_gb_go_into_a_bigtiff_with_their_notes(tmp_path, monkeypatch):
    monkeypatch.setattr("vidcolor_utils.stills.writing.LARGEST_TIFF", 2 * 24 * 32 * 3 - 1)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "1955:01:02 03:04:05"
    gray = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)
    for pages, is_big in ((1, False), (2, True)):
        save_pages(tmp_path / "in.tif", [StillImage(np.dstack([gray] * 3), None, Notes(exif=exif))] * pages)
        assert colorize_file(tmp_path / "in.tif", tmp_path / "out.tif", GrayColorizer()).warnings == ()
        with tifffile.TiffFile(tmp_path / "out.tif") as file:
            assert (file.is_bigtiff, len(file.pages)) == (is_big, pages)
        found = read_pages(tmp_path / "out.tif").images
        assert [each.notes.exif.get_ifd(0x8769)[0x9003] for each in found] == ["1955:01:02 03:04:05"] * pages
        assert all(np.abs(each.rgb.astype(int) - gray[..., None]).max() <= 1 for each in found)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_want_of_memory_is_named(tmp_path, monkeypatch, suffix):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("vidcolor_utils.stills.writing.lost_notes", fail)
    with pytest.raises(NoMemoryError, match="there is not enough memory"):
        save_pages(tmp_path / f"out{suffix}", [StillImage(np.zeros((8, 8, 3), np.uint8), None)])


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".ppm"])
def test_transparency_that_is_lost_is_told(tmp_path, suffix):
    clear, opaque = (np.full((24, 32), value, np.uint8) for value in (90, 255))
    for alpha, told in ((clear, True), (opaque, False), (None, False)):
        lost = save_pages(tmp_path / f"out{suffix}", [StillImage(np.zeros((24, 32, 3), np.uint8), alpha)])
        assert any("has no transparency" in text for text in lost) == told


def test_a_page_is_in_the_file_before_the_next_one_comes(tmp_path):
    white = StillImage(np.full((256, 256, 3), 255, np.uint8), None)
    with PageWriter(tmp_path / "out.tif") as writer:
        sizes = []
        for _ in range(3):
            writer.add(white)
            sizes.append((tmp_path / "out.tif").stat().st_size)
        assert not writer.is_full and writer.finish(3) == []
    assert np.diff(sizes).min() > 150_000
    assert [image.rgb.min() for image in read_pages(tmp_path / "out.tif").images] == [255] * 3


def test_other_formats_hold_one_page_and_say_so(tmp_path):
    with PageWriter(tmp_path / "out.png", shown=tmp_path / "shown.png") as writer:
        writer.add(StillImage(np.zeros((24, 32, 3), np.uint8), None))
        assert writer.is_full
        (lost,) = writer.finish(3)
    assert lost.startswith(f"{tmp_path / 'shown.png'}: has the first of 3 pages")
