"""The colours of a film some of whose points were given one: it takes the region around, and goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import cached_property, partial, reduce
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.film.keyframes.carrier import GrayFilm, TimedKey, carried_apart
from vidcolor_utils.film.keyframes.edges import enlarged
from vidcolor_utils.film.keyframes.propagate import Reached
from vidcolor_utils.film.keyframes.regions import region_around
from vidcolor_utils.film.look import Hint
from vidcolor_utils.film.picture import ColorSource, Picture
from vidcolor_utils.film.shots import outside
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.system.pipeline import paired
from vidcolor_utils.system.times import time_text
from vidcolor_utils.video.files import frame_at
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

AROUND = 0.06  # of the frame's short side: how far what arrived says what is missing beside it
LEAST_WEIGHT = 0.02  # of what arrived around a point, at which it says half


class HintedColors:
    """The colours of a film with points: a `ColorSource`, to be sent to other processes if `colors` can.

    Args:
        source: the film.
        hints: the points.
        colors: what they are laid over.
    """

    def __init__(self, source: Path, hints: Sequence[Hint], colors: ColorSource):
        self._source, self._hints, self._colors = source, tuple(hints), colors
        self._film = GrayFilm(source)

    def __reduce__(self) -> tuple:
        return HintedColors, (self._source, self._hints, self._colors)

    @property
    def looks_at_frames(self) -> bool:
        """Whether it looks at more of pictures than their luma and time."""
        return self._colors.looks_at_frames

    def warnings_of(self, span: Span) -> tuple[str, ...]:
        """Give those of the colours below, and a sentence for each time whose points a part does not use."""
        unused = (key.seconds for key in self._keys if not key.shot.meets(span))
        own = (f"the points at {time_text(seconds)} are not used: {outside(seconds)}" for seconds in unused)
        return (*self._colors.warnings_of(span), *own)

    def settings(self) -> dict:
        """Give all that the colours depend on beside the source, as JSON holds it."""
        return self._colors.settings() | {"hints": self._hints}

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray | None]:
        """Yield the ab of each frame of one segment, None where it keeps its own.

        Raises:
            InputError: if a point is not in the picture, or the film ends before its time.
        """
        shot: Span | None = None
        with ExitStack() as passing:
            for picture, ab in paired(pictures, self._colors.colors):
                seconds = picture.frame.seconds
                keys = [key for key in self._keys if key.shot.holds(seconds)]
                if keys and ab is not None and keys[0].shot != shot:
                    passing.close()  # of the shot before
                    shot, carried = keys[0].shot, carried_apart(self._film, keys, seconds)
                    passing.enter_context(closing(carried))
                reached = self._film.next_at(carried, seconds).reached if keys and keys[0].shot == shot else []
                yield None if ab is None else reduce(partial(laid_over, luma=picture.luma), reached, ab)

    @cached_property
    def _keys(self) -> list[TimedKey]:
        """The points of each frame together, see `layer_of`."""
        keys: list[TimedKey] = []
        with VideoReader(self._source) as reader:
            for seconds, group in groupby(sorted(self._hints), key=lambda hint: hint.at):
                frame = frame_at(reader, seconds)
                shot = self._film.shot_around(frame.seconds, [key.shot for key in keys])
                gray = self._film.gray(frame, reader)
                places = [(self._film.place(hint.x, hint.y, gray, reader), hint.color) for hint in group]
                layer = layer_of([(region_around(gray, *place), color) for place, color in places])
                keys.append(TimedKey(frame.seconds, layer.astype(np.float16), shot))
        return keys


def layer_of(points: Sequence[tuple[np.ndarray, str]]) -> np.ndarray:
    """Make one layer of regions and their colours.

    Args:
        points: each a region (h, w) in [0, 1] and a colour as #rrggbb, of which the chroma counts.

    Returns:
        (h, w, 3) float32: a and b times how far a pixel belongs to a region, and that; where regions overlap, they
        share.
    """
    total = np.maximum(np.sum([region for region, _ in points], axis=0), 1)
    layers = [(region / total)[..., None] * (*chroma_of(color), 1.0) for region, color in points]
    return np.sum(layers, axis=0).astype(np.float32)


def chroma_of(color: str) -> tuple[float, float]:
    """Give a and b of a colour #rrggbb."""
    rgb = np.frombuffer(bytes.fromhex(color[1:]), np.uint8).reshape(1, 1, 3)
    _, a, b = lab_from_rgb(rgb)[0, 0]
    return float(a), float(b)


def laid_over(ab: np.ndarray, reached: Reached, luma: np.ndarray) -> np.ndarray:
    """Lay what reached a frame over its colours.

    Args:
        ab: the colours below, (h', w', 2).
        reached: what came of a layer, see `layer_of`; where it came without confidence, what came around counts.
        luma: of the frame, (h, w).

    Returns:
        ab (h, w, 2), or what was below if nothing reached the frame.
    """
    if reached.carried is None:
        return ab
    sure, layer = reached.carried.confidence[..., None], reached.carried.ab
    width = max(3, round(min(sure.shape[:2]) * AROUND))
    weight = cv2.blur(reached.carried.confidence, (width, width)) + np.float32(LEAST_WEIGHT)
    around = cv2.blur(sure * layer, (width, width)) / weight[..., None]
    layer = resize_ab(enlarged(sure * layer + (1 - sure) * around, reached.gray, luma), luma.shape)
    share = np.clip(layer[..., 2:], 0, 1)
    return resize_ab(ab, luma.shape) * (1 - share) + layer[..., :2]
