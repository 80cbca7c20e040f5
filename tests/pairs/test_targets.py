import numpy as np
import pytest

from vidcolor_utils.pairs.targets import TargetLayout, pack_targets


def test_targets_are_the_true_frames_then_the_mask_then_the_motion():
    true, mask, motion = np.full((2, 4, 4, 3), 0.5), np.ones((2, 4, 4, 1)), np.full((2, 4, 4, 3), -2.0)
    packed = pack_targets(true, mask=mask, motion=motion)
    assert packed.dtype == np.float32
    assert packed[1, 2, 3].tolist() == [0.5, 0.5, 0.5, 1, -2, -2, -2]
    assert [pack_targets(true, **more).shape[-1] for more in ({}, {"mask": mask}, {"motion": motion})] == [3, 4, 6]


@pytest.mark.parametrize("layout", [TargetLayout(*has) for has in ((0, 0), (1, 0), (0, 1), (1, 1))])
def test_what_was_packed_is_taken_apart_again(layout):
    true, mask, motion = (np.full((2, 4, 4, channels), value) for channels, value in ((3, 5), (1, 6), (3, 7)))
    parts = (true, mask if layout.mask else None, motion if layout.motion else None)
    packed = pack_targets(parts[0], mask=parts[1], motion=parts[2])
    assert packed.shape[-1] == layout.channels
    for part, found in zip(parts, layout.taken_apart(packed), strict=True):
        assert found is None if part is None else np.array_equal(found, part)
