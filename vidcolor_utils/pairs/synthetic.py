"""Clips that need no camera: a rendered mountain walk, and pans over photographs. The seed decides everything."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pairs.defaults import FRAMES

DEFAULT_SIZE = (256, 256)
DEFAULT_PAN = 1.0  # pixels a frame
FAR, NEAR = 0.35, 1.0  # how much of the camera's motion the ridge and the ground show
MAX_PAN = 1200  # pixels; the length of the world beyond the first frame
GRASS = ((96, 128, 52), (122, 132, 60), (84, 116, 64))
LEAVES = ((34, 84, 38), (58, 104, 40), (146, 110, 34), (158, 74, 32))
SOIL = ((168, 138, 98), (150, 128, 104), (184, 160, 118))
SKIES = (((78, 138, 206), (196, 220, 238)), ((104, 158, 214), (226, 228, 226)), ((92, 116, 172), (240, 196, 158)))
JACKETS = ((196, 44, 40), (232, 164, 30), (44, 86, 178), (120, 56, 130), (28, 140, 132))


class Layer(NamedTuple):
    """A strip of the world: rgb (H, W', 3) and its opacity (H, W', 1), float32, 0..255 and 0..1."""

    rgb: np.ndarray
    opacity: np.ndarray
    depth: float


class Walker(NamedTuple):
    """A figure on the ground; lengths in pixels, speed in pixels a frame."""

    x: float
    foot: float
    height: float
    speed: float
    jacket: tuple[int, int, int]


def render_clip(
    seed: int,
    *,
    frames: int = FRAMES,
    size: tuple[int, int] = DEFAULT_SIZE,
    pan: float = DEFAULT_PAN,
    walkers: int = 3,
    cut: bool = False,
    bars: float = 0.0,
) -> np.ndarray:
    """Render sky, a ridge, trees and a path with walkers, seen by a panning camera.

    Args:
        seed: decides the scene.
        frames: length of the clip.
        size: (height, width) of the frames.
        pan: pixels by which the ground moves from frame to frame.
        walkers: number of figures.
        cut: change to another scene in the middle.
        bars: share of the height that black bars cover, half above and half below.

    Returns:
        (T, H, W, 3) uint8 RGB.

    Raises:
        ValueError: if an argument is out of range.
    """
    if frames < 1 or round(abs(pan) * frames, 6) > MAX_PAN or not 0 <= bars < 1:
        raise ValueError(
            f"`frames` must be positive, `pan` times `frames` at most {MAX_PAN}, `bars` in [0, 1). "
            f"Received: frames={frames}, pan={pan}, bars={bars}"
        )
    shots = [frames // 2, frames - frames // 2] if cut else [frames]
    clip = [_render_shot((seed, number), length, size, pan, walkers) for number, length in enumerate(shots)]
    return _with_bars(np.concatenate(clip), bars)


def _render_shot(
    seed: tuple[int, int], frames: int, size: tuple[int, int], pan: float, walkers: int
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    length = size[1] + int(np.ceil(abs(pan) * frames)) + 8
    sky = _sky(rng, size)
    layers = [_ridge(rng, size[0], length), _ground(rng, size[0], length)]
    figures = [_walker(rng, size[0], length) for _ in range(walkers)]
    bob = rng.uniform(0.5, 1.5)
    shot = np.empty((frames, *size, 3), np.uint8)
    for index in range(frames):
        camera_x = abs(pan) * (index if pan >= 0 else frames - 1 - index)
        camera_y = bob * np.sin(index / 9)
        picture = sky.copy()
        for layer in layers:
            _blend(picture, layer, camera_x * layer.depth, camera_y * layer.depth)
        shot[index] = np.clip(picture, 0, 255)
        for figure in figures:
            _draw_walker(shot[index], figure, index, camera_x, camera_y)
    return shot


def _sky(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    high, low = (np.array(color, np.float32) for color in SKIES[rng.integers(len(SKIES))])
    share = np.linspace(0, 1, size[0], dtype=np.float32)[:, None, None] ** 0.8
    clouds = sum(_noise(rng, size, grain) * weight for grain, weight in ((40, 0.5), (16, 0.25), (6, 0.12)))
    clouds = np.clip(clouds - 0.1, 0, 1)[..., None] * (1 - share)
    sky = high * (1 - share) + low * share
    return sky * (1 - clouds) + 250 * clouds


def _noise(rng: np.random.Generator, size: tuple[int, int], grain: float) -> np.ndarray:
    """Smooth noise (H, W) of about unit spread; `grain` is the size of its spots in pixels."""
    height, width = size
    coarse = rng.standard_normal((int(height / grain) + 3, int(width / grain) + 3)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _profile(rng: np.random.Generator, length: int, height: float, roughness: float) -> np.ndarray:
    """A mountain outline (W',): sums of waves, the shorter the lower."""
    x, outline = np.arange(length), np.zeros(length)
    for octave in range(5):
        wave = 2 * np.pi * x / (220 / 2**octave) + rng.uniform(0, 2 * np.pi)
        outline += np.sin(wave) * height * roughness**octave
    return outline


def _ridge(rng: np.random.Generator, height: int, length: int) -> Layer:
    top = height * 0.42 + _profile(rng, length, height * 0.07, 0.55)
    depth_below = np.arange(height)[:, None] - top[None]
    haze = np.clip(depth_below / (height * 0.3), 0, 1)[..., None].astype(np.float32)
    rock = np.array([92, 100, 124], np.float32) + rng.uniform(-14, 14, 3).astype(np.float32)
    rgb = rock * (1 - haze) + (rock * 0.5 + np.array([88, 96, 74], np.float32)) * haze
    rgb = rgb * (1 + 0.10 * _noise(rng, (height, length), 5)[..., None])
    snow = np.clip(1 - depth_below / (height * 0.05), 0, 1) * (top[None] < height * 0.40)
    rgb = rgb * (1 - snow[..., None]) + 235 * snow[..., None]
    return Layer(rgb.astype(np.float32), _edge(depth_below), FAR)


def _edge(depth_below: np.ndarray) -> np.ndarray:
    """Opacity with one pixel of anti-aliasing."""
    return np.clip(depth_below + 0.5, 0, 1)[..., None].astype(np.float32)


def _ground(rng: np.random.Generator, height: int, length: int) -> Layer:
    horizon = height * 0.60 + _profile(rng, length, height * 0.02, 0.4)
    depth_below = np.arange(height)[:, None] - horizon[None]
    opacity = _edge(depth_below)
    grass = np.array(GRASS[rng.integers(len(GRASS))], np.float32)
    texture = 0.10 * _noise(rng, (height, length), 3) + 0.08 * _noise(rng, (height, length), 30)
    rgb = grass * (1 + texture[..., None])
    _paint_path(rng, rgb)
    for x in sorted(rng.integers(0, length, max(4, length // 28))):
        _paint_tree(rng, rgb, opacity, int(x), float(horizon[x]))
    return Layer(np.clip(rgb, 0, 255).astype(np.float32), opacity, NEAR)


def _paint_path(rng: np.random.Generator, rgb: np.ndarray) -> None:
    height, length = rgb.shape[:2]
    middle = height * 0.86 + _profile(rng, length, height * 0.02, 0.4)
    distance = np.abs(np.arange(height)[:, None] - middle[None]) - height * 0.055
    share = np.clip(0.5 - distance / 2, 0, 1)[..., None]
    soil = np.array(SOIL[rng.integers(len(SOIL))]) * (1 + 0.06 * _noise(rng, (height, length), 3)[..., None])
    rgb[:] = rgb * (1 - share) + soil * share


def _paint_tree(rng: np.random.Generator, rgb: np.ndarray, opacity: np.ndarray, x: int, ground: float) -> None:
    height = rgb.shape[0]
    foot = int(ground + rng.uniform(0.01, 0.12) * height)
    tall = int(height * rng.uniform(0.16, 0.34))
    leaves = np.array(LEAVES[rng.integers(len(LEAVES))]) * rng.uniform(0.85, 1.15)
    for canvas, trunk, crown in ((rgb, (82, 60, 42), leaves.tolist()), (opacity, 1.0, 1.0)):
        cv2.line(canvas, (x, foot), (x, foot - tall // 2), trunk, max(1, tall // 14), cv2.LINE_AA)
        for level in range(3):
            tip, wide = foot - tall + level * tall // 5, tall // 6 + level * tall // 14
            corners = np.array([(x, tip), (x - wide, tip + tall // 2), (x + wide, tip + tall // 2)])
            cv2.fillConvexPoly(canvas, corners, crown, cv2.LINE_AA)


def _walker(rng: np.random.Generator, height: int, length: int) -> Walker:
    tall = height * rng.uniform(0.13, 0.2)
    speed = rng.choice([-1, 1]) * rng.uniform(0.4, 1.6) * height / 256
    foot = height * rng.uniform(0.84, 0.9)
    return Walker(rng.uniform(0, length), foot, tall, speed, JACKETS[rng.integers(len(JACKETS))])


def _blend(picture: np.ndarray, layer: Layer, x: float, y: float) -> None:
    """Draw a layer over a float picture (H, W, 3), as seen from camera position x, y."""
    height, width = picture.shape[:2]
    shift = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    rgb, opacity = (
        cv2.warpAffine(plane, shift, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in (layer.rgb, layer.opacity)
    )
    picture += (rgb - picture) * opacity[..., None]


def _draw_walker(frame: np.ndarray, walker: Walker, index: int, camera_x: float, camera_y: float) -> None:
    """Draw a figure into a uint8 frame, its legs swinging, positions in sixteenths of a pixel."""
    unit = walker.height / 10
    x = walker.x + walker.speed * index - camera_x
    foot = walker.foot - camera_y
    swing = 1.6 * unit * np.sin(index * abs(walker.speed) * 2.2 / unit)
    hip, neck = foot - 4.5 * unit, foot - 8.2 * unit
    for leg in (-swing, swing):
        _line(frame, (x, hip), (x + leg, foot), (52, 50, 66), 1.5 * unit)
    _line(frame, (x, hip), (x, neck + unit), walker.jacket, 3 * unit)
    centre = (round(x * 16), round((neck - 0.6 * unit) * 16))
    cv2.circle(frame, centre, round(1.1 * unit * 16), (214, 168, 138), -1, cv2.LINE_AA, 4)


def _line(
    frame: np.ndarray,
    start: tuple[float, float],
    end: tuple[float, float],
    color: tuple[int, int, int],
    thickness: float,
) -> None:
    (x1, y1), (x2, y2) = start, end
    ends = (round(x1 * 16), round(y1 * 16)), (round(x2 * 16), round(y2 * 16))
    cv2.line(frame, *ends, color, max(1, round(thickness)), cv2.LINE_AA, 4)


def _with_bars(clip: np.ndarray, bars: float) -> np.ndarray:
    rows = round(clip.shape[1] * bars / 2)
    clip[:, :rows] = 0
    clip[:, clip.shape[1] - rows :] = 0
    return clip


def pan_zoom_clip(
    photo: np.ndarray,
    seed: int | tuple[int, ...],
    *,
    frames: int = FRAMES,
    size: tuple[int, int] = DEFAULT_SIZE,
) -> np.ndarray:
    """Move a virtual camera over a photograph: pan, zoom and a slight turn, at constant speed.

    Args:
        photo: (H', W', 3) uint8 RGB.
        seed: decides the movement.
        frames: length of the clip.
        size: (height, width) of the frames.

    Returns:
        (T, H, W, 3) uint8 RGB.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    photo = _shrunk(photo, size)
    largest = min(photo.shape[0] / height, photo.shape[1] / width)  # photo pixels in one output pixel
    scales = largest * rng.uniform(0.55, 0.92, 2)
    turns = np.deg2rad(rng.uniform(-3, 3, 2))
    centres = [_random_centre(rng, photo.shape, size, scale, turns) for scale in scales]
    clip = np.empty((frames, height, width, 3), np.uint8)
    for index in range(frames):
        share = index / max(frames - 1, FRAMES - 1)  # shorter clips are the beginning of the same movement
        scale, turn = (a + share * (b - a) for a, b in (scales, turns))
        centre = centres[0] + share * (centres[1] - centres[0])
        matrix = _camera(centre, scale, turn, size)
        clip[index] = cv2.warpAffine(
            photo,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
    return clip


def _shrunk(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Shrink a large photograph to twice the output, or moving over it would flicker."""
    scale = max(2 * size[0] / photo.shape[0], 2 * size[1] / photo.shape[1])
    if scale >= 1:
        return photo
    height, width = (round(side * scale) for side in photo.shape[:2])
    return cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)


def _random_centre(
    rng: np.random.Generator, shape: tuple[int, ...], size: tuple[int, int], scale: float, turns: np.ndarray
) -> np.ndarray:
    """Camera centre (y, x) in the photo for which the whole window, turned or not, stays on it if it can."""
    turn = np.abs(turns).max()
    extent = scale / 2 * np.array([
        size[0] * np.cos(turn) + size[1] * np.sin(turn),
        size[1] * np.cos(turn) + size[0] * np.sin(turn),
    ])  # fmt: skip
    middle = (np.array(shape[:2]) - 1) / 2
    room = np.maximum(middle - extent, 0)
    return middle + rng.uniform(-1, 1, 2) * room


def _camera(centre: np.ndarray, scale: float, turn: float, size: tuple[int, int]) -> np.ndarray:
    """The matrix (2, 3) from output to photo positions, x before y."""
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    middle_y, middle_x = (size[0] - 1) / 2, (size[1] - 1) / 2
    return np.array([
        [cos, -sin, centre[1] - cos * middle_x + sin * middle_y],
        [sin, cos, centre[0] - sin * middle_x - cos * middle_y],
    ])  # fmt: skip
