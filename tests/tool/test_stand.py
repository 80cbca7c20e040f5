"""Numbered pictures, animations and pipes: one steady film each."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import REPOSITORY
from tests.helpers.films import Interrupted, crash_after
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.look import Reference
from vidcolor_utils.pictures.chroma import luma01
from vidcolor_utils.stills.images import HEIF, read_pages
from vidcolor_utils.system.errors import InputError, OptionError, OutputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.stand import piped
from vidcolor_utils.video import files
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import THROUGH_PNG, sequence_files, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

FRAMES = 6


class Known(GrayColorizer):
    """One that another run can tell to be the same."""

    def fingerprint(self) -> dict:
        return {"colorizer": "gray"}


def gray(index: int, top: int = 60000) -> np.ndarray:
    return (np.linspace(0, top, 48 * 64).reshape(48, 64) + 500 * index).astype(np.uint16)


@pytest.fixture
def pictures(tmp_path):
    """Sixteen bits, numbered from 3 on."""
    folder = tmp_path / "in"
    folder.mkdir()
    for index in range(FRAMES):
        Image.fromarray(gray(index)).save(folder / f"{index + 3:05d}.png")
    return folder


def test_pictures_become_a_film(pictures, tmp_path):
    output = tmp_path / "out.mp4"
    report = colorize_file(pictures / "%05d.png", output, GrayColorizer(), rate=Fraction(25))
    info = video_info(output)
    assert report.output == output and report.frames == info.frames == FRAMES
    assert info.rate == 25 and info.duration_s == pytest.approx(FRAMES / 25, abs=0.001)
    assert report.warnings == (f"{pictures / '%05d.png'}: luma of 16 bits is written as 10",)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_pictures_become_pictures_with_all_their_bits(pictures, tmp_path, suffix):
    (tmp_path / "out").mkdir()
    report = colorize_file(pictures / "%05d.png", tmp_path / "out" / f"%04d{suffix}", GrayColorizer())
    written = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in written] == [f"{index + 3:04d}{suffix}" for index in range(FRAMES)]
    assert report.frames == FRAMES and report.warnings == ()
    for index, file in enumerate(written):
        rgb = read_pages(file).images[0].rgb
        assert rgb.dtype == np.uint16 and np.abs(rgb.astype(int) - gray(index)[..., None]).max() <= 2


def test_pictures_with_exif_become_a_film(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a day in 1932"
    for index in range(FRAMES):
        (picture := Image.fromarray((gray(index) >> 8).astype(np.uint8))).save(
            tmp_path / f"{index}.jpg", exif=exif
        )
        picture.save(tmp_path / f"{index}.tif")
    for suffix in (".jpg", ".tif"):
        report = colorize_file(tmp_path / f"%d{suffix}", tmp_path / f"film{suffix}.mp4", GrayColorizer())
        assert report.frames == FRAMES


@pytest.mark.parametrize("suffix", THROUGH_PNG)
def test_pictures_of_any_format_become_a_film(tmp_path, suffix):
    if suffix in HEIF:
        pytest.importorskip("pillow_heif").register_heif_opener()
    tones = [40 + 30 * index for index in range(FRAMES)]
    for index, tone in enumerate(tones):
        picture = Image.new("L", (64, 48), tone)
        picture = picture.convert("1", dither=Image.Dither.NONE) if suffix == ".pbm" else picture
        picture.save(tmp_path / f"{index}{suffix}")
    output = tmp_path / "film.mkv"
    report = colorize_file(
        tmp_path / f"%d{suffix}", output, GrayColorizer(), encoding=Encoding("ffv1", sound="none")
    )
    assert report.frames == FRAMES
    with VideoReader(output) as reader:
        levels = {"bit_depth": reader.info.bit_depth, "full_range": reader.info.full_range}
        seen = [luma01(frame.luma, **levels).mean() * 255 for frame in reader.luma_frames()]
    expected = [255.0 * (tone > 127) for tone in tones] if suffix == ".pbm" else tones
    np.testing.assert_allclose(seen, expected, atol=2)


@pytest.mark.parametrize("name", ["%d.bmp", "moving.webp"])
def test_no_place_for_what_stands_for_a_film_is_said_with_its_name(tmp_path, name):
    pictures = [Image.fromarray((gray(index) >> 8).astype(np.uint8)) for index in range(FRAMES)]
    pictures[0].save(tmp_path / "moving.webp", save_all=True, append_images=pictures[1:], lossless=True)
    for index, picture in enumerate(pictures):
        picture.save(tmp_path / f"{index}.bmp")
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900)); from vidcolor_utils.cli import main; main()"
    )
    command = [sys.executable, "-c", script, "colorize", tmp_path / name, "-o", tmp_path / "film.mkv"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 1 and "no place for" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", [".pgm", ".heic"])
def test_pictures_that_cannot_be_written_are_refused_before_the_work(make_video, tmp_path, suffix):
    never = Known()
    never.predict_ab = lambda lumas: pytest.fail("it was coloured")
    with pytest.raises(InputError, match=rf"%03d\{suffix}: an image is written to a file that ends in"):
        colorize_file(make_video(), tmp_path / f"%03d{suffix}", never)


def test_pictures_are_not_written_over_those_that_they_are_made_of(pictures, tmp_path):
    colorize_file(pictures / "%05d.png", pictures / "%04d.png", GrayColorizer())  # other names
    before = {path.name: path.read_bytes() for path in pictures.iterdir()}
    with pytest.raises(InputError, match="input and output are the same pictures"):
        colorize_file(pictures / "%05d.png", pictures / "%05d.png", GrayColorizer())
    assert {path.name: path.read_bytes() for path in pictures.iterdir()} == before


def test_an_interrupted_sequence_goes_on(pictures, tmp_path):
    (tmp_path / "out").mkdir()
    names = pictures / "%05d.png", tmp_path / "out" / "%05d.png"
    settings = {"segment_s": 0.08, "strength": 0.0}  # two frames
    with pytest.raises(Interrupted):
        colorize_file(*names, Known(), progress=crash_after(3), **settings)
    assert not list((tmp_path / "out").glob("*.png"))
    done = []
    colorize_file(*names, Known(), progress=lambda frames, total: done.append(frames), **settings)
    assert done[0] > 1 and len(list((tmp_path / "out").glob("*.png"))) == FRAMES
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_a_part_keeps_its_numbers(pictures, tmp_path):
    span = Span(0.1, 0.2)
    colorize_file(pictures / "%05d.png", tmp_path / "%d.png", GrayColorizer(), rate=Fraction(20), span=span)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["5.png", "6.png"]


def test_a_film_whose_pictures_cannot_be_written_is_not_lost(pictures, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    names = pictures / "%05d.png", tmp_path / "out" / "%05d.png"

    def full(*_, shown, **__):
        raise OutputError(f"{shown}: cannot be written (no space left on device)")

    with monkeypatch.context() as disk:
        disk.setattr(files, "write_pages", full)
        with pytest.raises(OutputError, match=r"00003\.png: .* 1 finished segments are kept"):
            colorize_file(*names, Known())
    assert not list((tmp_path / "out").glob("*.png"))
    done = []
    report = colorize_file(*names, Known(), progress=lambda frames, total: done.append(frames))
    assert done == [] and report.frames == len(list((tmp_path / "out").iterdir())) == FRAMES


@pytest.mark.parametrize(
    ("rate", "read"),
    [
        *((25, 25), (12.5, Fraction(25, 2)), (np.float64(24000 / 1001), Fraction(24000, 1001))),
        (Fraction(1, 100_000), Fraction(1, 60_000)),  # the least, which .mkv does not say in full
    ],
)
def test_a_rate_may_be_any_number(pictures, tmp_path, rate, read):
    colorize_file(pictures / "%05d.png", tmp_path / "out.mkv", GrayColorizer(), rate=rate)
    assert video_info(tmp_path / "out.mkv").rate == read


@pytest.mark.parametrize("rate", [0, -1, 1e-6, 1001, float("nan"), "24"])
def test_a_rate_that_cannot_be_is_refused_before_any_file(pictures, tmp_path, rate):
    with pytest.raises(OptionError, match="rate"):
        colorize_file(pictures / "%05d.png", tmp_path / "out.mp4", GrayColorizer(), rate=rate)
    assert list(tmp_path.iterdir()) == [pictures]


def test_a_folder_may_have_a_name_that_looks_like_an_address(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures.rename("take:2")
    assert colorize_file("take:2/%05d.png", tmp_path / "out.mp4", GrayColorizer()).frames == FRAMES


def test_what_pictures_cannot_have_is_refused(pictures, make_video, tmp_path):
    with pytest.raises(OptionError, match="a codec, its quality and its preset are for videos"):
        colorize_file(pictures / "%05d.png", tmp_path / "%05d.png", GrayColorizer(), encoding=Encoding(crf=20))
    with pytest.raises(OptionError, match="a rate is for numbered images"):
        colorize_file(make_video(), tmp_path / "out.mp4", GrayColorizer(), rate=Fraction(20))
    with pytest.raises(OptionError, match="no times to start and end at"):
        colorize_file(pictures / "00003.png", tmp_path / "out.png", GrayColorizer(), span=Span(1))
    reference = {"references": (Reference(pictures / "00003.png"),)}
    with pytest.raises(InputError, match="output and reference are the same file"):
        colorize_file(pictures / "00004.png", pictures / "00003.png", GrayColorizer(), **reference)
    with pytest.raises(InputError, match="one number"):
        colorize_file(make_video(), tmp_path / "%d_%d.png", GrayColorizer())


def test_a_gap_and_an_empty_folder_are_named(pictures, tmp_path):
    (pictures / "00005.png").unlink()
    with pytest.raises(InputError, match=r"00005\.png is missing"):
        sequence_files(pictures / "%05d.png")
    with pytest.raises(InputError, match="no such pictures"):
        colorize_file(tmp_path / "%03d.png", tmp_path / "out.mp4", GrayColorizer())


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_an_animation_is_a_film_whose_last_picture_stays(tmp_path, suffix):
    frames = [Image.fromarray(np.full((48, 64), 60 * (index + 1), np.uint8)) for index in range(3)]
    source, times = tmp_path / f"in{suffix}", [100, 200, 500]
    kind = {".apng": "PNG"}.get(suffix)
    frames[0].save(source, kind, save_all=True, append_images=frames[1:], duration=times, lossless=True)
    report = colorize_file(source, tmp_path / "out.mp4", GrayColorizer())
    assert report.frames == 3 and not any("/tmp" in text and "in" + suffix not in text for text in report.warnings)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([0, 0.1, 0.3], abs=0.001)
        assert container.duration / av.time_base == pytest.approx(0.8, abs=0.01)


def test_a_film_goes_through_a_pipe(make_video, tmp_path):
    source = make_video("in.mkv", frames=5)
    start = "from vidcolor_utils.cli import main; main()"
    command = [sys.executable, "-c", start, "colorize", "-", "-o", "-", "--format", "matroska"]
    run = subprocess.run(command, input=source.read_bytes(), capture_output=True, cwd=REPOSITORY, check=True)
    with av.open(io.BytesIO(run.stdout)) as container:
        assert container.format.name.startswith("matroska")
        assert sum(1 for _ in container.decode(video=0)) == 5
    assert run.stderr.decode().strip().endswith("stdout: 5 frames in colour")
    if probe := shutil.which("ffprobe"):
        asked = [
            probe,
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            "-",
        ]
        told = subprocess.run(asked, input=run.stdout, capture_output=True, check=True)
        assert (told.stdout.decode().split(), told.stderr) == (["5"], b"")


def test_a_full_temporary_folder_is_named(tmp_path, monkeypatch):
    """By the command it was called the standard output."""

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "open", lambda *_: Full())
    told = rf"{tmp_path.name}.*: cannot be written \(No space left on device\); TMPDIR names another folder"
    with (
        pytest.raises(OutputError, match=told),
        piped(Path("-"), tmp_path / "out.mp4", None, io.BytesIO(b"film"), io.BytesIO()),
    ):
        pass


@pytest.mark.parametrize(
    ("source", "output", "told"),
    [("-", "out.mp4", "stdin out.mp4"), ("in.mp4", "-", "in.mp4 stdout"), ("-", "-", "stdin stdout")],
)
def test_what_is_no_pipe_is_called_by_its_name(source, output, told):
    with piped(Path(source), Path(output), "mp4", io.BytesIO(b"film"), io.BytesIO()) as stand:
        if output == "-":
            stand.output.write_bytes(b"made")
        assert stand.told(f"{stand.source} {stand.output}") == told


def test_numbered_pictures_of_another_kind_than_their_name_are_read_as_what_they_hold(tmp_path):
    for number in range(3):
        Image.new("L", (64, 48), 60 + number).save(tmp_path / f"scan_{number}.tif", "BMP")
    report = colorize_file(tmp_path / "scan_%d.tif", tmp_path / "out.mp4", GrayColorizer())
    assert report.frames == 3


def test_a_pipe_needs_a_format(tmp_path):
    for container in (None, "no_such"):
        with (
            pytest.raises(InputError, match="matroska, mp4, mov, webm"),
            piped(tmp_path, "-", container, io.BytesIO(), io.BytesIO()),
        ):
            pass


def test_only_what_shines_through_is_said_to_be_lost(make_video, tmp_path):
    frames = [Image.fromarray(np.full((48, 64), 60 * (index + 1), np.uint8)) for index in range(3)]
    for name, alpha in (("opaque.gif", 255), ("opaque.apng", 255), ("half.apng", 128)):
        layers = [Image.merge("LA", (frame, Image.new("L", frame.size, alpha))) for frame in frames]
        kind = "PNG" if name.endswith("apng") else "GIF"
        layers[0].save(tmp_path / name, kind, save_all=True, append_images=layers[1:])
    sources = [tmp_path / "opaque.gif", tmp_path / "opaque.apng", tmp_path / "half.apng"]
    sources.append(
        make_video("film.webm", codec="libvpx-vp9", pixel_format="yuva420p", options={"auto-alt-ref": "0"})
    )
    told = [colorize_file(source, tmp_path / "out.mp4", GrayColorizer()).warnings for source in sources]
    assert ["transparency is not kept" in " ".join(warnings) for warnings in told] == [False, False, True, True]
