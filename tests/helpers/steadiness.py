"""How unsteady colours are."""

import numpy as np

from vidcolor_utils.colorizers.links import small_gray
from vidcolor_utils.pictures.flow import DenseFlow, warp
from vidcolor_utils.pictures.metrics import chroma_warp_error


def unsteadiness(lumas, abs_):
    """Mean chroma warp error along the flow of the unchanged luma."""
    flow_of, grays = DenseFlow(), [small_gray(luma) for luma in lumas]
    visible = np.zeros(grays[0].shape, bool)
    errors = []
    for t in range(1, len(grays)):
        flow = flow_of(grays[t - 1], grays[t])
        errors.append(chroma_warp_error(abs_[t - 1], warp(np.ascontiguousarray(abs_[t]), flow), visible))
    return np.mean(errors)
