"""Folders of films, coloured by next to nothing, and what became of their files."""

import numpy as np


class Plain:
    """One colour, whatever the frame."""

    def predict_ab(self, lumas):
        return np.full((len(lumas), 12, 16, 2), 20, np.float32)

    def fingerprint(self):
        return {"plain": 20}


def states(results):
    return {result.name: result.state for result in results}
