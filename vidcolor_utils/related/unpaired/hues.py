"""What comes back of a hue when coloured clips are stripped and painted again, beside the hues of other clips."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keras import ops

from vidcolor_utils.related.unpaired.training import Trained


class HueGaps(NamedTuple):
    """Mean distances of the hues that come back, degrees, 0 to 180; lower is nearer.

    Attributes:
        own: from the hue of the clip that was stripped.
        others: from those of all other clips, the control: a hue no nearer to its own clip than to the rest
            tells nothing of it. About 90 where hues are drawn evenly.
    """

    own: float
    others: float


class RoundTrip(NamedTuple):
    """Mean colours of N clips on the way there and back, each over the digit in all frames, in [0, 1].

    Attributes:
        before: RGB (N, 3) of the coloured clips b.
        gray: (N,), of F(b).
        after: RGB (N, 3) of G(F(b)).
    """

    before: np.ndarray
    gray: np.ndarray
    after: np.ndarray

    @property
    def explained(self) -> float:
        """Share of the variance of `gray` over clips that red, green and blue of `before` explain, 0 to 1."""
        design = np.column_stack([np.ones(len(self.before)), self.before - self.before.mean(axis=0)])
        residual = self.gray - design @ np.linalg.lstsq(design, self.gray, rcond=None)[0]
        return float(1 - np.square(residual).sum() / np.square(self.gray - self.gray.mean()).sum())

    @property
    def gaps(self) -> HueGaps:
        """How far the hues of `after` are from those of `before`, and from those of the other clips."""
        apart = np.abs((hues(self.after)[:, None] - hues(self.before) + 180) % 360 - 180)
        own = np.eye(len(apart), dtype=bool)
        return HueGaps(float(apart[own].mean()), float(apart[~own].mean()))


def hues(colors: np.ndarray) -> np.ndarray:
    """Place of each colour (N, 3) on the wheel: (N,) in degrees, red 0, green 120, blue -120."""
    red, green, blue = np.asarray(colors, float).T
    return np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))


def there_and_back(pair: Trained, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strip coloured clips (N, T, S, S, 3) in [-1, 1], and paint what is left.

    Returns:
        F(b) (N, T, S, S, 1) and G(F(b)), shaped as the clips.
    """
    stripped = pair.strip(clips, training=False)  # `predict` would compile once more for this number of clips
    painted = pair.paint(stripped, training=False)
    return np.array(ops.convert_to_numpy(stripped)), np.array(ops.convert_to_numpy(painted))


def round_trip(clips: np.ndarray, stripped: np.ndarray, painted: np.ndarray) -> RoundTrip:
    """Take the mean colours of coloured clips and of what `there_and_back` made of them."""
    inside = clips.max(axis=-1) > 0  # half of full brightness: the edge of the digit is left out
    before, gray, after = (
        np.array([(clip[where].mean(axis=0) + 1) / 2 for clip, where in zip(each, inside, strict=True)])
        for each in (clips, stripped, painted)
    )
    return RoundTrip(before, gray[:, 0], after)
