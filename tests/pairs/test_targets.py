import numpy as np

from vidcolor_utils.pairs.targets import pack_targets


def test_targets_are_the_true_frames_then_the_mask_then_the_motion():
    true, mask, motion = np.full((2, 4, 4, 3), 0.5), np.ones((2, 4, 4, 1)), np.full((2, 4, 4, 3), -2.0)
    packed = pack_targets(true, mask=mask, motion=motion)
    assert packed.dtype == np.float32
    assert packed[1, 2, 3].tolist() == [0.5, 0.5, 0.5, 1, -2, -2, -2]
    assert [pack_targets(true, **more).shape[-1] for more in ({}, {"mask": mask}, {"motion": motion})] == [3, 4, 6]
