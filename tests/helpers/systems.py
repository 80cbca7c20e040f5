"""What must hold of every cited system: a tiny training lowers its loss, and the seed decides everything."""

from __future__ import annotations

import numpy as np

from tests.helpers.eager import without_graphs
from vidcolor_utils.related.clips import SmallClip


def sliding_clips(count: int = 3, frames: int = 14, side: int = 16) -> list[SmallClip]:
    """Clips of smooth noise in two colours, sliding sideways by a pixel a frame; bright is warm, dark is cold."""
    clips = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        waves = rng.uniform(0.2, 0.6, (3, 2))
        y, x = np.mgrid[:side, : side + frames]
        world = sum(np.sin(a * x + b * y + 6 * a) for a, b in waves) / 3
        lab = np.stack([50 + 40 * world, 30 * world, 20 + 25 * world], axis=-1).astype(np.float32)
        clips.append(SmallClip(f"sliding-{seed}", np.stack([lab[:, t : t + side] for t in range(frames)])))
    return clips


class SystemTests:
    """Inherit, and say in `train` how to train the system for some steps with a seed."""

    steps = 12

    def train(self, seed: int, steps: int) -> tuple[list[np.ndarray], list[float]]:
        """Weights of what is trained, and the loss of each step."""
        raise NotImplementedError

    def test_training_lowers_the_loss(self):
        with without_graphs():
            _, losses = self.train(0, self.steps)
        assert len(losses) >= self.steps and np.isfinite(losses).all()
        assert np.mean(losses[-3:]) < 0.95 * np.mean(losses[:3])

    def test_the_seed_decides_the_weights(self):
        with without_graphs():
            first, again, other = (self.train(seed, 1)[0] for seed in (1, 1, 2))
        assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(first, again, strict=True))
        assert any(not np.allclose(a, b, atol=1e-3) for a, b in zip(first, other, strict=True))
