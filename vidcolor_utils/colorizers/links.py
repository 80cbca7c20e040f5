"""How the frames of a video are tied to their neighbours in time: where pixels go, and how far to trust that."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np

from vidcolor_utils.pictures.color import to_uint8
from vidcolor_utils.pictures.cuts import CutDetector, content_changes
from vidcolor_utils.pictures.flow import DenseFlow, resized_flow, warp
from vidcolor_utils.pictures.sizes import fit_short_side, shrunk_in_steps

SIDE = 192  # short side at which chroma is carried, in pixels
AGREEMENT = 20.0  # difference of luma, of 255, at which trust in a neighbour falls to 1/e
SMOOTHING = (5, 5)  # pixels over which that difference is averaged
MAX_GAIN = 1.5  # change of brightness between neighbours that is put down to the lamp or the shutter
CUT = 0.5  # mean trust below which a change of content is a cut; motion and flicker stay above
CONTRAST, MOST_STRETCHED = 50.0, 6.0  # spread of luma, of 255, to which dull pictures are stretched, and how far
FULL = 60.0  # spread of luma from which all of a picture is seen; in the first frames of a fade little is
EVEN, LATELY = 1.03, 4  # growth of it from frame to frame that is no fade; frames that it is compared with
ALIKE = 12.0  # difference of luma, of 255, between what is seen and what was that says nothing
LEARNED = 1 / 48  # share of it that is taken over in a frame: the memory is of about two seconds
KNOWN = 0.66  # share of a picture that is like what was seen, below which it has become another one


class Link(NamedTuple):
    """How a frame is tied to a neighbour in time."""

    flow: np.ndarray  # float32 (h, w, 2), from the frame to the neighbour, in pixels
    trust: np.ndarray  # float32 (h, w) in [0, 1], how well the neighbour's luma, carried along, agrees


class Memory:
    """What a film has shown lately, carried along: in a dissolve each frame agrees with the one before, too.

    Pictures are compared at half the size, stretched to `CONTRAST` if they are dull.
    """

    def __init__(self) -> None:
        self._seen = np.zeros((0, 0), np.float32)

    def begin(self, gray: np.ndarray) -> None:
        """Forget all, and look at the first frame of a shot, uint8 (h, w)."""
        self._seen = _look(gray)

    def held(self, gray: np.ndarray, back: Link) -> Link:
        """Look at the next frame, uint8 (h, w); give its link, trusted no more than what it shows is known.

        Only where the picture as a whole has become another one: what moves is told by the link itself.
        """
        look = _look(gray)
        size = (look.shape[1], look.shape[0])
        carried = warp(self._seen, resized_flow(back.flow, look.shape))
        unlike = np.maximum(np.abs(look - carried) - ALIKE, 0)
        known = cv2.exp(unlike * unlike * (-1 / AGREEMENT**2))
        learned = np.maximum(LEARNED, 1 - cv2.resize(back.trust, size, interpolation=cv2.INTER_AREA))
        self._seen = carried + learned * (look - carried)
        if known.mean() >= KNOWN:
            return back
        trust = np.minimum(back.trust, cv2.resize(known, back.trust.shape[::-1]))
        return back._replace(trust=trust)


def _look(gray: np.ndarray) -> np.ndarray:
    mean, spread = _mean_and_spread(gray)
    half = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    return cv2.blur((half - mean) * stretch_of(spread), (3, 3))


class Fade:
    """How much of what a film shows now could be seen in its last frames.

    Colours that were predicted in the dark, or for what was seen before it, are worth little once a fade has
    lit the picture, though each of its frames agrees with the one before.
    """

    def __init__(self) -> None:
        self._lately: deque[tuple[float, float]] = deque(maxlen=LATELY)

    def __call__(self, gray: np.ndarray) -> float:
        """Take the next frame, uint8 (h, w); give the share, in (0, 1], 1 where there is no fade.

        In a fade contrast grows as luma leaves black, or white, above all of the last frames; in a shot with
        motion it grows by itself, and under a lamp that flickers it comes and goes. The shares of its frames
        multiply to about the square of the ratio of the contrasts at its ends.
        """
        mean, spread = _mean_and_spread(gray)
        growths = [
            min(
                (min(spread, FULL) + 1) / (min(other_spread, FULL) + 1),
                max((mean + 1) / (other_mean + 1), (256 - mean) / (256 - other_mean)),
            )
            for other_mean, other_spread in self._lately
        ]
        self._lately.append((mean, spread))
        least = min(growths, default=1.0)
        return 1.0 if least < EVEN else least**-2


class Linker:
    """Ties each frame of a video to the one before.

    Args:
        both_ways: find the links from the frame before as well.
    """

    def __init__(self, *, both_ways: bool = False):
        self._both_ways, self._flow = both_ways, DenseFlow()
        self._last: np.ndarray | None = None
        self._memory, self._fade = Memory(), Fade()

    def __call__(self, gray: np.ndarray) -> tuple[Link | None, Link | None]:
        """Take the next frame, uint8 (h, w).

        The first frame of a shot is one whose luma the last frame's, carried along, does not explain, and that the
        detector takes for it: the detector alone takes fast motion and a flickering lamp for cuts.

        Returns:
            The links from it to the frame before and back; None for the first frame of a shot, and the second
            one unless `both_ways`.
        """
        last, self._last = self._last, gray
        seen = self._fade(gray)
        if last is None:
            self._memory.begin(gray)
            return None, None
        back = link_between(gray, last, self._flow)
        pairs = looks(last, gray)
        if explains_nothing(back, pairs) and any(content_changes(*pair) for pair in pairs):
            self._memory.begin(gray)
            return None, None
        back = self._memory.held(gray, back)
        if seen < 1:
            back = back._replace(trust=back.trust * np.float32(seen))
        return back, link_between(last, gray, self._flow) if self._both_ways else None


class Cuts:
    """Tells which frames of a video begin a shot, as `Linker` does, without the motion of all the others."""

    def __init__(self) -> None:
        self._flow, self._changes = DenseFlow(), CutDetector()
        self._last: np.ndarray | None = None

    def __call__(self, gray: np.ndarray) -> bool:
        """Take the next frame, uint8 (h, w); tell whether it begins a shot. The first one is not told to."""
        last, self._last = self._last, gray
        changes = self._changes(gray)
        if last is None:
            return False
        pairs = looks(last, gray)
        changes = changes or any(content_changes(*pair) for pair in pairs[1:])
        return changes and explains_nothing(link_between(gray, last, self._flow), pairs)


def link_between(gray: np.ndarray, other: np.ndarray, flow: DenseFlow) -> Link:
    """Tie a frame to another one, uint8 (h, w)."""
    motion = flow(gray, other)
    return Link(motion, luma_agreement(gray, warp(other.astype(np.float32), motion)))  # floats are fetched faster


def explains_nothing(back: Link, pairs: list[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Tell whether a frame is so unlike the one before, carried along, that a change of content is a cut.

    Args:
        back: from the frame to the one before.
        pairs: the two, see `looks`.
    """
    if back.trust.mean() < CUT:
        return True
    return any(
        luma_agreement(own, warp(other.astype(np.float32), back.flow)).mean() < CUT for other, own in pairs[1:]
    )


