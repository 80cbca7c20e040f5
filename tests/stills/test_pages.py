import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageFile

from vidcolor_utils.stills import pages
from vidcolor_utils.stills.images import is_animation, read_pages
from vidcolor_utils.stills.pages import PageReader, num_pages, open_picture
from vidcolor_utils.system.errors import InputError, NoMemoryError

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def write(path, *layers, **settings):
    with tifffile.TiffWriter(path) as file:
        for layer in layers:
            file.write(layer, photometric="rgb", metadata=None, **settings)


def test_pages_are_read_when_they_are_asked_for_and_others_may_read_meanwhile(tmp_path, monkeypatch):
    read, still = [], pages._still
    monkeypatch.setattr(pages, "_still", lambda *of: (read.append(of[1].tell()), still(*of))[1])
    write(tmp_path / "in.tif", NOISE, 255 - NOISE, NOISE // 2)
    with PageReader(tmp_path / "in.tif") as reader:
        assert read == [] and num_pages(tmp_path / "in.tif") == 3
        for number, expected in enumerate((NOISE, 255 - NOISE, NOISE // 2)):
            np.testing.assert_array_equal(next(reader).rgb, expected)
            assert read == list(range(number + 1))
            np.testing.assert_array_equal(read_pages(tmp_path / "in.tif", first_only=True).images[0].rgb, NOISE)
            read.pop()
        assert next(reader, None) is None and reader.warnings == []


def damaged(path, page):
    """Spoil the numbers of a page, which are packed."""
    with tifffile.TiffFile(path, mode="r+") as file:
        place, length = file.pages[page].dataoffsets[0], file.pages[page].databytecounts[0]
        file.filehandle.seek(place + 2 if page else place + length // 2)
        file.filehandle.write(b"\xff" * (length // 2 if page == 0 else length - 2))


def test_pages_before_a_damaged_one_are_read_once_and_it_is_told(tmp_path, monkeypatch):
    write(tmp_path / "in.tif", NOISE, 255 - NOISE, NOISE // 2, compression="zlib")
    damaged(tmp_path / "in.tif", 1)
    read, still = [], pages._still
    monkeypatch.setattr(pages, "_still", lambda *of: (read.append(of[1].tell()), still(*of))[1])
    found = read_pages(tmp_path / "in.tif")
    np.testing.assert_array_equal(found.images[0].rgb, NOISE)
    np.testing.assert_array_equal(found.images[-1].rgb, NOISE // 2)
    (told,) = found.warnings
    assert len(found.images) == 2 and "damaged" in told and "without 1 of its 3 pages" in told
    assert read == [0, 1, 1, 2]


@pytest.mark.parametrize(("spoilt", "left"), [((0,), 2), ((1,), 2), ((2,), 2), ((0, 1), 1), ((0, 1, 2), 0)])
def test_pages_of_which_nothing_is_there_are_passed_over_and_counted(tmp_path, monkeypatch, spoilt, left):
    write(tmp_path / "in.tif", NOISE, 255 - NOISE, NOISE // 2)
    still = pages._still

    def broken(path, page, said):
        if page.tell() in spoilt:
            raise OSError("decoder error")
        return still(path, page, said)

    monkeypatch.setattr(pages, "_still", broken)
    if not left:
        with pytest.raises(InputError, match="not an image that can be read"):
            read_pages(tmp_path / "in.tif")
        return
    found = read_pages(tmp_path / "in.tif")
    assert len(found.images) == left
    assert f"without {3 - left} of its 3 pages" in found.warnings[0]


def test_a_thousand_pages_that_cannot_be_read_are_passed_over_in_one_go(tmp_path, monkeypatch):
    write(tmp_path / "in.tif", *[NOISE[:8, :8]] * 1200)
    opened, still = [], pages._still

    def broken(path, page, said):
        if 0 < page.tell() < 1199:
            raise OSError("decoder error")
        return still(path, page, said)

    monkeypatch.setattr(pages, "_still", broken)
    monkeypatch.setattr(pages, "open_picture", lambda path: (opened.append(path), open_picture(path))[1])
    found = read_pages(tmp_path / "in.tif")
    assert len(found.images) == 2 and "without 1198 of its 1200 pages" in found.warnings[0]
    assert len(opened) == 3  # to read, to count, and to read what is there


def test_what_is_missing_of_a_page_is_black_and_not_the_page_before(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "in.tif", save_all=True, append_images=[Image.fromarray(255 - NOISE)])
    content = (tmp_path / "in.tif").read_bytes()
    (tmp_path / "in.tif").write_bytes(content[: -NOISE.nbytes // 2])
    with PageReader(tmp_path / "in.tif") as reader:
        np.testing.assert_array_equal(next(reader).rgb, NOISE)
        found = next(reader).rgb
    assert (found[:16] == 255 - NOISE[:16]).all() and not found[40:].any()


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("Insufficient memory")])
@pytest.mark.parametrize("damaged_first", [False, True])
def test_want_of_memory_is_not_told_as_damage_and_costs_no_page(tmp_path, monkeypatch, error, damaged_first):
    if isinstance(error, cv2.error):
        error.code = cv2.Error.StsNoMem
    write(tmp_path / "in.tif", NOISE, 255 - NOISE, NOISE // 2, compression="zlib")
    if damaged_first:
        damaged(tmp_path / "in.tif", 0)
    still = pages._still

    def too_large(path, page, said):
        if page.tell() == 1:
            raise error
        return still(path, page, said)

    monkeypatch.setattr(pages, "_still", too_large)
    with pytest.raises(NoMemoryError, match=r"in\.tif: there is not enough memory"):
        read_pages(tmp_path / "in.tif")


def test_a_page_that_is_blank_and_whole_is_something(tmp_path):
    """Of the file cut before its second page the first one is there, if white."""
    write(tmp_path / "in.tif", np.full_like(NOISE, 255), NOISE)
    content = (tmp_path / "in.tif").read_bytes()
    (tmp_path / "in.tif").write_bytes(content[: len(content) // 2 + 600])
    assert (read_pages(tmp_path / "in.tif").images[0].rgb == 255).all()


def test_what_is_no_picture_has_one_page_until_it_is_read(tmp_path):
    (tmp_path / "in.tif").write_bytes(b"no picture")
    assert num_pages(tmp_path / "in.tif") == 1
    with PageReader(tmp_path / "in.tif") as reader, pytest.raises(InputError, match="not an image"):
        next(reader)


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "lzw.tif"])
def test_what_libraries_print_of_damaged_pictures_is_held_back(tmp_path, capfd, name):
    noise = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    if name == "lzw.tif":
        Image.fromarray((noise >> 8).astype(np.uint8)).save(tmp_path / name, compression="tiff_lzw")
    else:
        cv2.imwrite(str(tmp_path / name), noise)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    (tmp_path / name).write_bytes(content)
    with suppress(InputError):
        read_pages(tmp_path / name)
    assert capfd.readouterr().err == ""


def test_others_may_write_to_stderr_while_a_picture_is_read(tmp_path, capfd, monkeypatch):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    still = pages._still
    monkeypatch.setattr(pages, "_still", lambda *of: (os.write(2, b"9 of 12"), still(*of))[1])
    read_pages(tmp_path / "a.png")
    assert capfd.readouterr().err == "9 of 12"


def test_a_damaged_picture_is_told_in_whatever_thread_another_one_is_read(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    taken = []

    def read(*arguments):
        taken.append(ImageFile.LOAD_TRUNCATED_IMAGES)
        time.sleep(0.02)
        return whole_read(*arguments)

    whole_read = pages._still
    monkeypatch.setattr(pages, "_still", read)
    paths = [tmp_path / "cut.png", tmp_path / "whole.png"] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read_pages, paths))
        assert not any(pool.map(is_animation, paths))
    assert [len(each.warnings) for each in found] == [1, 0] * 4
    assert taken.count(True) == 4 and not ImageFile.LOAD_TRUNCATED_IMAGES
