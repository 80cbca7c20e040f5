"""Pictures to look at: labelled strips of frames, and frames side by side. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LABEL_HEIGHT = 22
GAP = 4
PAPER = 255
INK = (40, 40, 40)


def side_by_side(frames: Mapping[str, np.ndarray]) -> np.ndarray:
    """Put frames of one height beside each other, each under its name.

    Args:
        frames: name to RGB (H, W, 3) uint8.

    Returns:
        RGB uint8, with even height and width as video encoders need.
    """
    height = next(iter(frames.values())).shape[0]
    gap = np.full((height + LABEL_HEIGHT, GAP, 3), PAPER, np.uint8)
    columns: list[np.ndarray] = []
    for name, frame in frames.items():
        columns += [np.concatenate([_label(name, frame.shape[1]), frame]), gap]
    return _even(np.concatenate(columns[:-1], axis=1))


def strip(rows: Mapping[str, Sequence[np.ndarray]], *, frame_width: int = 240) -> np.ndarray:
    """Lay out frames as a grid: one row per name, one column per moment.

    Args:
        rows: name to RGB frames (H, W, 3) uint8, equally many in each row.
        frame_width: width of each frame in the grid, in pixels.

    Returns:
        RGB uint8 picture.

    Raises:
        ValueError: if there is no row, or one without frames.
    """
    lengths = {name: len(frames) for name, frames in rows.items()}
    if not lengths or 0 in lengths.values():
        raise ValueError(f"there must be a frame in each row. Received: {lengths}")
    bands: list[np.ndarray] = []
    for name, frames in rows.items():
        small = [to_width(frame, frame_width) for frame in frames]
        gap = np.full((small[0].shape[0], GAP, 3), PAPER, np.uint8)
        band = np.concatenate([part for frame in small for part in (frame, gap)][:-1], axis=1)
        bands += [_label(name, band.shape[1]), band]
    return np.concatenate(bands)


def to_width(frame: np.ndarray, width: int, pixel_aspect: float = 1) -> np.ndarray:
    """Shrink or enlarge a frame (H, W, 3) to a width in square pixels, keeping the shape in which it is shown.

    Args:
        frame: the frame.
        width: in pixels.
        pixel_aspect: width of one of its pixels over its height.
    """
    height = max(1, round(frame.shape[0] * width / (frame.shape[1] * pixel_aspect)))
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def _label(text: str, width: int) -> np.ndarray:
    image = Image.new("RGB", (width, LABEL_HEIGHT), (PAPER,) * 3)
    font = ImageFont.load_default(size=14)
    ImageDraw.Draw(image).text((4, 3), text, fill=INK, font=font)
    return np.asarray(image)


def _even(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), constant_values=PAPER)
