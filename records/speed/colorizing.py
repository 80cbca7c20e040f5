"""Timings of films, colorized from file to file: against decoding and encoding alone, and with other options."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

from records.films import write_walk
from records.speed.timing import fastest
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.stills.images import StillImage, write_image
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.formats import chroma_planes
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import keep_streams
from vidcolor_utils.video.writer import VideoWriter

FILMS = {"480p": (480, 854), "720p": (720, 1280), "1080p": (1080, 1920), "2160p": (2160, 3840)}
FILM_FRAMES = 150
STANDARD = "480p"  # the film that options are tried on
PLAIN = "plain"


class Effort(NamedTuple):
    """How much is measured of a film."""

    frames: int = FILM_FRAMES
    scenery: int | None = None  # frames that are rendered; they are shown there and back again
    rounds: int = 5  # other work on the machine comes in bursts that are longer than three rounds


USUAL, SHORT = Effort(), Effort(rounds=2)
EFFORTS = {"2160p": Effort(scenery=6, rounds=3)}  # to render and to show one frame takes long


class FilmSpeed(TypedDict):
    """How fast a film is colorized, against decoding and encoding it alone."""

    colorize_fps: float
    copy_fps: float
    ratio: float  # the first over the second
    times_zhang: NotRequired[float]  # how many times the frames per second of Zhang's network alone


class OptionSpeed(TypedDict):
    """How fast a film is colorized with an option."""

    fps: float
    ratio: float  # over the frames per second without


def bench_film(size: tuple[int, int], effort: Effort = USUAL) -> FilmSpeed:
    """Colorize a rendered film with sound, against decoding and encoding it alone with the same settings.

    Args:
        size: (height, width) of the film.
        effort: its length, and how often each is done.
    """
    colorizer = FrameColorizer()
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        write_walk(film, size, effort.frames, scenery=effort.scenery)
        seconds = fastest(
            {
                "colorize": lambda: colorize_file(film, output, colorizer),
                "copy": lambda: copy_film(film, output),
            },
            rounds=effort.rounds,
        )
    fps = {name: effort.frames / best for name, best in seconds.items()}
    return {"colorize_fps": fps["colorize"], "copy_fps": fps["copy"], "ratio": fps["colorize"] / fps["copy"]}


def bench_options(size: tuple[int, int] = FILMS[STANDARD], effort: Effort = SHORT) -> dict[str, OptionSpeed]:
    """Colorize a rendered film with options that cost time, against the same without.

    Arguments as for `bench_film`. The film's first frame, in its colours, is the key frame.
    """
    colorizer = FrameColorizer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, keys = folder / "film.mp4", folder / "keys"
        write_walk(film, size, effort.frames, scenery=effort.scenery)
        write_key_frame(film, keys)
        ways: dict[str, dict[str, Any]] = {
            PLAIN: {},
            "`--offline`": {"offline": True},
            "`--restore`": {"restore": True},
            "a key frame": {"keyframes": keys},
        }
        runs: dict[str, Callable[[], object]] = {
            way: partial(colorize_file, film, folder / "output.mp4", colorizer, **options)
            for way, options in ways.items()
        }
        seconds = fastest(runs, rounds=effort.rounds)
    plain = seconds.pop(PLAIN)
    return {way: {"fps": effort.frames / best, "ratio": plain / best} for way, best in seconds.items()}


def write_key_frame(film: Path, folder: Path) -> None:
    """Write the first frame of a film, in colour, into a new folder of key frames."""
    folder.mkdir()
    write_image(folder / key_name(1, 0.0), StillImage(next(iter_rgb(film)), None))


def copy_film(source: Path, output: Path) -> None:
    """Decode a video and encode it as it is; sound is copied, as by `colorize_file`."""
    with (
        VideoReader(source) as reader,
        VideoWriter(output, reader.info.stored_size, **reader.writer_settings()) as writer,
    ):
        keep_streams(reader, writer)
        for frame in reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start)):
            u, v = chroma_planes(frame.decoded, writer.pixel_format)
            writer.write_planes(frame.luma, u, v, pts=frame.pts)
