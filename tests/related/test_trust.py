"""The mean of a new estimate and the last one."""

import numpy as np
from keras import ops

from vidcolor_utils.related.feedback.colornn import mixed_by_trust


def test_zeros_are_no_previous_estimate_and_are_not_trusted():
    new, previous = (np.full((2, 4, 4, 2), value, np.float32) for value in (2, 6))
    previous[1] = 0
    trust = np.full((2, 4, 4, 1), 0.25, np.float32)
    mixed = ops.convert_to_numpy(mixed_by_trust([ops.convert_to_tensor(each) for each in (new, previous, trust)]))
    assert np.all(mixed[0] == 3) and np.all(mixed[1] == 2)
