"""Which parts of a film have colour already.

Black-and-white footage is rarely neutral to the last bit: it is tinted, toned sepia, or noisy. What tells colour
from all that is chroma that differs between places of the same brightness. So each frame's chroma is compared
with the mean chroma of its band of luma, and colour is a spread that neither noise nor a tint explains.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from vidcolor_utils.video.formats import Decoded, Miniatures

SIDE = 32  # short side at which chroma is looked at, in pixels: noise averages out
BANDS = 32  # of luma
SHARE = 90  # percentile of the spread that decides: colour need not fill the frame
# In units of 8-bit U and V. On 14 colour clips the spread was 2.8 and up, but 1.3 on a gray road in fog; on gray
# with noise of 12 of 255 in each channel 1.0, on prints toned by 14 units up to 2.6 after heavy compression.
NOISE = 1.8
TINT_SHARE = 0.25  # of the mean chroma, as spread, still belongs to a tint
LOOKAHEAD = 12  # frames that must agree on what a part is

Frame = TypeVar("Frame")


class Seen(NamedTuple, Generic[Frame]):
    """What is known of a frame before its part is."""

    frame: Frame
    cut: bool  # whether it begins a shot
    colored: bool  # by itself


class ColorDetector:
    """Tells whether a decoded frame has colour. A tint over the whole picture, sepia say, is none."""

    def __init__(self) -> None:
        self._small = Miniatures(SIDE)

    def __call__(self, frame: Decoded) -> bool:
        """Look at one frame, of any pixel format."""
        small = self._small(frame)
        if small is None:
            return False
        spread, tint = chroma_spread(*small)
        return spread > max(NOISE, TINT_SHARE * tint)


def chroma_spread(luma: np.ndarray, u: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """Measure how far chroma differs between places of one brightness, and its mean.

    Args:
        luma: (H, W) uint8.
        u: (H, W) uint8, 128 where neutral.
        v: the same.

    Returns:
        The `SHARE`th percentile of the distance of (U, V) from the mean of its band of luma; and the distance of
        the mean (U, V) from neutral.
    """
    band = (luma.astype(np.intp) * BANDS // 256).ravel()
    pixels = np.maximum(np.bincount(band, minlength=BANDS), 1)
    planes = [plane.ravel() - np.float64(128) for plane in (u, v)]
    means = [np.bincount(band, plane, BANDS) / pixels for plane in planes]
    distances = np.hypot(*(plane - mean[band] for plane, mean in zip(planes, means, strict=True)))
    return float(np.percentile(distances, SHARE)), float(np.hypot(*(plane.mean() for plane in planes)))


def mark_colored(
    frames: Iterable[Frame], is_colored: Callable[[Frame], bool], is_cut: Callable[[Frame], bool]
) -> Iterator[tuple[Frame, bool]]:
    """Tell for each frame whether its part of the film has colour; reads up to `LOOKAHEAD` frames ahead.

    The first frames of a shot, up to `LOOKAHEAD` of them, decide for it by their majority. Within a shot the
    decision changes only where that many frames on end contradict it: after a dissolve, or a cut that the luma
    does not show.

    Args:
        frames: of one film, in order.
        is_colored: looks at a frame by itself.
        is_cut: tells whether a frame begins a shot; called once for each, in order.

    Yields:
        Each frame, and whether it has colour.
    """
    seen = (Seen(frame, is_cut(frame), is_colored(frame)) for frame in frames)
    waiting = deque(islice(seen, LOOKAHEAD))
    decided: bool | None = None
    while waiting:
        run = [waiting[0], *takewhile(lambda item: not item.cut, islice(waiting, 1, None))]
        votes = sum(item.colored for item in run)
        if decided is None or run[0].cut:
            decided = 2 * votes > len(run)
        elif len(run) == LOOKAHEAD and votes == (0 if decided else LOOKAHEAD):
            decided = not decided
        yield waiting.popleft().frame, decided
        waiting.extend(islice(seen, 1))
