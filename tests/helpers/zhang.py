"""Weights for the network of Zhang et al."""

import numpy as np

from vidcolor_utils.weights.zhang_state import zhang_state_shapes


def random_state():
    """Weights of the release's shapes that keep the size of what flows through."""
    rng, state = np.random.default_rng(0), {}
    for key, shape in zhang_state_shapes().items():
        if len(shape) == 4:
            fan_in = np.prod(shape) / shape[1 if key.startswith("model8.0") else 0]
            state[key] = rng.normal(0, np.sqrt(2 / fan_in), shape)
        elif key.endswith("running_var"):
            state[key] = rng.uniform(0.5, 2, shape)
        else:
            state[key] = rng.normal(float(key.endswith(".weight")), 0.1, shape)
    state["model_out.weight"] = rng.uniform(-1, 1, state["model_out.weight"].shape)
    return {key: array.astype(np.float32) for key, array in state.items()}
