"""Whole files at a call: what a video says of itself, samples, all frames of a video or the one of a picture."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import av.container
import av.error
import cv2
import numpy as np

from vidcolor_utils.stills.images import (
    HEIF,
    NETPBM,
    StillImage,
    is_image,
    is_named_truly,
    is_still,
    read_image,
    read_pages,
    write_image,
    write_pages,
)
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.system.files import files_below, finished_file, is_hidden
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.ffmpeg import DECODER_OPTIONS, OPEN_OPTIONS, is_called_video, reason
from vidcolor_utils.video.formats import LumaFrame, chroma_planes, luma_plane
from vidcolor_utils.video.reader import VideoReader

NUMBER = re.compile(r"%0?\d*d")  # in a name, stands for the number of a picture in a sequence, as in %05d.png
PARTS = re.compile(r"(\D*)(\d*)")  # of a name
ROUNDING_S = 1e-3  # times are printed in thousandths of a second, and come back so
# Pictures that .mov does not hold, or that FFmpeg does not read as one: they become PNGs on the way.
THROUGH_PNG = (".bmp", ".webp", ".avif", ".gif", ".ico", ".pcx", ".pgm", ".pbm", *NETPBM, *HEIF)
SAMPLES = 24  # places of a video looked at to learn what holds for all of it


def video_info(path: str | Path) -> VideoInfo:
    """Describe a video file; see `VideoReader` for what is raised."""
    with VideoReader(path) as reader:
        return reader.info


def videos_below(folder: Path) -> list[Path]:
    """Find the videos of a folder and of the folders in it by their names, in order; hidden ones are none."""
    return sorted(filter(is_called_video, files_below(folder)))


def sample_lumas(reader: VideoReader, count: int = SAMPLES) -> Iterator[np.ndarray]:
    """Yield luma planes as stored from up to `count` places spread over a video; always the first frame's.

    The reader stands anywhere afterwards: whoever reads on says from where.
    """
    yield reader.first_luma()
    for index in range(1, count):
        yield from reader.luma_near((reader.info.duration_s or 0) * index / count)


def frame_at(reader: VideoReader, seconds: float) -> LumaFrame:
    """Seek the frame that is shown at a time: one counts until the next begins, the last as long as it is shown.

    Raises:
        InputError: if the video ends before, or cannot be sought in.
    """
    frames = reader.frames_from(seconds)
    frame, following = next(frames, None), next(frames, None)
    if following is None:
        check_end(reader, seconds)
    if frame is None:
        raise InputError(f"{reader.path}: has no frame at {time_text(seconds)}")
    return frame


def check_end(reader: VideoReader, seconds: float) -> None:
    """Check, of a video that was read to its end, that it has not ended before a time.

    Raises:
        InputError: if it has.
    """
    end = float(reader.end or 0)
    if seconds > end + ROUNDING_S:
        raise InputError(f"{reader.path}: ends at {time_text(end)}, before {time_text(seconds)}")


def iter_rgb(path: str | Path) -> Iterator[np.ndarray]:
    """Yield frames as upright RGB (H, W, 3) uint8.

    Args:
        path: a video; an image, which is one frame; numbered images, as `frames/%05d.png`; or a folder of images.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it is none of these.
    """
    if is_video(path):
        with VideoReader(path) as reader:
            yield from reader.rgb_frames()
        return
    for image in _images_of(Path(path)):
        yield read_image(image).rgb


def is_video(path: str | Path) -> bool:
    """Tell a video from an image, several in a folder, and numbered ones."""
    return not (is_still(path) or Path(path).is_dir() or is_sequence(path))


def _images_of(path: Path) -> Iterable[Path]:
    if is_sequence(path):
        return sequence_files(path).values()
    return in_order(path) if path.is_dir() else [path]


def in_order(folder: Path) -> list[Path]:
    """List the images of a folder by their names, in which numbers count as such: 9.png before 10.png.

    Raises:
        InputError: if there are none.
    """
    images = [path for path in folder.iterdir() if is_image(path) and not is_hidden(path)]
    if not images:
        raise InputError(f"{folder}: a folder without images")
    return sorted(images, key=lambda path: [(text, int(number or 0)) for text, number in PARTS.findall(path.name)])


def is_sequence(path: str | Path) -> bool:
    """Tell whether a path stands for a sequence of numbered pictures, as frames/%05d.png does."""
    return NUMBER.search(Path(path).name) is not None and not Path(path).exists()


def numbered(pattern: str | Path, number: int) -> Path:
    """The picture of a sequence that has a number.

    Raises:
        InputError: if the name does not say where the number stands.
    """
    before, field, after = _parts(pattern)
    return Path(pattern).with_name(before + field % number + after)


def sequence_files(pattern: str | Path) -> dict[int, Path]:
    """Find the pictures of a sequence, which are numbered without a gap from any number on.

    Raises:
        InputError: if there are none, if one is missing, or if the name does not say where the number stands.
    """
    folder, (before, field, after) = Path(pattern).parent, _parts(pattern)
    shape = re.compile(f"{re.escape(before)}(\\d+){re.escape(after)}")
    found = (shape.fullmatch(path.name) for path in (folder.iterdir() if folder.is_dir() else ()))
    numbers = sorted(number for each in found if each and field % (number := int(each[1])) == each[1])
    if not numbers:
        raise InputError(f"{pattern}: there are no such pictures")
    files = {number: numbered(pattern, number) for number in numbers}
    for wanted, number in zip(count(numbers[0]), numbers, strict=False):
        if wanted != number:
            raise InputError(
                f"{pattern}: {numbered(pattern, wanted).name} is missing between {files[numbers[0]].name} and "
                f"{files[numbers[-1]].name}"
            )
    return files


def _parts(pattern: str | Path) -> tuple[str, str, str]:
    """Take the name of a sequence apart: what stands before its number, how that is written, what stands after."""
    name = Path(pattern).name
    fields = NUMBER.findall(name)
    if len(fields) != 1:
        raise InputError(f"{pattern}: one number tells the pictures apart, so name one %05d or the like")
    before, after = name.split(fields[0])
    return before, fields[0], after


def write_film_of(pictures: Iterable[Path], film: Path, rate: Fraction) -> None:
    """Put pictures into one .mov file, as they are, at even times.

    Raises:
        InputError: if one cannot be read, or is coded in another way than the first; the picture is named.
        OutputError: if the film cannot be written.
    """
    try:
        with av.open(f"file:{film}", "w", options={"video_track_timescale": str(rate.numerator)}) as container:
            _put_together(pictures, container, rate)
    except (av.error.FFmpegError, OSError) as error:
        raise OutputError(f"{film.parent}: no place for the pictures in one file ({reason(error)})") from None


def _put_together(pictures: Iterable[Path], container: av.container.OutputContainer, rate: Fraction) -> None:
    copy, codec = None, ""
    for index, path in enumerate(pictures):
        with _readable(path) as readable, _open_picture(readable, rate) as picture:
            stream, packet = picture.streams.video[0], _whole_picture(path, picture)
            if copy is None:
                copy, codec = _copied(path, stream, container), stream.codec_context.name
            if stream.codec_context.name != codec:
                raise InputError(f"{path}: is coded in another way than the pictures before it")
            packet.pts = packet.dts = index
            packet.duration, packet.time_base, packet.stream = 1, 1 / rate, copy
            container.mux(packet)


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Give a picture as FFmpeg and .mov take it: itself, or as long as the block runs a PNG of it."""
    if path.suffix.lower() not in THROUGH_PNG and is_named_truly(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "picture.png"
        write_image(copy, StillImage(read_pages(path, first_only=True).images[0].rgb, None))
        yield copy


def _copied(
    path: Path, stream: av.video.stream.VideoStream, container: av.container.OutputContainer
) -> av.video.stream.VideoStream:
    try:
        return container.add_stream_from_template(stream, opaque=True)
    except ValueError as error:
        raise InputError(f"{path}: pictures of this kind make no film: make PNGs of them ({error})") from None


def _open_picture(path: Path, rate: Fraction) -> av.container.InputContainer:
    options = DECODER_OPTIONS | {"framerate": str(rate), "pattern_type": "none"}
    allowed = OPEN_OPTIONS | {"format_whitelist": "image2"}
    try:
        return av.open(f"file:{path}", format="image2", options=options, container_options=allowed)
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(f"{path}: not a picture that can be read ({reason(error)})") from None


def _whole_picture(path: Path, picture: av.container.InputContainer) -> av.Packet:
    """Read the packet of a picture, and check that it can be decoded: else the numbers after it would not fit."""
    try:
        packets = list(picture.demux(video=0))
        if any(packet.decode() for packet in packets):
            return packets[0]
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(f"{path}: not a picture that can be read ({reason(error)})") from None
    raise InputError(f"{path}: not a picture that can be read")


def write_pictures_of(film: Path, pattern: str | Path, first: int = 1) -> None:
    """Write the frames of a film as numbered pictures, in 16 bits if it has more than 8 and they can hold them.

    Args:
        film: to read.
        pattern: the pictures to write.
        first: number of the first one.

    Raises:
        InputError, OutputError: as `write_image` does.
    """
    with VideoReader(film) as reader:
        for number, frame in enumerate(reader.luma_frames(), start=first):
            rgb = reader.info.orientation.upright(_rgb(frame.decoded, reader))
            path = numbered(pattern, number)
            with finished_file(path) as part:
                write_pages(part, [StillImage(rgb, None)], shown=path)


def _rgb(frame: av.VideoFrame, reader: VideoReader) -> np.ndarray:
    """Make RGB (H, W, 3) of a frame of planar YUV without rounding its luma twice."""
    info, weights = reader.info, reader.colors.weights
    luma, (black, white) = info.luma01(luma_plane(frame)), info.luma_range
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
