"""Damaged films: small files in many formats, and ways to break them."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.stream import Stream
from PIL import Image

FRAMES, HEIGHT, WIDTH = 8, 48, 64
SOUND_RATE = 48000
CLIP_S = 0.3  # of a real clip
LARGEST_CLIP = 400_000  # bytes of a clip's beginning that are worth mutating
HEADER = 4096  # bytes at either end, where most formats describe themselves
# Fields that declare sizes, counts and times, by what stands before them.
DECLARING = (
    b"tkhd mvhd mdhd stsd stts stsc stsz stco ctts elst avc1 hvc1 hdlr strf strh avih idx1 fmt  IHDR".split()
)
EXTREMES = (
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x00\x00\xea\x60",
    b"\x60\xea\x00\x00",
    b"\x00\x00\x00\x00",
)


class Recipe(NamedTuple):
    """A film to make: video codec and pixel format, sound and subtitles if any."""

    name: str
    codec: str
    pixel_format: str = "yuv420p"
    sound: str | None = None
    subtitles: str | None = None


RECIPES = (
    Recipe("h264.mp4", "libx264", sound="aac", subtitles="mov_text"),
    Recipe("h264_deep.mkv", "libx264", "yuv420p10le", sound="flac", subtitles="subrip"),
    Recipe("h265.mkv", "libx265", sound="ac3"),
    Recipe("mjpeg.mov", "mjpeg", "yuvj422p", sound="pcm_s16le"),
    Recipe("vp9.webm", "libvpx-vp9", sound="libopus"),
    Recipe("av1.mp4", "libsvtav1"),
    Recipe("ffv1.mkv", "ffv1", "gray", sound="pcm_s16le"),
    Recipe("mpeg4.avi", "mpeg4", sound="mp2"),
    Recipe("mpeg2.mpg", "mpeg2video", sound="mp2"),
    Recipe("h264.ts", "libx264", sound="aac"),
    Recipe("flv1.flv", "flv", sound="aac"),
    Recipe("vp8.ogg", "libvpx", sound="libopus"),
    Recipe("gif.gif", "gif", "rgb8"),
    Recipe("raw.nut", "rawvideo"),
    Recipe("raw.y4m", "rawvideo"),
    Recipe("wmv.asf", "wmv2", sound="libmp3lame"),
    Recipe("png.mov", "png", "rgb24"),
)


def make_films(folder: Path, clips: Path | None = None) -> list[Path]:
    """Write the films of `RECIPES`, two pictures, and the beginnings of the films in a folder, if one is given."""
    films = [write_film(folder / recipe.name, recipe) for recipe in RECIPES]
    ramp = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(np.uint8)
    for name in ("still.png", "still.jpg"):
        Image.fromarray(ramp).save(folder / name)
        films.append(folder / name)
    for clip in sorted(clips.iterdir()) if clips else ():
        films.append(cut_clip(clip, folder / f"clip_{clip.name}"))
    return films


def write_film(path: Path, recipe: Recipe) -> Path:
    """Write a few frames of a moving ramp, with a tone and a line of text where the recipe has them."""
    with av.open(str(path), "w") as container:
        options = {"x265-params": "log-level=none"} if recipe.codec == "libx265" else {}
        video = cast(av.VideoStream, container.add_stream(recipe.codec, rate=25, options=options))
        video.height, video.width, video.pix_fmt = HEIGHT, WIDTH, recipe.pixel_format
        sound = None
        if recipe.sound:
            sound = cast(av.AudioStream, container.add_stream(recipe.sound, rate=SOUND_RATE, layout="stereo"))
        text = container.add_mux_stream(recipe.subtitles) if recipe.subtitles else None
        if text is not None:
            text.time_base = Fraction(1, 1000)
        container.metadata["title"] = recipe.name
        for index in range(FRAMES):
            values = np.add.outer(np.arange(HEIGHT) * 2, np.arange(WIDTH)) + 9 * index
            frame = av.VideoFrame.from_ndarray(np.repeat(values[..., None], 3, axis=-1).astype(np.uint8))
            frame = frame.reformat(format=recipe.pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if sound is not None:
            _mux_tone(container, sound)
        if text is not None:
            _mux_line(container, text, is_counted=recipe.subtitles == "mov_text")
    return path


def _mux_tone(container: OutputContainer, stream: av.AudioStream) -> None:
    tone = np.sin(np.arange(SOUND_RATE * FRAMES // 25) * 0.06).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _mux_line(container: OutputContainer, stream: Stream, *, is_counted: bool) -> None:
    line = b"A line."
    packet = av.Packet(len(line).to_bytes(2, "big") + line if is_counted else line)
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = 40
    packet.duration = 200
    container.mux(packet)


def cut_clip(clip: Path, path: Path) -> Path:
    """Copy the packets of a clip's beginning; a clip in a format that cannot be written again is cut as bytes."""
    try:
        with av.open(str(clip)) as source, av.open(str(path), "w") as container:
            copies = {
                stream.index: container.add_stream_from_template(stream, opaque=True) for stream in source.streams
            }
            for packet in source.demux():
                if packet.dts is None:
                    continue
                if packet.dts * packet.time_base > CLIP_S + (source.start_time or 0) / av.time_base:
                    break
                packet.stream = copies[packet.stream.index]
                container.mux(packet)
    except (av.error.FFmpegError, ValueError):
        path.write_bytes(clip.read_bytes()[:LARGEST_CLIP])
    return path


