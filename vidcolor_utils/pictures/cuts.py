"""Scene cuts, found frame by frame from gray alone."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

THRESHOLD = 27.0  # mean change of luma, of 255: PySceneDetect's own default
STEP = 2  # of the pixels that the mean is taken over, across and down
RATE = 25.0  # frames per second, for its time codes; only the order of frames matters


def content_changes(last: np.ndarray, gray: np.ndarray) -> bool:
    """Tell what `CutDetector` does of the second of two frames, uint8 (H, W), without looking at all before."""
    changes = CutDetector()
    changes(last)
    return changes(gray)


class CutDetector:
    """Tells the frames that may begin a shot, with PySceneDetect's content detector on a fourth of luma alone.

    Its filter against short shots is off: it would tell of a cut only frames later.

    Args:
        threshold: mean absolute change of luma, of 255, from which a frame belongs to another shot.
    """

    def __init__(self, threshold: float = THRESHOLD):
        # Here, as it brings 5 MB that most shots do without.
        from scenedetect.common import FrameTimecode
        from scenedetect.detectors import ContentDetector

        self._time_of = partial(FrameTimecode, fps=RATE)
        self._detector = ContentDetector(threshold=threshold, min_scene_len=0, luma_only=True)
        self._index = 0

    def __call__(self, gray: np.ndarray) -> bool:
        """Take the next frame, uint8 (H, W); tell whether its content changes. The first frame's does not."""
        sample = cv2.cvtColor(gray[::STEP, ::STEP], cv2.COLOR_GRAY2BGR)
        cuts = self._detector.process_frame(self._time_of(self._index), sample)
        self._index += 1
        return bool(cuts)
