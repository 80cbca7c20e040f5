"""Batches of kept views for training, made in a thread beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch.nn import functional as F

from vidcolor_utils.system.pipeline import running_ahead
from vidcolor_utils.training.views import Views

FULL_SIDE = 96  # the side of which a batch holds as many views as its size says
BROAD = 24  # side of the grid of colours that the meaning alone is paid for: two cells to a token
AHEAD = 4  # batches made before they are asked for
# How often each kind of photograph is shown. Sources differ in size, not in worth: without weights animals and
# landscapes would be most of what is seen, and streets, night and snow, on which colours are hard, a hundredth.
# A photograph's kind is the first folder of its name; the table of the model card says what each holds.
WEIGHTS = {
    "scenes": 0.7,
    "objects": 1.5,
    "nature": 1.5,
    "imagenette": 1.0,
    "animalpose": 0.6,
    "caltech101": 0.8,
    "ccp": 1.3,
    "houses": 1.2,
    "pets": 0.7,
    "foodpix": 0.8,
    "grocery": 0.5,
    "labelmefacade": 2.0,
    "clothing": 0.7,
    "camvid": 3.0,
    "deepphoto": 3.0,
    "lowlight": 3.0,
    "jetson": 3.0,
    "ilsvrcval": 3.0,
    "depthany": 3.0,
}


class Batch(NamedTuple):
    """What one step learns from."""

    luma: torch.Tensor | None  # (B, 1, S, S) in [0, 1]; None where the meaning learns alone
    whole: torch.Tensor  # (B, 1, 168, 168) in [0, 1], as the transformer reads it
    tokens: torch.Tensor | None  # (B, 768, 12, 12); None where they were not kept
    ab: torch.Tensor  # (B, 2, S/2, S/2) Lab units, or (B, 2, 24, 24) without luma
    known: torch.Tensor  # (B, 1, 1, 1), 0 where the meaning is kept from the light network


class Source(Protocol):
    """What batches are made of.

    Attributes:
        kinds: of the photographs, one each.
    """

    kinds: list[str]

    def views_a_step(self, side: int | None) -> int:
        """Number of views in a batch whose luma has this side."""
        ...

    def batches(
        self, sides: Sequence[int], progress: Callable[[], float], rng: np.random.Generator
    ) -> AbstractContextManager[Iterator[Batch]]:
        """Make random batches without an end.

        Args:
            sides: of the luma, growing; () for none.
            progress: tells how far training has come, from 0 to 1; sides are drawn from the two it has come to.
            rng: source of randomness.
        """
        ...


class KeptViews:
    """Views on disk as a source of batches.

    Args:
        views: of the same photographs, from which each batch takes one.
        batch: views of `FULL_SIDE` pixels in a batch.
        known: share of views whose meaning is shown.
    """

    def __init__(self, views: Sequence[Views], batch: int, known: float):
        self.kinds = views[0].kinds
        self._views, self._batch, self._known = views, batch, known

    def views_a_step(self, side: int | None) -> int:
        """Number of views in a batch whose luma has this side."""
        return views_a_step(side, self._batch)

    def batches(
        self, sides: Sequence[int], progress: Callable[[], float], rng: np.random.Generator
    ) -> AbstractContextManager[Iterator[Batch]]:
        """Make random batches without an end, in a thread ahead of who takes them; see `Source`."""
        return running_ahead(self._endless(sides, progress, rng), AHEAD)

    def _endless(
        self, sides: Sequence[int], progress: Callable[[], float], rng: np.random.Generator
    ) -> Generator[Batch, None, None]:
        shares = sampling_shares(self.kinds)
        while True:
            side = drawn_side(sides, progress(), rng)
            views = self._views[int(rng.integers(len(self._views)))]
            chosen = np.sort(rng.choice(len(self.kinds), self.views_a_step(side), p=shares))
            yield self._batch_of(views, chosen, side, rng)

    def _batch_of(self, views: Views, chosen: np.ndarray, side: int | None, rng: np.random.Generator) -> Batch:
        """Read the chosen views, some of them mirrored, and the meaning of some kept back."""
        flips = rng.random(len(chosen)) < 0.5
        luma, ab, tokens = (_flipped(of[chosen], flips) for of in (views.luma, views.ab, views.tokens))
        known = (rng.random(len(chosen)) < self._known).astype(np.float32)
        gray, colors, grid, shown = map(torch.from_numpy, (luma, ab, tokens, known))
        return to_batch(gray, colors, grid, shown, side)


def views_a_step(side: int | None, batch: int) -> int:
    """Number of views in a batch: as many as have equal pixels; twice as many of those that have none."""
    return 2 * batch if side is None else max(4, batch * FULL_SIDE**2 // side**2)


def drawn_side(sides: Sequence[int], progress: float, rng: np.random.Generator) -> int | None:
    """Draw from the two sides that a training has come to; None if there are none."""
    if not sides:
        return None
    at = min(int(progress * (len(sides) - 1)), max(0, len(sides) - 2))
    return int(rng.choice(sides[at : at + 2]))


def _flipped(arrays: np.ndarray, flips: np.ndarray) -> np.ndarray:
    """Mirror some of arrays (B, H, W, ...); tokens of a mirrored picture are nearly its tokens, mirrored."""
    arrays[flips] = arrays[flips][:, :, ::-1]
    return arrays


def to_batch(
    luma: torch.Tensor, ab: torch.Tensor, tokens: torch.Tensor | None, known: torch.Tensor, side: int | None
) -> Batch:
    """Bring views, as they are kept, to a batch of this side, None without luma; all on one device."""
    columns, whole, colors = known.view(-1, 1, 1, 1), luma[:, None].float() / 255, ab.float().permute(0, 3, 1, 2)
    grid = None if tokens is None else tokens.float().permute(0, 3, 1, 2)
    if side is None:
        return Batch(None, whole, grid, F.interpolate(colors, size=(BROAD, BROAD), mode="area"), columns)
    gray = sized(whole, side).contiguous(memory_format=torch.channels_last)
    return Batch(gray, whole, grid, sized(colors, side // 2), columns)


def sized(x: torch.Tensor, side: int) -> torch.Tensor:
    """Resize (B, C, H, W) to a square, averaging where it shrinks."""
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def sampling_shares(kinds: Sequence[str]) -> np.ndarray:
    """Probability with which each photograph is drawn, (N,) float64 with sum 1; unknown kinds weigh 1."""
    weights = np.array([WEIGHTS.get(kind, 1.0) for kind in kinds])
    return weights / weights.sum()
