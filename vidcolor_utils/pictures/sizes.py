"""Sizes of pictures: with a given short side, fitted into a frame, cut square; places spread over a length."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

BAND = 1 << 14  # pixels that are worked on together: what that takes stays in the processor's cache


def row_bands(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut a picture (H, W, ...) into bands of rows, of `BAND` pixels and at least one row."""
    lines = max(1, BAND // max(1, shape[1]))
    return (slice(top, top + lines) for top in range(0, shape[0], lines))


def fit_short_side(shape: tuple[int, ...], side: float) -> tuple[int, int]:
    """Height and width of a picture (H, W, ...) whose short side is brought down to `side`, never up to it."""
    scale = min(1.0, side / min(shape[:2]))
    height, width = (max(1, round(length * scale)) for length in shape[:2])
    return height, width


def network_size(shape: tuple[int, ...], side: int, *, multiple: int, most_aspect: float) -> tuple[int, int]:
    """Height and width at which a network looks at a picture (H, W, ...).

    Args:
        shape: of the picture.
        side: the short side that is wanted.
        multiple: what both are multiples of.
        most_aspect: of the long side to the short one; wider pictures are squeezed.
    """
    scale = side / min(shape[:2])
    sides = (min(length * scale, side * most_aspect) for length in shape[:2])
    height, width = (max(multiple, round(length / multiple) * multiple) for length in sides)
    return height, width


def shrunk(picture: np.ndarray, side: float) -> np.ndarray:
    """Shrink a picture (H, W) or (H, W, C) until its short side is at most `side` pixels."""
    height, width = fit_short_side(picture.shape, side)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring a picture (H, W) or (H, W, C) to `size` = (height, width); one that has it is returned as it is.

    Pixels are averaged where a side shrinks, else laid between their neighbours.
    """
    if picture.shape[:2] == size:
        return picture
    shrinks = picture.shape[0] > size[0] or picture.shape[1] > size[1]
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def shrunk_in_steps(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Do nearly as `resized`, up to ten times as fast: by halves as far as they go, then between neighbours."""
    while all(side % 2 == 0 and side >= 2 * least for side, least in zip(picture.shape, size, strict=False)):
        picture = resized(picture, (picture.shape[0] // 2, picture.shape[1] // 2))
    is_small = all(side < 2 * least for side, least in zip(picture.shape, size, strict=False))
    if picture.shape == size or not is_small:
        return resized(picture, size)
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR)


def fit_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a frame (H, W, 3) uint8 into `size` = (height, width), centred, black where its shape leaves room."""
    height, width = size
    scale = min(height / frame.shape[0], width / frame.shape[1])
    inner_height, inner_width = (max(1, round(side * scale)) for side in frame.shape[:2])
    inner = resized(frame, (inner_height, inner_width))
    fitted = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    fitted[top : top + inner_height, left : left + inner_width] = inner
    return fitted


def middle_square(shape: tuple[int, ...], side: int | None = None) -> tuple[slice, slice]:
    """Rows and columns of the middle square of a picture (H, W, ...), `side` pixels wide or as large as fits."""
    side = side or min(shape[:2])
    top, left = ((length - side) // 2 for length in shape[:2])
    return slice(top, top + side), slice(left, left + side)


def evenly(length: int, count: int) -> np.ndarray:
    """Places in a sequence, from its first to its last: `count` of them, or all `length` if there are fewer."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int)
