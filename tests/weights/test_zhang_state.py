import numpy as np
import pytest

from tests.helpers.zhang import random_state
from vidcolor_utils.weights.zhang_state import check_zhang_state


@pytest.fixture(scope="module")
def state():
    return random_state()


def test_state_may_hold_counters(state):
    check_zhang_state(state | {"model1.4.num_batches_tracked": np.array(3)})
