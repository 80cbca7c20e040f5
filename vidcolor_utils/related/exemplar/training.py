"""Teaching a network when to take an exemplar's colours, and when not to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import keras
import numpy as np
from scipy.stats import spearmanr

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.pictures.color import luma_from_rgb, rgb_from_lab
from vidcolor_utils.pictures.metrics import psnr_ab
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.exemplar.model import build_small_color_network, match
from vidcolor_utils.related.learning import AB_SCALE, STRIDE, Watch, grid_values, scaled_lightness, unwatched
from vidcolor_utils.related.pointer.model import Pointer
from vidcolor_utils.related.ready import compile_ready

GAPS = (10, 50)  # frames between target and exemplar, least and most
WRONG_SHARE = 0.5  # of pairs whose exemplar is from another clip


class Known(NamedTuple):
    """What is computed once of a clip; T frames of S x S pixels, n points.

    Attributes:
        clip: name and Lab frames.
        base: ab (T, S, S, 2) of the network that sees no exemplar.
        features: (T, n, C) of the pointer, or other ones.
        points: ab (T, n, 2) at the points.
    """

    clip: SmallClip
    base: np.ndarray
    features: np.ndarray
    points: np.ndarray


class ExemplarConfig(NamedTuple):
    """How the colour network is trained.

    Attributes:
        steps, batch, learning_rate, seed: of Adam and the draws.
        backward: False puts the forward likeness in place of the backward one, for the ablation: as if every match
            were mutual.
    """

    steps: int = 600
    batch: int = 8
    learning_rate: float = 1e-3
    seed: int = 0
    backward: bool = True


def know(clips: Sequence[SmallClip], colorizer: Colorizer, pointer: Pointer) -> list[Known]:
    """Compute base colours and features of clips."""
    return [
        Known(clip, base_colors(clip, colorizer), pointer.features(clip.lab), grid_values(clip.lab))
        for clip in clips
    ]


def described(known: Sequence[Known], pointer: Pointer) -> list[Known]:
    """The same clips with the features of another pointer."""
    return [each._replace(features=pointer.features(each.clip.lab)) for each in known]


def base_colors(clip: SmallClip, colorizer: Colorizer) -> np.ndarray:
    """The ab (T, S, S, 2) that a colorizer gives a clip's gray frames."""
    side, frames = clip.lab.shape[1], []
    gray = np.zeros_like(clip.lab)
    gray[..., 0] = clip.lab[..., 0]
    for start in range(0, len(gray), 16):
        lumas = [luma_from_rgb(rgb_from_lab(frame)) for frame in gray[start : start + 16]]
        frames += [cv2.resize(ab, (side, side)) for ab in colorizer.predict_ab(lumas)]
    return np.stack(frames)


class Pair(NamedTuple):
    """A target frame and its exemplar: clips and numbers of frames."""

    target: Known
    frame: int
    source: Known
    exemplar: int


def network_inputs(pairs: Sequence[Pair], *, backward: bool = True) -> np.ndarray:
    """The small network's input (B, S, S, 7) for pairs of one size, scaled; `backward` as in `ExemplarConfig`."""
    side = pairs[0].target.clip.lab.shape[1]
    warped, forth, back = match(
        np.stack([pair.target.features[pair.frame] for pair in pairs]),
        np.stack([pair.source.features[pair.exemplar] for pair in pairs]),
        np.stack([pair.source.points[pair.exemplar] for pair in pairs]),
    )
    back = back if backward else forth
    maps = np.concatenate([warped / AB_SCALE, forth[..., None], back[..., None]], axis=-1)
    grid = side // STRIDE
    large = [cv2.resize(each.reshape(grid, grid, 4), (side, side)) for each in maps]
    rows = []
    for pair, each in zip(pairs, large, strict=True):
        lightness = scaled_lightness(pair.target.clip.lab[pair.frame])
        rows.append(np.concatenate([lightness, each, pair.target.base[pair.frame] / AB_SCALE], axis=-1))
    return np.stack(rows).astype(np.float32)


def train_exemplar(
    known: Sequence[Known], config: ExemplarConfig, *, say: Watch = unwatched
) -> tuple[keras.Model, list[float]]:
    """Train the small network: towards the truth with exemplars of the same clip, towards its base with others.

    Returns:
        The network, see `build_small_color_network`, and the loss of each step.

    Raises:
        ValueError: if no clip is long enough, or there is only one.
    """
    keras.utils.set_random_seed(config.seed)
    model = build_small_color_network(side=known[0].clip.lab.shape[1])
    compile_ready(model, keras.optimizers.Adam(config.learning_rate), loss="mean_absolute_error")
    rng, history = np.random.default_rng(config.seed), []
    for step in range(config.steps):
        drawn = [draw_pair(known, rng, wrong=rng.random() < WRONG_SHARE) for _ in range(config.batch)]
        history.append(
            float(model.train_on_batch(network_inputs(drawn, backward=config.backward), targets(drawn)))
        )
        say(step, history[-1])
    return model, history


