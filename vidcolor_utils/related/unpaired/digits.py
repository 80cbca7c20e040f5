"""Clips of a digit that bounces about, white or in one hue a clip; none has its like in the other kind."""

from __future__ import annotations

import cv2
import numpy as np

FRAMES, SIDE = 8, 16
GLYPH = 9  # pixels a digit is high
SPEED = 1.2  # pixels a frame
SPAN = 255.0


def digit_clips(count: int, *, colored: bool, seed: int, hues: int | None = None) -> np.ndarray:
    """Draw clips of one moving digit.

    Args:
        count: number of clips.
        colored: in one hue a clip, drawn evenly; else white.
        seed: decides digits, ways and hues.
        hues: draw among that many evenly spread ones; None: any.

    Returns:
        (N, T, S, S, 3) if coloured, else (N, T, S, S, 1), float32 in [-1, 1]; the ground is -1.
    """
    rng = np.random.default_rng(seed)
    shapes = np.stack([_moving_digit(rng) for _ in range(count)])[..., None]
    if not colored:
        return shapes * 2 - 1
    turns = rng.integers(hues, size=count) / hues if hues else rng.uniform(0, 1, count)
    return shapes * np.stack([hue_color(turn) for turn in turns])[:, None, None, None] * 2 - 1


def hue_color(turn: float) -> np.ndarray:
    """RGB (3,) in [0, 1] of a hue in [0, 1)."""
    hsv = np.array([[[turn * 360, 1, 1]]], np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def _moving_digit(rng: np.random.Generator) -> np.ndarray:
    """(T, S, S) float32 in [0, 1]."""
    glyph = _glyph(int(rng.integers(10)))
    limit = np.array([SIDE - glyph.shape[1], SIDE - glyph.shape[0]], float)
    place, angle = rng.uniform(0, limit), rng.uniform(0, 2 * np.pi)
    step = SPEED * np.array([np.cos(angle), np.sin(angle)])
    film = []
    for t in range(FRAMES):
        x, y = np.abs((place + step * t + limit) % (2 * limit) - limit)
        shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
        film.append(cv2.warpAffine(glyph, shift, (SIDE, SIDE)))
    return np.stack(film)


def _glyph(digit: int) -> np.ndarray:
    """A digit (GLYPH, w) float32 in [0, 1], drawn large and shrunk."""
    canvas = np.zeros((60, 60), np.uint8)
    cv2.putText(canvas, str(digit), (10, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 7, cv2.LINE_AA)
    rows, columns = (np.flatnonzero(canvas.any(axis=axis)) for axis in (1, 0))
    cut = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(2, round(GLYPH * cut.shape[1] / cut.shape[0]))
    return cv2.resize(cut, (width, GLYPH), interpolation=cv2.INTER_AREA).astype(np.float32) / SPAN
