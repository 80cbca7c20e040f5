import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from vidcolor_utils.stills import images
from vidcolor_utils.stills.images import StillImage, is_animation, read_image, read_pages, write_image
from vidcolor_utils.system.errors import InputError, OutputError


def test_png_round_trip_keeps_rgb_and_alpha(tmp_path):
    layers = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    write_image(tmp_path / "a.png", StillImage(layers[..., :3], layers[..., 3]))
    image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(np.dstack([image.rgb, image.alpha]), layers)


def test_gray_palette_and_16_bit_pictures_become_rgb(tmp_path):
    ramp = np.linspace(0, 65535, 16).astype(np.uint16)[None].repeat(4, 0)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    Image.fromarray((ramp >> 8).astype(np.uint8)).save(tmp_path / "gray.png")
    Image.fromarray((ramp >> 8).astype(np.uint8)).convert("P").save(tmp_path / "palette.png")
    for name in ("deep", "gray", "palette"):
        image = read_image(tmp_path / f"{name}.png")
        assert image.rgb.shape == (4, 16, 3) and image.alpha is None
        assert image.rgb[0, 0].tolist() == [0, 0, 0] and image.rgb[0, -1].tolist() == [255, 255, 255]
        assert abs(int(image.rgb[0, 8, 0]) - 136) <= 1


def test_exif_rotation_is_applied(tmp_path):
    picture = Image.new("RGB", (6, 4))
    exif = picture.getexif()
    exif[0x0112] = 6  # shown turned by a quarter
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").rgb.shape == (6, 4, 3)


def test_read_image_errors(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError, match="not an image"):
        read_image(tmp_path / "text.png")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("name", ["photo.png", "photo.eps"])
def test_no_other_program_is_started_for_a_picture(tmp_path, monkeypatch, name):
    monkeypatch.setattr("subprocess.check_call", lambda *command, **rest: pytest.fail(f"started {command}"))
    (tmp_path / name).write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n")
    with pytest.raises(InputError, match="cannot identify"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("error", [RuntimeError, TypeError, IndexError])
def test_whatever_a_decoder_raises_is_one_sentence(tmp_path, monkeypatch, error):
    Image.new("L", (8, 8)).save(tmp_path / "a.avif")

    def fail(*_, **__):
        raise error("of its own")

    monkeypatch.setattr(Image.Image, "load", fail)
    monkeypatch.setattr(Image, "open", fail)
    assert not is_animation(tmp_path / "a.avif")
    with pytest.raises(InputError, match=r"a\.avif: not an image that can be read \(of its own\)"):
        read_image(tmp_path / "a.avif")


def test_write_image_errors(tmp_path):
    image = StillImage(np.zeros((2, 2, 3), np.uint8), None)
    with pytest.raises(InputError, match=r"\.png"):
        write_image(tmp_path / "a.xyz", image)
    with pytest.raises(OutputError, match="no such folder"):
        write_image(tmp_path / "none" / "a.png", image)


def test_too_many_pixels_are_told_with_how_many_are_taken(tmp_path):
    (tmp_path / "in.pgm").write_bytes(b"P5\n20000 20000\n255\n")
    with pytest.raises(InputError) as told:
        read_image(tmp_path / "in.pgm")
    assert str(told.value) == (f"{tmp_path / 'in.pgm'}: has more than 178,956,970 pixels, the most that are taken")


def test_whatever_an_encoder_raises_is_one_sentence(tmp_path):
    with pytest.raises(OutputError, match=r"a\.avif: cannot be written \(.+\)$"):
        write_image(tmp_path / "a.avif", StillImage(np.zeros((3, 70_000, 3), np.uint8), None))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free", "told"), [(0, "No space left on device"), (2**30, "9 requested and 0 written")])
def test_a_full_disk_is_said_to_be_one(tmp_path, monkeypatch, free, told):
    def fail(*_, **__):
        raise OSError("9 requested and 0 written")

    monkeypatch.setattr(images, "save_pages", fail)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(OutputError, match=rf"a\.tif: cannot be written \({told}\)$"):
        write_image(tmp_path / "a.tif", StillImage(np.zeros((2, 2, 3), np.uint8), None))


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
    still = images._still
    monkeypatch.setattr(images, "_still", lambda *of: (os.write(2, b"9 of 12"), still(*of))[1])
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

    whole_read = images._stills
    monkeypatch.setattr(images, "_stills", read)
    paths = [tmp_path / "cut.png", tmp_path / "whole.png"] * 4
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(read_pages, paths))
        assert not any(pool.map(is_animation, paths))
    assert [len(each.warnings) for each in pages] == [1, 0] * 4
    assert taken.count(True) == 4 and not ImageFile.LOAD_TRUNCATED_IMAGES
