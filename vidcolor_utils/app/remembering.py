"""A colorizer that is asked once for each picture: a preview whose colours only get stronger answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, as_predicted, looking_closely
from vidcolor_utils.colorizers.frame import FrameColorizer


class RememberingColorizer:
    """Remembers what another colorizer predicted.

    Args:
        colorizer: the other one.
    """

    def __init__(self, colorizer: Colorizer):
        self._colorizer = colorizer
        self._known: dict[bytes, np.ndarray] = {}

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Predict chroma as `Colorizer.predict_ab` does."""
        return np.stack([self._ab(luma) for luma in lumas])

    def _ab(self, luma: np.ndarray) -> np.ndarray:
        key = sha256(f"{luma.shape}".encode() + luma.tobytes()).digest()
        if key not in self._known:
            (self._known[key],) = self._colorizer.predict_ab([luma])
        return self._known[key]


class Looks:
    """How a page looks at films and pictures; what it needs for that is loaded when it is first needed.

    Args:
        colorizer: predicts the chroma; if not given, the network that ships.
    """

    def __init__(self, colorizer: Colorizer | None = None):
        self._colorizer = colorizer

    @cached_property
    def film(self) -> Colorizer:
        """For the frames of a film."""
        return self._colorizer or FrameColorizer()

    @cached_property
    def quick(self) -> Colorizer:
        """For single frames, as for those of a film."""
        return RememberingColorizer(self.film)

    @cached_property
    def close(self) -> Colorizer:
        """For photographs, as long as they deserve."""
        return RememberingColorizer(looking_closely(as_predicted(self.film)))

    @cached_property
    def moments(self) -> Colorizer:
        """For single frames of a film, looked at as long as photographs."""
        return RememberingColorizer(looking_closely(self.film))

    def forget(self) -> None:
        """Forget the frames that were looked at."""
        for name in ("quick", "close", "moments"):
            vars(self).pop(name, None)
