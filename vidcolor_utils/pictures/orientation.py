"""How stored pictures are turned and mirrored to be shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Orientation(NamedTuple):
    """What makes a stored picture stand upright: it is turned first, then mirrored."""

    rotation: int = 0  # degrees counter-clockwise, a multiple of 90
    mirrored: bool = False  # left becomes right

    @property
    def is_turned(self) -> bool:
        """Whether width and height change places."""
        return self.rotation % 180 != 0

    def upright(self, array: np.ndarray) -> np.ndarray:
        """Bring an array (H, W, ...) from how it is stored to how it is shown."""
        turned = np.rot90(array, self.rotation // 90)
        return self._copied(turned[:, ::-1] if self.mirrored else turned, array)

    def stored(self, array: np.ndarray) -> np.ndarray:
        """Bring an array (H, W, ...) from how it is shown to how it is stored."""
        turned = array[:, ::-1] if self.mirrored else array
        return self._copied(np.rot90(turned, -self.rotation // 90), array)

    def _copied(self, changed: np.ndarray, original: np.ndarray) -> np.ndarray:
        is_plain = self.rotation % 360 == 0 and not self.mirrored
        return original if is_plain else np.ascontiguousarray(changed)


UPRIGHT = Orientation()