def targets(pairs: Sequence[Pair]) -> np.ndarray:
    """Scaled ab (B, S, S, 2) that is asked for: the truth, or where the exemplar is of another clip the base."""
    wanted = [
        pair.target.clip.lab[pair.frame, ..., 1:] if pair.target is pair.source else pair.target.base[pair.frame]
        for pair in pairs
    ]
    return np.stack(wanted) / AB_SCALE


def draw_pair(known: Sequence[Known], rng: np.random.Generator, *, wrong: bool) -> Pair:
    """Draw a target and an exemplar, `GAPS` frames apart in one clip, or of another clip if `wrong`.

    Raises:
        ValueError: if there are no clips so long, or there is only one, and `wrong`.
    """
    long_enough = [each for each in known if len(each.base) > GAPS[0]]
    if not long_enough or (wrong and len(known) < 2):
        raise ValueError(f"needs clips longer than {GAPS[0]} frames, and another one for wrong exemplars")
    target = long_enough[rng.integers(len(long_enough))]
    frame = int(rng.integers(len(target.base)))
    if wrong:
        others = [each for each in known if each is not target]
        source = others[rng.integers(len(others))]
        return Pair(target, frame, source, int(rng.integers(len(source.base))))
    places = [t for t in range(len(target.base)) if GAPS[0] <= abs(t - frame) <= GAPS[1]]
    if not places:  # in the middle of a short clip no frame is far enough away
        frame = int(rng.choice([0, len(target.base) - 1]))
        places = [t for t in range(len(target.base)) if GAPS[0] <= abs(t - frame) <= GAPS[1]]
    return Pair(target, frame, target, int(rng.choice(places)))


def held_out_pairs(known: Sequence[Known], gap: int, *, wrong: bool = False, count: int = 8) -> list[Pair]:
    """Pairs of each clip `gap` frames apart, evenly spread, the later one the target; or with another clip.

    Args:
        known: the clips; shorter ones have no pair.
        gap: frames between target and exemplar.
        wrong: take the exemplar from the next clip.
        count: most pairs of a clip.

    Raises:
        ValueError: if exemplars should be wrong and there is no other clip.
    """
    if wrong and len(known) < 2:
        raise ValueError(f"a wrong exemplar needs another clip. Received: {len(known)} clips")
    pairs = []
    for number, each in enumerate(known):
        last = len(each.base) - gap
        other = known[(number + 1) % len(known)] if wrong else each
        for first in evenly(last, count) if last > 0 else ():
            pairs.append(Pair(each, int(first) + gap, other, int(first) % len(other.base)))
    return pairs


def colored(network: keras.Model, pairs: Sequence[Pair], *, backward: bool = True) -> np.ndarray:
    """What the network makes of pairs: ab (B, S, S, 2) in Lab units."""
    made = [
        network.predict_on_batch(network_inputs(pairs[start : start + 16], backward=backward))
        for start in range(0, len(pairs), 16)
    ]
    return np.concatenate(made) * AB_SCALE


def brought_over(pairs: Sequence[Pair]) -> np.ndarray:
    """The exemplars' colours where their like is in the targets, as they are: ab (B, S, S, 2) in Lab units."""
    made = [network_inputs(pairs[start : start + 16])[..., 1:3] for start in range(0, len(pairs), 16)]
    return np.concatenate(made) * AB_SCALE


def mean_psnr(pairs: Sequence[Pair], made: Iterable[np.ndarray]) -> float:
    """Mean over clips of the mean PSNR of ab over their pairs, dB."""
    scores: dict[str, list[float]] = {}
    for pair, ab in zip(pairs, made, strict=True):
        true = pair.target.clip.lab[pair.frame, ..., 1:]
        scores.setdefault(pair.target.clip.name, []).append(psnr_ab(true, ab))
    return float(np.mean([np.mean(each) for each in scores.values()]))


class Calibration(NamedTuple):
    """Error of the exemplar's colours by likeness: middles of bins, mean distances in ab, and Spearman's rho."""

    likeness: np.ndarray
    error: np.ndarray
    rank_correlation: float


def calibration(pairs: Sequence[Pair], *, bins: int = 10) -> Calibration:
    """Sort points by their forward likeness into bins of equal count, and take the mean error of each."""
    likeness, errors = [], []
    for pair in pairs:
        warped, forth, _ = match(
            pair.target.features[[pair.frame]],
            pair.source.features[[pair.exemplar]],
            pair.source.points[[pair.exemplar]],
        )
        likeness.append(forth[0])
        errors.append(np.linalg.norm(warped[0] - pair.target.points[pair.frame], axis=-1))
    order = np.argsort(np.concatenate(likeness))
    middle, error = (
        np.array([part.mean() for part in np.array_split(np.concatenate(values)[order], bins)])
        for values in (likeness, errors)
    )
    return Calibration(middle, error, float(spearmanr(middle, error).statistic))
