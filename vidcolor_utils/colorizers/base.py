"""What a colorizer is, and those that need no weights: gray, and another one in a mirror or paler."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, Self

import numpy as np

from vidcolor_utils.colorizers.defaults import LARGEST_SATURATION
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.system.options import Within, check_option

Meaning = np.ndarray  # float32 (h, w, C), a grid over a frame that tells what it shows


class Colorizer(Protocol):
    """Anything that predicts chroma.

    It may have more, which it is asked for by the functions below, one for each:

    - `understand(luma)`, see `understanding_of`; then its `predict_ab` takes `meanings` as well.
    - `closely()`, see `looking_closely`, and `as_predicted()`, see `as_predicted`: each returns a colorizer.
    - `fingerprint()`, see `fingerprint`: without it no film goes on where a run before was interrupted.
    """

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict (N, h, w, 2) ab in Lab units for frames (H, W) of one size, float32 luma in [0, 1]."""
        ...


def understanding_of(colorizer: Colorizer, luma: np.ndarray) -> Meaning | None:
    """Return what a frame (H, W) shows, if the colorizer is one that finds it out first.

    Such a one has `understand(luma)`, and takes what it returned as `predict_ab(lumas, meanings)`.
    """
    understand = getattr(colorizer, "understand", None)
    return understand(luma) if understand else None


def looking_closely(colorizer: Colorizer) -> Colorizer:
    """Return a colorizer as it looks at single pictures, for which it may take longer, if it can."""
    closely = getattr(colorizer, "closely", None)
    return closely() if closely else colorizer


def as_predicted(colorizer: Colorizer) -> Colorizer:
    """Return a colorizer that leaves chroma as its networks predict it, if it does more for frames of films."""
    plain = getattr(colorizer, "as_predicted", None)
    return plain() if plain else colorizer


def fingerprint(colorizer: object) -> dict:
    """Describe a colorizer, as JSON holds it: two that may predict different colours differ in it.

    One that cannot describe itself is like no other, not even in the next run.
    """
    if hasattr(colorizer, "fingerprint"):
        return colorizer.fingerprint()
    return {"colorizer": str(uuid.uuid4())}


def predict_with(
    colorizer: Colorizer, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning | None] | None
) -> np.ndarray:
    """Let a colorizer predict, told what the frames show where that is known of them."""
    if meanings is None or any(meaning is None for meaning in meanings):
        return colorizer.predict_ab(lumas)
    return colorizer.predict_ab(lumas, meanings)  # type: ignore[call-arg]  # it was understood, so it is one that asks


class GrayColorizer:
    """Predicts no colour at once, for checks of everything else."""

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict (N, 8, 8, 2) zeros for frames as `Colorizer.predict_ab` takes."""
        return np.zeros((len(lumas), 8, 8, 2), np.float32)


class ColorizerAround:
    """What colorizers have in common that ask another one: it finds out what frames show, and hands on no more."""

    def __init__(self, colorizer: Colorizer):
        self._colorizer = colorizer

    def understand(self, luma: np.ndarray) -> Meaning | None:
        """Find out what a frame shows, as it is."""
        return understanding_of(self._colorizer, luma)


class ChangedColorizer(ColorizerAround):
    """What those have in common that change what one colorizer sees or says: they look as it does."""

    def closely(self) -> Self:
        """Return the same of the colorizer as it looks at single pictures."""
        return self._of(looking_closely(self._colorizer))

    def as_predicted(self) -> Self:
        """Return the same of the colorizer that leaves chroma as its networks predict it."""
        return self._of(as_predicted(self._colorizer))

    def fingerprint(self) -> dict:
        """Describe what it does, and the colorizer."""
        return {"around": type(self).__name__, "colorizer": fingerprint(self._colorizer)}

    def _of(self, colorizer: Colorizer) -> Self:
        changed = copy.copy(self)
        changed._colorizer = colorizer
        return changed


class MirroredColorizer(ChangedColorizer):
    """A colorizer that sees its frames in a mirror: a second opinion of the same network, see `MeanColorizer`."""

    def predict_ab(self, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning] | None = None) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        known = None if meanings is None else [mirrored(meaning) for meaning in meanings]
        return mirrored(predict_with(self._colorizer, [mirrored(luma) for luma in lumas], known), axis=2)


class MeanColorizer:
    """Predicts the mean of what several colorizers predict, at the size of the largest.

    Of one network, at several sizes and in a mirror, it is known as test-time augmentation.

    Args:
        colorizers: at least one; each finds out by itself what frames show, and in a thread of its own.
    """

    def __init__(self, colorizers: Sequence[Colorizer]):
        self._colorizers, self._at_once = colorizers, min(len(colorizers), usable_cores())

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        with ThreadPoolExecutor(self._at_once) as pool:
            predicted = list(pool.map(lambda colorizer: colorizer.predict_ab(lumas), self._colorizers))
        size = max(each.shape[1:3] for each in predicted)
        return np.stack([[resize_ab(ab, size) for ab in each] for each in predicted]).mean(axis=0)


class SaturatedColorizer(ChangedColorizer):
    """A colorizer with its chroma multiplied.

    Luma is not its business; `chroma.rgb_difference` keeps strong colours inside RGB without changing it.

    Args:
        colorizer: predicts the chroma.
        factor: in [0, `LARGEST_SATURATION`]; 0 gives gray, 1 what `colorizer` gives.

    Raises:
        ValueError: if `factor` is out of range.
    """

    def __init__(self, colorizer: Colorizer, factor: float):
        check_option("factor", factor, Within(0, LARGEST_SATURATION))
        super().__init__(colorizer)
        self._factor = np.float32(factor)

    def fingerprint(self) -> dict:
        """Describe what it does, and the colorizer."""
        return super().fingerprint() | {"factor": float(self._factor)}

    def predict_ab(self, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning] | None = None) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        return predict_with(self._colorizer, lumas, meanings) * self._factor


def mirrored(array: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return an array turned left to right, along `axis`."""
    return np.ascontiguousarray(np.flip(array, axis))
