"""Pictures for the page: gray and coloured in one file, to be shown one over the other."""

from __future__ import annotations

from itertools import chain, takewhile
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_gray, to_uint8
from vidcolor_utils.pictures.show import to_width
from vidcolor_utils.stills.images import StillImage, read_image, write_image
from vidcolor_utils.system.files import finished_file
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter

WIDTH = 1280  # pixels at most
SECONDS = 12.0  # from the start; what a reader looks at


def write_comparison(before: str | Path, after: str | Path, output: str | Path) -> None:
    """Write the start of two videos of one size, in the shape in which they are shown.

    In each frame `before`, made gray, is the upper half and `after` the lower, shown as long as in `after`.

    Args:
        before: a video.
        after: another, with the same frames in other colours.
        output: the file to write; 8 bits, of even size, which every browser plays.

    Raises:
        FileNotFoundError, InputError: if a video cannot be read.
        OutputError: if `output` cannot be written.
    """
    with VideoReader(after) as reader, finished_file(output) as part:
        info = reader.info
        width = min(WIDTH, info.width) // 2 * 2
        frames = reader.luma_frames()
        first = next(frames)
        shown = takewhile(lambda frame: frame.seconds < first.seconds + SECONDS, chain([first], frames))
        grays = (_gray(luma_from_rgb(rgb)) for rgb in iter_rgb(before))
        stacked = (
            (
                frame.pts - first.pts,
                _stacked(gray, reader.upright_rgb(frame.decoded), width, info.shown_pixel_aspect),
            )
            for gray, frame in zip(grays, shown, strict=False)
        )
        start, picture = next(stacked)
        with VideoWriter(part, picture.shape[:2], rate=info.rate, time_base=reader.time_base) as writer:
            for pts, each in chain([(start, picture)], stacked):
                writer.write_rgb(each, pts)


def write_still_comparison(before: str | Path, after: str | Path, output: str | Path) -> None:
    """Write two photographs of one size as one picture: `before`, made gray, is the upper half, `after` the lower.

    Raises:
        FileNotFoundError, InputError: if a photograph cannot be read.
        OutputError: if `output` cannot be written.
    """
    upper, lower = read_image(before), read_image(after).rgb
    write_image(output, StillImage(_stacked(_gray(upper.luma), lower, min(WIDTH, lower.shape[1])), None))


def _gray(luma: np.ndarray) -> np.ndarray:
    return rgb_from_gray(to_uint8(luma))


def _stacked(upper: np.ndarray, lower: np.ndarray, width: int, pixel_aspect: float = 1) -> np.ndarray:
    return np.concatenate([to_width(each, width, pixel_aspect) for each in (upper, lower)])


def jpeg(rgb: np.ndarray) -> bytes:
    """Encode a picture, RGB uint8 (H, W, 3), as JPEG."""
    return cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes()
