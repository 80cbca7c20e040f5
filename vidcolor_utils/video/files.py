"""Whole files at a call: what a video says of itself, samples, all frames of a video or the one of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import av.error
import cv2
import numpy as np

from vidcolor_utils.pictures.chroma import luma01, luma_range
from vidcolor_utils.stills.images import StillImage, is_still, read_image, write_image
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.ffmpeg import OPEN_OPTIONS, reason
from vidcolor_utils.video.formats import chroma_planes, luma_plane
from vidcolor_utils.video.reader import VideoReader

NUMBER = re.compile(r"%0?\d*d")  # in a name, stands for the number of a picture in a sequence, as in %05d.png
SAMPLES = 24  # places of a video looked at to learn what holds for all of it


def video_info(path: str | Path) -> VideoInfo:
    """Describe a video file; see `VideoReader` for what is raised."""
    with VideoReader(path) as reader:
        return reader.info


def sample_lumas(reader: VideoReader, count: int = SAMPLES) -> Iterator[np.ndarray]:
    """Yield luma planes as stored from up to `count` places spread over a video; always the first frame's.

    The reader stands anywhere afterwards: whoever reads on says from where.
    """
    yield reader.first_luma()
    for index in range(1, count):
        yield from reader.luma_near((reader.info.duration_s or 0) * index / count)


def iter_rgb(path: str | Path) -> Iterator[np.ndarray]:
    """Yield the frames of a video, or the one picture of a still image, as upright RGB (H, W, 3) uint8.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is neither.
    """
    if is_still(path):
        yield read_image(path).rgb
        return
    with VideoReader(path) as reader:
        yield from reader.rgb_frames()


def is_sequence(path: str | Path) -> bool:
    """Tell whether a path stands for a sequence of numbered pictures, as frames/%05d.png does."""
    return NUMBER.search(Path(path).name) is not None and not Path(path).exists()


def sequence_files(pattern: str | Path) -> list[Path]:
    """List the pictures of a sequence, which are numbered without a gap from any number on.

    Raises:
        InputError: if there are none, or if one is missing.
    """
    folder, name = Path(pattern).parent, Path(pattern).name
    before, after = (re.escape(part) for part in NUMBER.split(name))
    shape = re.compile(f"{before}(\\d+){after}")
    found = (shape.fullmatch(path.name) for path in (folder.iterdir() if folder.is_dir() else ()))
    numbers = sorted(number for each in found if each and name % (number := int(each[1])) == each[0])
    if not numbers:
        raise InputError(f"{pattern}: there are no such pictures")
    for wanted, number in zip(count(numbers[0]), numbers, strict=False):
        if wanted != number:
            raise InputError(
                f"{pattern}: {name % wanted} is missing between {name % numbers[0]} and {name % numbers[-1]}"
            )
    return [folder / (name % number) for number in numbers]


def write_film_of(pattern: str | Path, film: Path, rate: Fraction) -> None:
    """Put the pictures of a sequence into one .mov file, as they are, at even times.

    Raises:
        InputError: if there are none, if one is missing, or if they are no pictures that a film can hold.
    """
    options = {"framerate": str(rate), "start_number": str(_first_number(pattern))}
    allowed = OPEN_OPTIONS | {"format_whitelist": "image2"}
    try:
        with (
            av.open(str(pattern), format="image2", options=options, container_options=allowed) as pictures,
            av.open(f"file:{film}", "w", options={"video_track_timescale": str(rate.numerator)}) as container,
        ):
            copy = container.add_stream_from_template(pictures.streams.video[0], opaque=True)
            for packet in pictures.demux(video=0):
                if packet.size:
                    packet.stream = copy
                    container.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(f"{pattern}: not pictures that make a film ({reason(error)})") from None


def _first_number(pattern: str | Path) -> int:
    first, (before, _) = sequence_files(pattern)[0].name, NUMBER.split(Path(pattern).name)
    digits = re.match(r"\d+", first[len(before) :])
    return int(digits[0]) if digits else 0


def write_pictures_of(film: Path, pattern: str | Path, first: int = 1) -> int:
    """Write the frames of a film as numbered pictures, in 16 bits if it has more than 8 and they can hold them.

    Returns:
        Their number.

    Raises:
        InputError, OutputError: as `write_image` does.
    """
    written, path = 0, Path(pattern)
    with VideoReader(film) as reader:
        for written, frame in enumerate(reader.luma_frames(), start=1):
            rgb = reader.info.orientation.upright(_rgb(frame.decoded, reader))
            write_image(path.with_name(path.name % (first + written - 1)), StillImage(rgb, None))
    return written


def _rgb(frame: av.VideoFrame, reader: VideoReader) -> np.ndarray:
    """Make RGB (H, W, 3) of a frame of planar YUV without rounding its luma twice."""
    info, weights = reader.info, reader.colors.weights
    luma = luma01(luma_plane(frame), bit_depth=info.bit_depth, full_range=info.full_range)
    black, white = luma_range(bit_depth=info.bit_depth, full_range=info.full_range)
    span = (white - black) * (1 if info.full_range else 224 / 219)
    middle = 1 << (info.bit_depth - 1)
    u, v = (
        cv2.resize((plane.astype(np.float32) - middle) / np.float32(span), luma.shape[::-1])
        for plane in chroma_planes(frame, info.pixel_format)
    )
    red, blue = luma + 2 * (1 - weights.red) * v, luma + 2 * (1 - weights.blue) * u
    green = (luma - weights.red * red - weights.blue * blue) / weights.green
    kind = np.uint8 if info.bit_depth == 8 else np.uint16
    top = np.iinfo(kind).max
    return np.clip(np.rint(np.dstack([red, green, blue]) * top), 0, top).astype(kind)
