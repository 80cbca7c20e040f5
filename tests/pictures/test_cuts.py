import subprocess
import sys
from itertools import pairwise

import numpy as np

from vidcolor_utils.pictures.cuts import CutDetector, content_changes


def test_only_the_first_frame_of_another_content_is_told():
    rng = np.random.default_rng(0)
    shots = [rng.integers(0, 256, (60, 80)).astype(np.uint8) for _ in range(3)]
    detector = CutDetector()
    found = [detector(shot) for shot in shots for _ in range(3)]  # shots of 3 frames are told too, and at once
    assert found == [False, False, False, True, False, False, True, False, False]


def test_the_threshold_is_a_mean_change_of_luma():
    """By hand: all pixels change by 26, then by 28."""
    detector = CutDetector()
    frames = [np.full((10, 10), value, np.uint8) for value in (100, 126, 154)]
    assert [detector(frame) for frame in frames] == [False, False, True]
    assert [content_changes(*pair) for pair in pairwise(frames)] == [False, True]


def test_the_detector_brings_no_logging_and_no_video_reader():
    code = """
import logging, sys
import vidcolor_utils.pictures.cuts
print([logging.getLogger(name).handlers for name in ("pyscenedetect", None)], "moviepy" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[[], []] False\n" and result.stderr == ""
