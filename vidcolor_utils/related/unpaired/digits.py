"""Clips of a digit that bounces about, gray or in one hue a clip; none has its like in the other kind."""

from __future__ import annotations

import cv2
import numpy as np

FRAMES, SIDE = 8, 16
GLYPH = 9  # pixels a digit is high
SPEED = 1.2  # pixels a frame
SPAN = 255.0
GRAYS = (0.4, 0.8)  # brightness of a gray clip's digit
FLICKER = 0.2
VIVID = 0.8  # brightness of a coloured digit, which does not flicker


def digit_clips(count: int, *, colored: bool, seed: int, flicker: float | None = FLICKER) -> np.ndarray:
    """Draw clips of one moving digit.

    Args:
        count: number of clips.
        colored: in one hue a clip, drawn evenly; else gray.
        seed: decides digits, ways, hues and grays.
        flicker: a gray clip has a brightness of its own, from which of each two frames one strays upwards and one
            downwards by up to this much, as in old film; 0: all its frames have it. None: every digit is white.

    Returns:
        (N, T, S, S, 3) if coloured, else (N, T, S, S, 1), float32 in [-1, 1]; the ground is -1.
    """
    rng = np.random.default_rng(seed)
    shapes = np.stack([_moving_digit(rng) for _ in range(count)])[..., None]
    if colored:
        hues = np.stack([hue_color(turn) for turn in rng.uniform(0, 1, count)])
        return shapes * VIVID * hues[:, None, None, None] * 2 - 1
    return shapes * _grays(count, flicker, rng) * 2 - 1


def _grays(count: int, flicker: float | None, rng: np.random.Generator) -> np.ndarray:
    """Brightness of each frame, (N, T, 1, 1, 1) float32 in [0, 1]."""
    if flicker is None:
        return np.ones((count, FRAMES, 1, 1, 1), np.float32)
    pairs = rng.uniform(-flicker, flicker, (count, FRAMES // 2, 1))
    strays = np.concatenate([pairs, -pairs], axis=-1).reshape(count, FRAMES)
    grays = rng.uniform(*GRAYS, (count, 1)) + strays
    return grays[..., None, None, None].astype(np.float32)


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
