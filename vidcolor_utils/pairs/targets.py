"""What a loss compares the network's frames with: true RGB, and behind it, if asked for, a mask and the motion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RGB_CHANNELS = 3
MASK_CHANNELS = 1
MOTION_CHANNELS = 3  # flow x, flow y, visibility


class TargetLayout(NamedTuple):
    """What targets hold behind the true RGB, in this order."""

    mask: bool = False
    motion: bool = False

    @property
    def channels(self) -> int:
        """Channels of such targets."""
        return self._motion_start + self.motion * MOTION_CHANNELS

    def taken_apart(self, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Undo `pack_targets`: true RGB, mask and motion, None for what there is not.

        Args:
            targets: (B, H, W, `channels`), an array or a tensor.
        """
        start = self._motion_start
        return (
            targets[..., :RGB_CHANNELS],
            targets[..., RGB_CHANNELS:start] if self.mask else None,
            targets[..., start : start + MOTION_CHANNELS] if self.motion else None,
        )

    @property
    def _motion_start(self) -> int:
        return RGB_CHANNELS + self.mask * MASK_CHANNELS


RGB_ALONE = TargetLayout()


def pack_targets(
    true_rgb: np.ndarray, *, mask: np.ndarray | None = None, motion: np.ndarray | None = None
) -> np.ndarray:
    """Put what a loss needs into one array.

    Args:
        true_rgb: (B, H, W, 3) float.
        mask: (B, H, W, 1), 1 where the picture is, 0 on black bars; for `masked` losses.
        motion: (B, H, W, 3), for `motion_compensated` losses: where a pixel was in the previous frame, as
            x and y offset in pixels, and 1 if it was visible there, else 0.

    Returns:
        (B, H, W, C) float32, C = 3, 4, 6 or 7; `TargetLayout.taken_apart` undoes it.
    """
    parts = [part for part in (true_rgb, mask, motion) if part is not None]
    return np.concatenate(parts, axis=-1, dtype=np.float32)
