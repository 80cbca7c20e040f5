import cv2
import numpy as np

from records.related.exemplar import bases, carried
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.exemplar.training import Known, held_out_pairs, mean_psnr


def drifting(frames: int, side: int) -> SmallClip:
    """Smooth noise in many colours that moves by a pixel a frame."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.standard_normal((side, side + frames, 3)).astype(np.float32), (0, 0), 4)
    world = np.float32((50, 0, 0)) + noise / noise.std(axis=(0, 1)) * np.float32((15, 15, 15))
    return SmallClip("drifting", np.stack([world[:, t : t + side] for t in range(frames)]))


def test_a_key_frame_carried_along_the_clip_is_worth_more_than_no_exemplar():
    clip = drifting(16, 64)
    gray = np.zeros_like(clip.lab[..., 1:])
    pairs = held_out_pairs([Known(clip, gray, gray[:, 0], gray[:, 0])], 10, count=2)
    assert len(pairs) == 2
    assert mean_psnr(pairs, carried(pairs)) > mean_psnr(pairs, bases(pairs)) + 6
