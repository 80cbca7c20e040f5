"""Scene cuts, found frame by frame from gray alone."""

from __future__ import annotations

import cv2
import numpy as np
from scenedetect.common import FrameTimecode
from scenedetect.detectors import ContentDetector

THRESHOLD = 27.0  # mean change of luma, of 255: PySceneDetect's own default
RATE = 25  # PySceneDetect counts in time; only the order of frames matters here


class CutDetector:
    """Tells the first frame of each shot, with PySceneDetect's content detector on luma alone.

    Its filter against short shots is off: it would tell of a cut only frames later.

    Args:
        threshold: mean absolute change of luma, of 255, from which a frame belongs to another shot.
    """

    def __init__(self, threshold: float = THRESHOLD):
        self._detector = ContentDetector(threshold=threshold, min_scene_len=0, luma_only=True)
        self._index = 0

    def __call__(self, gray: np.ndarray) -> bool:
        """Take the next frame, uint8 (H, W); tell whether a cut lies before it. The first frame is no cut."""
        cuts = self._detector.process_frame(
            FrameTimecode(self._index, fps=RATE), cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        )
        self._index += 1
        return bool(cuts)
