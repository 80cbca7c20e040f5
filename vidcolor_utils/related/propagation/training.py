"""Teaching the matrix that carries colours to keep their energy, and measuring what becomes of them hop by hop."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from vidcolor_utils.pictures.metrics import psnr_ab
from vidcolor_utils.related import affinity
from vidcolor_utils.related.clips import DrawnPairs, SmallClip, block_means
from vidcolor_utils.related.learning import GAPS, STRIDE, Watch, grid_ab, grid_values, scaled_lightness, unwatched
from vidcolor_utils.related.pointer.model import Pointer, Pointing, build_pointer
from vidcolor_utils.related.ready import compile_ready
from vidcolor_utils.related.rows import carried as carried_by_motion
from vidcolor_utils.related.rows import energy, held

PROBES = 8  # random vectors of the round trip


class PropagationConfig(NamedTuple):
    """How a propagator is trained: always to carry ab forwards, and with three further terms.

    Attributes:
        switched: weight of carrying the target's ab back by the transposed matrix.
        round_trip: weight of mean((A' A c - c)^2), c the source's ab.
        probes: weight of the same with random vectors, which asks for an orthogonal matrix directly.
        steps, batch, learning_rate, width, seed: as for `pointer.training.PointerConfig`.
    """

    switched: float = 0.0
    round_trip: float = 0.0
    probes: float = 0.0
    steps: int = 250
    batch: int = 16
    learning_rate: float = 1e-3
    width: int = 48
    seed: int = 0


def train_propagator(
    clips: Sequence[SmallClip], config: PropagationConfig, *, say: Watch = unwatched
) -> tuple[keras.Model, list[float]]:
    """Train a network whose features make the matrix; returns it, see `build_pointer`, and each step's loss."""
    keras.utils.set_random_seed(config.seed)
    network = build_pointer(side=clips[0].lab.shape[1], width=config.width)
    model = _trained_model(network)
    compile_ready(
        model,
        keras.optimizers.Adam(config.learning_rate),
        loss=["mean_absolute_error", "mean_absolute_error", "mean_squared_error", "mean_squared_error"],
        loss_weights=[1.0, config.switched, config.round_trip, config.probes],
    )
    pairs = DrawnPairs(clips, gaps=GAPS, batch=config.batch, seed=config.seed)
    rng = np.random.default_rng(config.seed)
    history = []
    for step in range(config.steps):
        source, target = pairs.draw()
        there, here = grid_ab(source), grid_ab(target)
        probes = rng.standard_normal((len(there), there.shape[1], PROBES)).astype(np.float32)
        inputs = [scaled_lightness(target), scaled_lightness(source), there, here, probes]
        losses = model.train_on_batch(inputs, [here, there, there, probes], return_dict=True)
        history.append(float(losses["loss"]))
        say(step, history[-1])
    return network, history


def _trained_model(network: keras.Model) -> keras.Model:
    """From gray target, gray source, both ab and probes to ab forwards, ab back, round trips of ab and probes."""
    points = network.output_shape[1] * network.output_shape[2]
    target, source = (keras.Input(network.input_shape[1:]) for _ in range(2))
    there, here, probes = keras.Input((points, 2)), keras.Input((points, 2)), keras.Input((points, PROBES))
    weights = Pointing()(network(target), network(source))
    forth = layers.Lambda(lambda pair: affinity.transport(*pair), name="forth")
    back = layers.Lambda(lambda pair: affinity.transport_back(*pair), name="back")
    outputs = [forth([weights, there]), back([weights, here])]
    outputs += [back([weights, forth([weights, values])]) for values in (there, probes)]
    return keras.Model([target, source, there, here, probes], outputs)


class Hops(NamedTuple):
    """What became of the first frame's colours, carried on from frame to frame; (n,) for 1 to n hops.

    Attributes:
        energy: sum of squared ab over that of the true frame.
        psnr_ab: dB.
    """

    energy: np.ndarray
    psnr_ab: np.ndarray


def chain(pointer: Pointer, clip: SmallClip, *, hops: int = 15) -> np.ndarray:
    """Carry the first frame's ab on, frame by frame: (hops + 1, n, 2), n the points."""
    features = pointer.features(clip.lab[: hops + 1])
    made = [grid_values(clip.lab[:1])[0]]
    for before, now in pairwise(features):
        made.append(pointer.weights(now, before) @ made[-1])
    return np.stack(made)


def score_chain(made: np.ndarray, clip: SmallClip) -> Hops:
    """Score colours (hops + 1, n, 2) that began as the clip's first."""
    true = grid_values(clip.lab[: len(made)])
    ratios = [energy(now) / energy(then) for now, then in zip(made[1:], true[1:], strict=True)]
    return Hops(np.array(ratios), np.array([psnr_ab(*pair) for pair in zip(true[1:], made[1:], strict=True)]))


def mean_hops(pointer: Pointer | str, clips: Sequence[SmallClip], *, hops: int = 15) -> Hops:
    """Mean over clips of what becomes of the colours.

    Args:
        pointer: what carries them; or "hold", or "motion" (DIS, chained).
        clips: those shorter than `hops` + 1 frames are left out.
        hops: number of steps.
    """
    results = []
    for clip in clips:
        if len(clip.lab) > hops:
            start = SmallClip(clip.name, clip.lab[: hops + 1])
            made = chain(pointer, start, hops=hops) if isinstance(pointer, Pointer) else _control(pointer, start)
            results.append(score_chain(made, start))
    return Hops(*(np.mean(values, axis=0) for values in zip(*results, strict=True)))


def _control(name: str, clip: SmallClip) -> np.ndarray:
    ab = held(clip) if name == "hold" else carried_by_motion(clip)
    return block_means(ab, STRIDE).reshape(len(ab), -1, 2)


def mean_gap(pointer: Pointer, clips: Sequence[SmallClip], *, apart: int = 1) -> float:
    """Mean over clips of `affinity.orthogonality_gap` between the first frame and the one `apart` later."""
    gaps = []
    for clip in clips:
        features = pointer.features(clip.lab[[0, apart]])
        weights = ops.convert_to_tensor(pointer.weights(features[1], features[0])[None])
        gaps.append(float(affinity.orthogonality_gap(weights)[0]))
    return float(np.mean(gaps))


def between_keys(pointer: Pointer, clip: SmallClip, first: int, last: int, *, direct: bool = True) -> np.ndarray:
    """Fill the frames between two coloured key frames from both, the nearer one counting more.

    Args:
        pointer: what carries the colours.
        clip: its frames `first` and `last` are the keys.
        first, last: numbers of the keys.
        direct: carry from the keys straight to each frame; else on from frame to frame.

    Returns:
        ab (last - first + 1, n, 2) on the grid, the keys' own at both ends.
    """
    lab = clip.lab[first : last + 1]
    features, ab = pointer.features(lab), grid_values(lab)
    sides = [_from_key(pointer, features, ab[0], direct), _from_key(pointer, features[::-1], ab[-1], direct)[::-1]]
    share = np.linspace(0, 1, len(lab))[:, None, None]
    return (1 - share) * sides[0] + share * sides[1]


def _from_key(pointer: Pointer, features: np.ndarray, ab: np.ndarray, direct: bool) -> np.ndarray:
    made = [ab]
    for t in range(1, len(features)):
        source = 0 if direct else t - 1
        made.append(pointer.weights(features[t], features[source]) @ made[source])
    return np.stack(made)
