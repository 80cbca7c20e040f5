"""The colorizer that ships: luma in, chroma out, one frame at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, MeanColorizer, Meaning, MirroredColorizer
from vidcolor_utils.colorizers.defaults import QUALITIES
from vidcolor_utils.colorizers.meaning import UNKNOWN, Reader
from vidcolor_utils.colorizers.networks import Network, OnnxNetwork, load_network, load_networks
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.sizes import network_size
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.system.options import OneOf, check_option
from vidcolor_utils.weights.shipped import (
    FRAME_WEIGHTS,
    READ_SIDE,
    STRIDE,
    networks_beside,
    shipped_weights_path,
)

MAX_ASPECT = 4  # wider pictures are squeezed for the network


class View(NamedTuple):
    """One look at a frame."""

    side: int  # short side of the network's input in pixels


VIEWS = (View(128),)
CLOSE_SIDES = (128, 192)  # of the looks at a single picture, which no frames before it help


class Evening(NamedTuple):
    """Numbers of `evened`.

    Chosen on clips of DAVIS and of a hike that nothing was trained on. Lengths of chroma are in Lab units, hues in
    degrees from a to b.
    """

    near: float = 0.04  # of the short side, standard deviation
    shades: int = 16  # of luma, from black to white
    spread: float = 10.8  # root mean square of how far a frame's chroma lies from its mean
    a_gain: float = 1.3  # of what differs from the mean in a
    least_gain: float = 0.9
    most_gain: float = 1.78
    tint: float = 1.5  # length of a mean that is halved
    tint_gain: float = 1.08  # of one that is far longer
    purple: float = -20.0  # hue
    all_purple: float = 30.0  # as far from it all is purple,
    purplish: float = 50.0  # and no farther than this some
    grayish: float = 4.0  # length up to which purple is taken out,
    faint: float = 14.0  # and from which it stays


EVENING = Evening()


class FrameColorizer:
    """Predicts the chroma of single frames: meaning from a transformer, detail from a light network.

    Its frames are those of films, whose chroma is `evened`, but for quality "fast". For photographs see
    `as_predicted`.

    Args:
        weights: a file written by `vidcolor export`; its suffix says in what the networks run: `.onnx` in ONNX
            Runtime, `.safetensors` in Keras. If not given, the shipped ones, in ONNX Runtime.
        quality: "fine", or "fast", which does without the meaning.
        views: looks at each frame, whose predictions are averaged.
        load: gives the network of a file; for other runtimes.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the file is damaged, or holds no such network.
        OptionError: if there is no such quality.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        quality: str = "fine",
        views: Sequence[View] = VIEWS,
        load: Callable[[Path], Network] = load_network,
    ):
        check_option("quality", quality, OneOf(QUALITIES))
        self.views = tuple(views)
        own = Path(weights) if weights else shipped_weights_path(FRAME_WEIGHTS)
        self._files = networks_beside(own, quality)
        self._network, *others = _that_fit(self._files, load_networks(self._files, load))
        self._read = Reader(*others) if others else None
        self._evens = self._read is not None  # what does not know things is wrong more often the more it says

    def fingerprint(self) -> dict:
        """Tell two colorizers apart that may predict different colours, as JSON holds it."""
        return {"views": self.views, "weights": self._sums, "evening": EVENING if self._evens else None}

    @cached_property
    def _sums(self) -> list[str]:
        return [file_sha256(file) for file in self._files]

    def as_predicted(self) -> FrameColorizer:
        """Return one for photographs, whose chroma stays as the same networks predict it."""
        look = copy.copy(self)
        look._evens = False
        return look

    def closely(self) -> Colorizer:
        """Return one for single pictures, of the same networks; itself if its views were chosen or it is "fast".

        Each picture is looked at and read at two sizes, from both sides: six times the work, 1 % less error.
        """
        if self.views != VIEWS or not self._read:
            return self
        looks = [self._looking_at(side) for side in CLOSE_SIDES]
        return MeanColorizer([*looks, *map(MirroredColorizer, looks)])

    def _looking_at(self, side: int) -> FrameColorizer:
        look = copy.copy(self)
        look.views = (View(side),)
        look._read = self._read and self._read.at(READ_SIDE * side // VIEWS[0].side)
        return look

    def understand(self, luma: np.ndarray) -> Meaning:
        """Find out what a frame shows, for `predict_ab` of this frame or of those near it.

        Args:
            luma: (H, W) float32 in [0, 1].

        Returns:
            (h, w, 256) float32, a grid over the whole frame; of zeros at quality "fast".
        """
        return self._read(luma) if self._read else UNKNOWN

    def predict_ab(self, lumas: Sequence[np.ndarray], meanings: Sequence[Meaning] | None = None) -> np.ndarray:
        """Predict chroma.

        Args:
            lumas: frames of one size, each (H, W) float32 luma in [0, 1].
            meanings: what they show, see `understand`, which is asked if they are not given.

        Returns:
            (N, h/2, w/2, 2) float32 ab in Lab units, (h, w) = `working_size(H, W, side)` of the largest view.
        """
        known = np.stack([self.understand(luma) for luma in lumas] if meanings is None else meanings)
        height, width = lumas[0].shape
        height, width = working_size(height, width, max(view.side for view in self.views))
        total = np.zeros((len(lumas), height // 2, width // 2, 2), np.float32)
        for view in self.views:
            for frame_sum, ab in zip(total, self._look(lumas, known, view), strict=True):
                frame_sum += resize_ab(ab, frame_sum.shape[:2])
        total /= len(self.views)
        return evened(total, lumas) if self._evens else total

    def _look(self, lumas: Sequence[np.ndarray], known: np.ndarray, view: View) -> np.ndarray:
        height, width = lumas[0].shape
        height, width = working_size(height, width, view.side)
        small = np.stack([cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA) for luma in lumas])
        return self._network(small[..., None], known)


def _that_fit(files: Sequence[Path], found: list[Network]) -> list[Network]:
    """Check that the networks of some files are those of a frame colorizer, as far as ONNX Runtime knows."""
    known = [network.channels if isinstance(network, OnnxNetwork) else None for network in found]
    read = UNKNOWN.shape[-1]
    tokens = known[1][1] if len(known) > 1 and known[1] else None
    for file, channels, wanted in zip(
        files, known, (([1, read], 2), ([1], tokens), ([tokens], read)), strict=False
    ):
        if channels is not None and channels != wanted:
            raise InputError(f"{file}: holds another network than the one that is needed there")
    return found


def evened(ab: np.ndarray, lumas: Sequence[np.ndarray]) -> np.ndarray:
    """Keep colours within edges of luma, `cross_bilateral`, and give them a usual spread, `with_usual_spread`.

    Args:
        ab: (N, h, w, 2) float32, Lab, predicted for frames of films.
        lumas: the frames, each (H, W) float32 in [0, 1].

    Returns:
        The same shape.
    """
    return with_usual_spread(np.stack([cross_bilateral(*each) for each in zip(ab, lumas, strict=True)]))


def cross_bilateral(ab: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """Average colours over what is near and about as bright.

    What the network says of small things spills over their edges, and stays behind as a trail where they move on.

    Args:
        ab: (h, w, 2) float32.
        luma: (H, W) float32 in [0, 1], of the same picture.

    Returns:
        (h, w, 2) float32: the cross bilateral filter of Eisemann and Durand (2004), on the grid of Chen, Paris and
        Durand (2007): Gaussian in the picture, linear between `Evening.shades` of luma.
    """
    height, width = ab.shape[:2]
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    shade = np.clip(small, 0, 1) * (EVENING.shades - 1)
    counted = np.dstack([ab, np.ones_like(shade)])
    total = np.zeros_like(counted)
    for number in range(EVENING.shades):
        share = np.maximum(1 - np.abs(shade - number), 0)[..., None]
        total += share * cv2.GaussianBlur(counted * share, (0, 0), EVENING.near * min(height, width))
    return total[..., :2] / total[..., 2:]


def with_usual_spread(ab: np.ndarray) -> np.ndarray:
    """Let colours differ from place to place as much as they usually do, and take out what little tint there is.

    Where the network is unsure, all of a frame comes out in one pale colour: on clips of DAVIS it predicts less
    than half of the true spread of chroma, and a mean that is often wrong. More spread costs hardly any error
    there, while in photographs it does (`make spread`).

    Args:
        ab: (N, H, W, 2) float32, Lab, of frames of films.

    Returns:
        The same shape. What differs from the frame's mean is multiplied in a, and then in a and b such that its
        root mean square comes as near to the usual one as gains are allowed, see `Evening`; the faint purples that
        this makes of gray things are taken out.
    """
    mean = ab.mean((1, 2), keepdims=True)
    differences = (ab - mean) * np.array([EVENING.a_gain, 1], np.float32)
    spread = np.sqrt(np.square(differences).sum(-1, keepdims=True).mean((1, 2), keepdims=True))
    wanted = np.divide(EVENING.spread, spread, out=np.ones_like(spread), where=spread > 0)
    gain = np.clip(wanted, EVENING.least_gain, EVENING.most_gain)
    length = np.square(mean).sum(-1, keepdims=True)
    kept = EVENING.tint_gain * length / (length + EVENING.tint**2)
    return _without_faint_purple(mean * kept + differences * gain)


def _without_faint_purple(ab: np.ndarray) -> np.ndarray:
    a, b = ab[..., :1], ab[..., 1:]
    away = np.abs(np.degrees(np.arctan2(b, a)) - EVENING.purple)
    purple = _share(away, EVENING.purplish, EVENING.all_purple)
    return ab * (1 - purple * _share(np.hypot(a, b), EVENING.faint, EVENING.grayish))


def _share(values: np.ndarray, none: float, full: float) -> np.ndarray:
    """1 up to `full`, 0 from `none`, even between."""
    return np.clip((none - values) / (none - full), 0, 1)


def working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of the network's input for frames of this size, with `side` as the short one."""
    return network_size((height, width), side, multiple=STRIDE, most_aspect=MAX_ASPECT)
