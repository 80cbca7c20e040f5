from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.stills.images import StillImage, is_animation, read_image, write_animation, write_image
from vidcolor_utils.stills.writing import PageWriter
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

    monkeypatch.setattr(PageWriter, "_add_to_tiff", fail)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(OutputError, match=rf"a\.tif: cannot be written \({told}\)$"):
        write_image(tmp_path / "a.tif", StillImage(np.zeros((2, 2, 3), np.uint8), None))


def test_an_animation_plays_for_ever_at_its_rate(tmp_path):
    frames = [np.full((16, 24, 3), level, np.uint8) for level in (40, 120, 200)]
    write_animation(tmp_path / "moving.webp", iter(frames), rate=Fraction(25, 3))
    assert [path.name for path in tmp_path.iterdir()] == ["moving.webp"] and is_animation(tmp_path / "moving.webp")
    with Image.open(tmp_path / "moving.webp") as moving:
        assert (moving.n_frames, moving.size, moving.info["loop"]) == (3, (24, 16), 0)
        for index, frame in enumerate(frames):
            moving.seek(index)
            moving.load()
            assert moving.info["duration"] == 120
            assert np.abs(np.asarray(moving.convert("RGB")).astype(int) - frame).max() <= 6