def stretch_of(spread: float) -> float:
    """Factor, 1 to `MOST_STRETCHED`, that brings a spread of luma, of 255, to `CONTRAST`."""
    return max(1.0, CONTRAST / max(spread, CONTRAST / MOST_STRETCHED))


def looks(last: np.ndarray, gray: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give two frames, uint8 (h, w), as they are, and if they are dull, dark or faded, stretched alike too.

    What tells a cut are differences of luma that are large for a picture of usual contrast. Grain is not to be
    stretched with it, and is averaged away before.
    """
    if _mean_and_spread(np.concatenate([last, gray]))[1] >= CONTRAST:
        return [(last, gray)]
    smooth = [cv2.blur(each, SMOOTHING) for each in (last, gray)]
    mean, spread = _mean_and_spread(np.concatenate(smooth))
    gain = stretch_of(spread)
    # Not `convertScaleAbs`, which turns what is below black upside down.
    table = np.clip((np.arange(256) - mean) * gain + 128, 0, 255).astype(np.uint8)
    return [(last, gray), (cv2.LUT(smooth[0], table), cv2.LUT(smooth[1], table))]


def _mean_and_spread(gray: np.ndarray) -> tuple[float, float]:
    mean, spread = cv2.meanStdDev(gray)
    return float(mean[0, 0]), float(spread[0, 0])


def luma_agreement(gray: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Tell how well two pictures, uint8 or float32 (h, w) in [0, 255], agree, apart from their overall brightness.

    Returns:
        float32 (h, w): exp(-(d / `AGREEMENT`)^2), d the difference of luma averaged over `SMOOTHING`.
    """
    # OpenCV and in place: with NumPy and fresh arrays it takes twice as long.
    gain = lamp_gain(gray, carried)
    difference = cv2.scaleAdd(carried.astype(np.float32), -gain, gray.astype(np.float32))
    averaged = cv2.blur(np.abs(difference, out=difference), SMOOTHING)
    exponent = cv2.multiply(averaged, averaged, dst=averaged, scale=-1 / AGREEMENT**2)
    return cv2.exp(exponent, dst=exponent)


def lamp_gain(gray: np.ndarray, other: np.ndarray) -> float:
    """Factor on a picture's luma that makes it as bright as `gray`, as far as the lamp may be the reason."""
    own, others = cv2.mean(gray)[0], cv2.mean(other)[0]
    return min(max((own + 1) / (others + 1), 1 / MAX_GAIN), MAX_GAIN)


def flow_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which the colours of frames (H, W) are carried; the short side is at most `SIDE`."""
    return fit_short_side(shape, SIDE)


def small_gray(luma: np.ndarray) -> np.ndarray:
    """Shrink luma (H, W) float32 in [0, 1] to `flow_size`, as uint8."""
    return to_uint8(shrunk_in_steps(luma, flow_size(luma.shape)))