def flip_bits(content: bytearray, rng: random.Random) -> bytearray:
    """Flip up to 64 bits anywhere."""
    for _ in range(rng.choice((1, 4, 16, 64))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def flip_header_bits(content: bytearray, rng: random.Random) -> bytearray:
    """Flip up to 64 bits where the format is described: at the start and the end."""
    reach = min(HEADER, len(content))
    for _ in range(rng.choice((1, 4, 16, 64))):
        place = rng.randrange(reach)
        content[place if rng.random() < 0.5 else len(content) - 1 - place] ^= 1 << rng.randrange(8)
    return content


def truncate(content: bytearray, rng: random.Random) -> bytearray:
    """Cut the file anywhere."""
    return content[: rng.randrange(len(content))]


def drop_middle(content: bytearray, rng: random.Random) -> bytearray:
    """Take a piece out."""
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randrange(1, len(content)) :]


def blank(content: bytearray, rng: random.Random) -> bytearray:
    """Overwrite a piece with zeros or with noise."""
    start = rng.randrange(len(content))
    length = min(len(content) - start, rng.choice((16, 256, 4096)))
    content[start : start + length] = bytes(length) if rng.random() < 0.5 else rng.randbytes(length)
    return content


def declare_extremes(content: bytearray, rng: random.Random) -> bytearray:
    """Set fields that declare sizes, counts or times to huge numbers or to zero."""
    names = [name for name in DECLARING if name in content]
    for _ in range(rng.choice((1, 2, 4))):
        start = content.find(rng.choice(names)) if names else rng.randrange(min(512, len(content)))
        place = min(max(0, start) + 4 + rng.randrange(96), len(content) - 4)
        content[place : place + 4] = rng.choice(EXTREMES)
    return content


def declare_huge_frames(content: bytearray, rng: random.Random) -> bytearray:
    """Set width and height to 60000 wherever they seem to stand; files that say them otherwise lose a few bits."""
    changed = bytes(content)
    for width in (2, 4):
        for order in ("little", "big"):
            for first, second in ((WIDTH, HEIGHT), (HEIGHT, WIDTH)):
                small = first.to_bytes(width, order) + second.to_bytes(width, order)
                changed = changed.replace(small, (60000).to_bytes(width, order) * 2)
    changed = changed.replace(f"W{WIDTH} H{HEIGHT}".encode(), b"W60000 H60000")
    return bytearray(changed) if changed != content else flip_header_bits(content, rng)


def swap_header(content: bytearray, rng: random.Random, other: bytes) -> bytearray:
    """Give the file the beginning of another one."""
    length = rng.choice((8, 32, 256, HEADER))
    return bytearray(other[:length]) + content[length:]


MUTATIONS: tuple[Callable, ...] = (
    flip_bits,
    flip_header_bits,
    truncate,
    drop_middle,
    blank,
    declare_extremes,
    declare_huge_frames,
    swap_header,
)


def mutate(films: list[Path], rng: random.Random) -> tuple[Path, str, bytes]:
    """Break one of the films.

    Returns:
        The film, the name of what was done to it, and the bytes that are left.
    """
    film, mutation = rng.choice(films), rng.choice(MUTATIONS)
    content = bytearray(film.read_bytes())
    more = (rng.choice(films).read_bytes(),) if mutation is swap_header else ()
    return film, mutation.__name__, bytes(mutation(content, rng, *more))
