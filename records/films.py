"""Films to test on: a mountain walk, small films in many formats, beginnings of real ones."""

from __future__ import annotations

from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple, cast

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.stream import Stream
from PIL import Image

from vidcolor_utils.pairs.synthetic import render_clip

FILM_RATE = 25  # frames a second
RENDERED = 25  # frames; films show them forwards and backwards
WALK_SOUND_RATE, SOUND_FRAME = 48000, 1024  # samples in a second, and in one AAC frame
FRAMES, HEIGHT, WIDTH = 8, 48, 64
SOUND_RATE = 48000
CLIP_S = 0.3  # of a real clip
LARGEST_CLIP = 400_000  # bytes of a clip's beginning that are worth mutating


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


def write_walk(path: Path, size: tuple[int, int], frames: int, *, scenery: int | None = None) -> None:
    """Write a rendered mountain walk, there and back again, with a tone as its sound.

    Args:
        path: the file.
        size: (height, width).
        frames: its length.
        scenery: frames that are rendered; default: `RENDERED`.
    """
    rendered = render_clip(0, frames=min(frames, scenery or RENDERED), size=size)
    there_and_back = cycle([*rendered, *rendered[-2:0:-1]])
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FILM_RATE, options={"preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *size, "yuv420p"
        sound = container.add_stream("aac", rate=WALK_SOUND_RATE, layout="mono")
        for rgb in islice(there_and_back, frames):
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(video.encode())
        for start in range(0, frames * WALK_SOUND_RATE // FILM_RATE, SOUND_FRAME):
            tone = np.sin(np.arange(start, start + SOUND_FRAME) * 0.06).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = WALK_SOUND_RATE, start, Fraction(1, WALK_SOUND_RATE)
            container.mux(sound.encode(frame))
        container.mux(sound.encode())


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
