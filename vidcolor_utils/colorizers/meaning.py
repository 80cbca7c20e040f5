"""What a picture shows, for the network that colours it: found out now and then, and carried along in between.

A Vision Transformer reads the whole picture, and a few blocks trained with the frame colorizer make of its
tokens a grid of what colour things have. That takes ten times as long as a look of the frame colorizer, but what a
film shows moves along with the picture: it is asked at the start of a shot, then about once a second, more seldom
where it stands still, and where so much is new that nothing can be carried.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import Meaning, mirrored
from vidcolor_utils.colorizers.links import Link
from vidcolor_utils.colorizers.networks import Network
from vidcolor_utils.pictures.sizes import network_size
from vidcolor_utils.weights.shipped import MEANING_WIDTH, PATCH, READ_SIDE

MAX_ASPECT = 3  # wider pictures are squeezed
EVERY = 24  # frames from one look to the next, at most: about a second;
ENOUGH, SELDOM = 1.5, 4  # so many times that, once the mean is one of so many readings, the second in a mirror
LEAST_TRUST = 0.6  # mean share of the picture, carried, below which it is looked at anew
STEP = 4  # of the pixels whose motion and trust are averaged over a cell, across and down; both are smooth
Read = Callable[[np.ndarray], Meaning | None]  # the meaning of a frame (H, W); None where nobody needs it
UNKNOWN = np.zeros((1, 1, MEANING_WIDTH), np.float32)  # the frame colorizer has learned to do without, too


class Reader:
    """Reads the meaning of pictures.

    Args:
        vit: the transformer.
        meaning: the blocks that were trained.
    """

    def __init__(self, vit: Network, meaning: Network):
        self._vit, self._meaning, self._side = vit, meaning, READ_SIDE

    def at(self, side: int) -> Reader:
        """Return one that reads at this short side, with the same networks."""
        reader = copy.copy(self)
        reader._side = side
        return reader

    def __call__(self, luma: np.ndarray) -> Meaning:
        """Read a picture (H, W), float32 luma in [0, 1]."""
        height, width = luma.shape
        size = reading_size(height, width, self._side)
        small = cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA)
        return self._meaning(self._vit(small[None, ..., None]))[0]


def reading_size(height: int, width: int, side: int = READ_SIDE) -> tuple[int, int]:
    """Height and width at which a picture is read: multiples of `PATCH`, `side` the short one."""
    return network_size((height, width), side, multiple=PATCH, most_aspect=MAX_ASPECT)


class CarriedMeaning:
    """The meaning of a film's frames, in order: the mean of what was read so far, carried along.

    Each cell of the grid remembers where in the mean its content lay when that was last renewed; that place moves
    along the flow from frame to frame, and the mean is looked up there. So it is blurred once from one reading to
    the next. A new reading is averaged with the carried ones, each cell of which counts for as many readings as
    could be followed to it; pictures are read plain and in a mirror in turn, which are two opinions.

    Args:
        read: reads the meaning of a frame; None where nobody needs it.
        every: frames from one reading to the next, at most, until each cell stands for `ENOUGH` readings.
    """

    def __init__(self, read: Read, *, every: int = EVERY):
        self._readings: Iterator[Read] = cycle((read, partial(_read_mirrored, read)))
        self._every = every
        self._grid: Meaning | None = None
        self._count: np.ndarray = np.zeros((0, 0), np.float32)  # of readings that each cell of the grid stands for
        self._places: np.ndarray = np.zeros((0, 0, 2), np.float32)  # of each cell, in cells: x, y
        self._trust: np.ndarray = np.zeros((0, 0), np.float32)
        self._age = 0

    def __call__(self, luma: np.ndarray, back: Link | None, *, wanted: bool) -> Meaning | None:
        """Follow to the next frame, and give its meaning if it is wanted.

        Args:
            luma: the frame, (H, W) float32 in [0, 1].
            back: how it is tied to the frame before; None at the start of a shot.
            wanted: whether the meaning of this frame is needed.
        """
        if back is None:
            self._grid = None
        elif self._grid is not None:
            self._follow(back)
        if not wanted:
            return None
        if self._grid is None or self._age >= self._interval() or self._trust.mean() < LEAST_TRUST:
            return self._look(luma)
        return bilinear(self._grid, self._places)

    def _interval(self) -> int:
        return self._every * (SELDOM if self._count.mean() >= ENOUGH else 1)

    def _look(self, luma: np.ndarray) -> Meaning | None:
        fresh = next(self._readings)(luma)
        if fresh is None:
            return None
        height, width = fresh.shape[:2]
        down, across = np.mgrid[:height, :width].astype(np.float32)
        count = np.ones((height, width), np.float32)
        if self._grid is not None:
            kept = self._trust * bilinear(self._count[..., None], self._places)[..., 0]
            count += kept
            fresh = fresh + (kept / count)[..., None] * (bilinear(self._grid, self._places) - fresh)
        self._grid, self._count, self._places = fresh, count, np.dstack([across, down])
        self._trust, self._age = np.ones((height, width), np.float32), 0
        return self._grid

    def _follow(self, back: Link) -> None:
        height, width = self._trust.shape
        rows, columns = back.flow.shape[:2]
        flow = cv2.resize(back.flow[::STEP, ::STEP], (width, height), interpolation=cv2.INTER_AREA)
        down, across = np.mgrid[:height, :width].astype(np.float32)
        across += flow[..., 0] * np.float32(width / columns)
        down += flow[..., 1] * np.float32(height / rows)
        places, before = (
            cv2.remap(of, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for of in (self._places, self._trust)
        )
        agreed = cv2.resize(back.trust[::STEP, ::STEP], (width, height), interpolation=cv2.INTER_AREA)
        self._places, self._trust = np.asarray(places), np.asarray(before * agreed)
        self._age += 1


def _read_mirrored(read: Read, luma: np.ndarray) -> Meaning | None:
    meaning = read(mirrored(luma))
    return None if meaning is None else mirrored(meaning)


def bilinear(grid: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Read a grid (h, w, C) between its cells, at `places` (H, W, 2): x, y in cells; returns (H, W, C)."""
    limits = np.array([grid.shape[1] - 1, grid.shape[0] - 1], np.float32)
    places = np.clip(places, 0, limits)
    low = np.minimum(places.astype(np.int32), np.maximum(limits - 1, 0).astype(np.int32))
    x, y = np.moveaxis(low, -1, 0)
    right, below = np.moveaxis((places - low.astype(np.float32))[..., None, :], -1, 0)
    next_x, next_y = np.minimum(x + 1, grid.shape[1] - 1), np.minimum(y + 1, grid.shape[0] - 1)
    upper = grid[y, x] * (1 - right) + grid[y, next_x] * right
    lower = grid[next_y, x] * (1 - right) + grid[next_y, next_x] * right
    return upper * (1 - below) + lower * below
