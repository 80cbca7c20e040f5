"""Clips as small stacks of Lab frames, and the pairs of frames that the cited systems learn from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pairs.sources import Clip, rendered_clips, wheel_clips
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.pictures.sizes import middle_square
from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.video.files import videos_below
from vidcolor_utils.video.reader import VideoReader

log = logging.getLogger(__name__)

SIDE = 64
FRAMES = 120
MOTION_FLOOR = 0.3  # of L; so that a clip that stands still is drawn now and then
LEAST_CHROMA = 1.0  # mean of |a| and |b|; below it a clip is gray
HELD_OUT = ("bike_packing", "skatepark", "campus")  # in the names of clips that no training sees


class SmallClip(NamedTuple):
    """A clip's name, its frames, float32 Lab (T, S, S, 3), and the sha256 of the film, "" if it is of none."""

    name: str
    lab: np.ndarray
    sha256: str = ""


class Split(NamedTuple):
    """Clips to learn from, and others to measure on."""

    train: list[SmallClip]
    test: list[SmallClip]


def small_frame(rgb: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Shrink RGB uint8 (H, W, 3) to a short side of `side`, cut out the middle: Lab (side, side, 3) float32."""
    height, width = rgb.shape[:2]
    scale = side / min(height, width)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return lab_from_rgb(small[middle_square(small.shape, side)])


def small_clip(name: str, frames: Iterable[np.ndarray], *, side: int = SIDE, count: int = FRAMES) -> SmallClip:
    """Make at most `count` RGB frames small, see `small_frame`, black bars cut off first."""
    taken = list(islice(frames, count))
    area = find_active_area(luma_from_rgb(frame) for frame in taken)
    return SmallClip(name, np.stack([small_frame(area.cut(frame), side) for frame in taken]))


def builtin_split(*, side: int = SIDE, frames: int = 48, rendered: int = 8, seed: int = 0) -> Split:
    """List clips that need no download: the beginnings of films of a wheel, and rendered scenes without cuts.

    The last film, and half as many scenes as there are to learn from, are for the test: no film is in both.

    Args:
        side: height and width of the frames.
        frames: most frames of a clip.
        rendered: scenes to learn from.
        seed: decides the scenes.
    """
    films: dict[object, Clip] = {}
    for clip in wheel_clips(frames=frames):
        films.setdefault(clip.origin["file"], clip)
    wanted = rendered + rendered // 2
    drawn = rendered_clips(2 * wanted, frames=frames, seed=seed, bars=False)
    scenes = [clip for clip in drawn if not clip.origin["cut"]][:wanted]
    train, test = [*list(films.values())[:-1], *scenes[:rendered]], [list(films.values())[-1], *scenes[rendered:]]
    return Split(*([_made_small(clip, side, frames) for clip in part] for part in (train, test)))


def _made_small(clip: Clip, side: int, frames: int) -> SmallClip:
    return small_clip(clip.name, clip.frames(), side=side, count=frames)


def film_clips(paths: Iterable[Path], *, side: int = SIDE, frames: int = FRAMES) -> list[SmallClip]:
    """Read the beginning of each video at its own rate; what is gray or damaged is passed over, and logged."""
    clips = []
    for path in paths:
        try:
            with VideoReader(path) as video:
                clip = small_clip(path.stem, video.rgb_frames(), side=side, count=frames)
        except VidcolorError as error:
            log.warning("passed over: %s", error)
            continue
        if np.abs(clip.lab[..., 1:]).mean() < LEAST_CHROMA:
            log.warning("passed over: %s is gray", path.name)
        else:
            clips.append(clip._replace(sha256=file_sha256(path)))
    return clips


def folder_split(
    videos: str | Path,
    *others: Path,
    side: int = SIDE,
    frames: int = FRAMES,
    held_out: Sequence[str] = HELD_OUT,
) -> Split:
    """Read the videos of a folder: those with a name in `held_out`, and the files `others`, are for the test.

    Raises:
        InputError: if nothing is left to learn from, or to test on.
    """
    paths = videos_below(Path(videos))
    test = [path for path in paths if any(name in path.stem for name in held_out)]
    train = [path for path in paths if path not in test]
    split = Split(*(film_clips(each, side=side, frames=frames) for each in (train, [*test, *others])))
    if not split.train or not split.test:
        raise InputError(f"{videos}: needs videos in colour, some of them named {', '.join(held_out)}")
    return split


class DrawnPairs:
    """Draws pairs of frames of the same clip, more often from clips that move.

    Args:
        clips: where to draw from.
        gaps: frames between the two, chosen evenly, in either direction.
        batch: pairs in a draw.
        seed: decides the draws.
        turned: mirror half of the pairs, both frames alike.

    Raises:
        ValueError: if no clip is longer than the largest gap.
    """

    def __init__(
        self, clips: Iterable[SmallClip], *, gaps: Sequence[int], batch: int, seed: int = 0, turned: bool = True
    ):
        self.clips = [clip for clip in clips if len(clip.lab) > max(gaps)]
        if not self.clips:
            raise ValueError(f"no clip is longer than {max(gaps)} frames")
        self.gaps, self.batch, self.turned = list(gaps), batch, turned
        self.rng = np.random.default_rng(seed)
        motion = np.array([motion_energy(clip) for clip in self.clips]) + MOTION_FLOOR
        self.share = motion / motion.sum()

    def draw(self) -> tuple[np.ndarray, np.ndarray]:
        """Return two stacks of Lab frames (B, S, S, 3) float32: what is taken from, and what is to be filled."""
        pairs = [self._pair() for _ in range(self.batch)]
        source, target = zip(*pairs, strict=True)
        return np.stack(source), np.stack(target)

    def _pair(self) -> tuple[np.ndarray, np.ndarray]:
        clip = self.clips[self.rng.choice(len(self.clips), p=self.share)].lab
        gap = self.gaps[self.rng.integers(len(self.gaps))]
        first = int(self.rng.integers(len(clip) - gap))
        pair = [clip[first], clip[first + gap]]
        if self.rng.random() < 0.5:
            pair.reverse()
        if self.turned and self.rng.random() < 0.5:
            pair = [frame[:, ::-1] for frame in pair]
        return pair[0], pair[1]


def motion_energy(clip: SmallClip) -> float:
    """Mean change of L from frame to frame, capped where a cut would outweigh all motion."""
    changes = np.abs(np.diff(clip.lab[..., 0], axis=0)).mean(axis=(1, 2))
    return float(np.minimum(changes, 10).mean()) if len(changes) else 0.0


def block_means(values: np.ndarray, factor: int) -> np.ndarray:
    """Average (..., H, W, C) over squares of `factor` pixels."""
    *rest, height, width, channels = values.shape
    blocks = values.reshape(*rest, height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(-4, -2), dtype=np.float32)
