"""Views made anew for every step: processes cut and wear the photographs, the accelerator reads their tokens.

Where an accelerator reads tokens sooner than a disk would give them, nothing is kept, and nothing is seen twice
alike.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from vidcolor_utils.stills.photos import Photo
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.training.batches import Batch, drawn_side, sampling_shares, to_batch
from vidcolor_utils.training.config import FrameTrainConfig
from vidcolor_utils.training.views import Square, random_view

AHEAD = 4  # batches that each process makes before they are asked for


class LivePhotos:
    """Photographs as a source of batches.

    Args:
        photos: to learn from.
        config: says how views are cut and worn, and how many make a batch.
        device: where batches are wanted.
    """

    def __init__(self, photos: Sequence[Photo], config: FrameTrainConfig, device: torch.device):
        self.kinds = [photo.kind for photo in photos]
        self._photos, self._config, self._device = photos, config, device

    def views_a_step(self, side: int | None) -> int:
        """Number of views in a batch: as many of every side, since tokens take most of the time."""
        return self._config.batch

    def batches(
        self, sides: Sequence[int], progress: Callable[[], float], rng: np.random.Generator
    ) -> AbstractContextManager[Iterator[Batch]]:
        """Make random batches without an end; see `Source`. When the `with` block ends, so do the processes."""
        return closing(self._endless(sides, progress, rng))

    def _endless(
        self, sides: Sequence[int], progress: Callable[[], float], rng: np.random.Generator
    ) -> Generator[Batch, None, None]:
        loader = DataLoader(
            _Looks(self._photos, self._config, int(rng.integers(2**31))),
            batch_size=None,  # it makes batches itself
            num_workers=max(1, usable_cores() - 1),
            prefetch_factor=AHEAD,
            multiprocessing_context="fork",  # photographs are not copied
            worker_init_fn=_works_alone,
            pin_memory=self._device.type == "cuda",
        )
        for looks in loader:
            luma, ab = (part.to(self._device, non_blocking=True) for part in looks)
            known = torch.from_numpy((rng.random(len(luma)) < self._config.known).astype(np.float32))
            side = drawn_side(sides, progress(), rng)
            yield to_batch(luma, ab, None, known.to(self._device, non_blocking=True), side)


def _works_alone(_: int) -> None:
    cv2.setNumThreads(0)  # OpenCV's threads do not live on in a process that was forked


class _Looks(Dataset):
    """Batches of views by number: luma (B, 168, 168) uint8 and ab (B, 84, 84, 2) int8."""

    def __init__(self, photos: Sequence[Photo], config: FrameTrainConfig, seed: int):
        self._photos, self._config, self._seed = photos, config, seed
        self._shares = sampling_shares([photo.kind for photo in photos])

    def __len__(self) -> int:
        return 2**31  # without an end

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng((self._seed, number))
        chosen = rng.choice(len(self._photos), self._config.batch, p=self._shares)
        views = [self._look(self._photos[index], rng) for index in chosen]
        luma, ab = (np.stack(parts) for parts in zip(*views, strict=True))
        return torch.from_numpy(luma), torch.from_numpy(ab)

    def _look(self, photo: Photo, rng: np.random.Generator) -> Square:
        return random_view(photo, rng, min_crop=self._config.min_crop, wear=self._config.wear)
