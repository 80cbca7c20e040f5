"""Animations that FFmpeg does not read, WebP and AVIF, as animated PNG: without loss, a picture at a time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import av.error
import numpy as np
from PIL import Image, ImageSequence

from vidcolor_utils.stills.pages import open_picture
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.video.ffmpeg import MAX_PIXELS, reason

UNIT = Fraction(1, 1000)  # of how long pictures are shown, in seconds


def write_apng(source: Path, output: Path) -> None:
    """Write an animation as an animated PNG, with its times and what shines through it.

    Raises:
        InputError: if it cannot be read, or its pictures are too large.
        OutputError: if that cannot be written.
    """
    durations, is_clear = _looked_at(source)
    with open_picture(source) as image:
        try:
            _copy(image, output, durations, "RGBA" if is_clear else "RGB")
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{output.parent}: no place for a copy of {source} ({reason(error)})") from None


def _looked_at(source: Path) -> tuple[list[int], bool]:
    """Read an animation through; return how long each picture is shown, and whether any is transparent."""
    durations, is_clear = [], False
    try:
        with open_picture(source) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InputError(f"{source}: pictures of {image.width}x{image.height} are too large")
            for picture in ImageSequence.Iterator(image):
                picture.load()
                durations.append(round(picture.info.get("duration", 0)))
                is_clear |= picture.has_transparency_data
    except InputError:
        raise
    except Exception as error:  # decoders raise whatever they like at what is damaged
        raise InputError(f"{source}: not an animation that can be read ({error})") from None
    return durations, is_clear


def _copy(image: Image.Image, output: Path, durations: Sequence[int], mode: str) -> None:
    options = {"plays": "0", "final_delay": f"{durations[-1]}/{1 / UNIT}"}  # else the last one's is that before it
    with av.open(f"file:{output}", "w", format="apng", options=options) as container:
        stream = container.add_stream("apng", rate=1 / UNIT)
        stream.width, stream.height, stream.pix_fmt = *image.size, {"RGB": "rgb24", "RGBA": "rgba"}[mode]
        stream.codec_context.time_base = UNIT
        for picture, pts in zip(ImageSequence.Iterator(image), accumulate(durations, initial=0), strict=False):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert(mode)), format=stream.pix_fmt)
            frame.pts, frame.time_base = pts, UNIT
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
